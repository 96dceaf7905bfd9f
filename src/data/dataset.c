#include "data/dataset.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Whole chunks of the file stay together, so that each is read and unpacked by one rank, and whole
 * groups of rows, so that their sums do not depend on the ranks. */
static dt_split share_rows(const dt_source_facts *facts, int size)
{
    int64_t granule = facts->chunk_rows; /* to be the least common multiple of both */
    while (granule % DT_GROUP_ROWS != 0)
        granule *= 2;
    return (dt_split){.n = facts->rows, .granule = granule, .parts = size};
}

static dt_code check_memory(const dt_dataset *d, const dt_world *world, const char *path,
                            dt_error *err)
{
    double need = (double)d->count * (double)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d));
    double have = (double)dt_memory_of_node() / world->node_size;
    char text[2][16];
    if (need <= have * 0.9)
        return DT_OK;
    return dt_fail(err, DT_ERR_MEMORY,
                   "%s: the data do not fit into memory: a rank's share is %s and its part of the "
                   "node %s; use more nodes",
                   path, dt_format_bytes(need, text[0]), dt_format_bytes(have, text[1]));
}

/* In pieces of a few megabytes of whole chunks: what was read is still in the cache when it is
 * checked. */
static dt_code read_x(dt_dataset *d, dt_source *source, dt_error *err)
{
    int64_t row_bytes = dt_dataset_x_bytes(d), granule = d->split.granule;
    int64_t piece = (((int64_t)4 << 20) / row_bytes / granule + 1) * granule;
    for (int64_t i = 0; i < d->count && !err->code; i += piece)
        dt_source_read_x(source, d->begin + i, d->count - i < piece ? d->count - i : piece,
                         (char *)d->x + i * row_bytes, err);
    return err->code;
}

static dt_code read_shard(dt_dataset *d, const dt_world *world, dt_source *source, dt_error *err)
{
    if (check_memory(d, world, dt_source_look(source)->path, err))
        return err->code;
    d->x = dt_alloc(d->count, (size_t)dt_dataset_x_bytes(d), "the shard of x", err);
    d->y = dt_alloc(d->count, (size_t)dt_dataset_y_bytes(d), "the shard of y", err);
    if (err->code || read_x(d, source, err))
        return err->code;
    if (d->kind == DT_Y_LABELS)
        return dt_source_read_labels(source, d->begin, d->count, d->y, err);
    return dt_source_read_targets(source, d->begin, d->count, d->y, err);
}

static int64_t largest_label(const dt_dataset *d)
{
    int64_t largest = 0;
    for (int64_t i = 0; i < d->count; i++) {
        int32_t label = ((const int32_t *)d->y)[i];
        largest = label > largest ? label : largest;
    }
    return largest;
}

dt_code dt_dataset_load(dt_dataset *d, const dt_world *world, dt_source *source, dt_y_kind kind,
                        dt_error *err)
{
    const dt_source_facts *facts = dt_source_look(source);
    memset(d, 0, sizeof *d);
    d->rows = facts->rows;
    d->features = facts->features;
    d->outputs = facts->y_width;
    d->kind = kind;
    d->x_is_bytes = facts->x_is_bytes;
    d->split = share_rows(facts, world->size);
    d->begin = dt_split_begin(&d->split, world->rank);
    d->count = dt_split_count(&d->split, world->rank);
    read_shard(d, world, source, err);
    if (dt_world_agree(world, err)) {
        dt_dataset_free(d);
        return err->code;
    }
    if (kind == DT_Y_LABELS) {
        d->outputs = largest_label(d) + 1;
        dt_max_int64(world, &d->outputs, 1);
    }
    return DT_OK;
}

dt_code dt_dataset_normalize(dt_dataset *d, const dt_world *world, dt_error *err)
{
    dt_shard_rows rows = {.features = d->features,
                          .begin = d->begin,
                          .count = d->count,
                          .x_is_bytes = d->x_is_bytes,
                          .x = d->x};
    if (!dt_normalizer_measure(&d->normalizer, world, &rows, err) && !d->x_is_bytes)
        dt_normalizer_apply(d->normalizer, d->count, d->x);
    return err->code;
}

void dt_dataset_free(dt_dataset *d)
{
    dt_normalizer_destroy(d->normalizer);
    d->normalizer = NULL;
    free(d->x);
    free(d->y);
    d->x = d->y = NULL;
}
