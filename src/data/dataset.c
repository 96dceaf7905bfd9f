#include "data/dataset.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/minmax.h"
#include "data/sequence_stats.h"
#include "data/survey.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 4 << 20 };

dt_split dt_dataset_split(int64_t rows, int64_t chunk_rows, int ranks)
{
    int64_t granule = chunk_rows; /* to be the least common multiple of both */
    while (granule % DT_GROUP_ROWS != 0)
        granule *= 2;
    return (dt_split){.n = rows, .granule = granule, .parts = ranks};
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Keep of n rows those whose mark is as wanted, moved together. Returns how many. */
static int64_t keep_rows(char *rows, int64_t n, int64_t row_bytes, const bool *mark, bool wanted)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (mark[i] == wanted) {
            if (kept != i)
                memcpy(rows + kept * row_bytes, rows + i * row_bytes, (size_t)row_bytes);
            kept++;
        }
    return kept;
}

static void scale_targets(const dt_dataset *d, int64_t rows, void *y)
{
    dt_normalizer_apply_targets(d->y_normalizer, rows,
                                dt_dataset_y_bytes(d) / (int64_t)sizeof(float), y);
}

int64_t dt_dataset_read(const dt_dataset *d, int64_t row, int64_t n, bool held_out, bool *mark,
                        void *x, void *y, dt_error *err)
{
    if (dt_data_file_read_x(d->file, row, n, x, err) ||
        dt_data_file_read_y(d->file, d->kind, row, n, y, err))
        return 0;
    int64_t kept = held_out ? 0 : n;
    if (d->holdout.held > 0) {
        dt_holdout_mark(&d->holdout, row, n, mark);
        keep_rows(x, n, dt_dataset_x_bytes(d), mark, held_out);
        kept = keep_rows(y, n, dt_dataset_y_bytes(d), mark, held_out);
    }
    if (!d->x_is_bytes)
        dt_normalizer_apply(d->normalizer, kept, x);
    scale_targets(d, kept, y);
    return kept;
}

int64_t dt_dataset_span(const dt_dataset *d, int64_t sample, int64_t n)
{
    const dt_sample_map *samples = dt_data_file_samples(d->file);
    return dt_sample_map_row(samples, sample + n - 1) - dt_sample_map_row(samples, sample) +
           dt_data_file_get_info(d->file)->length;
}

/* Rows of x that samples share are scaled in the same way for all. */
static void normalize_rows(const dt_dataset *d, int64_t rows, void *x)
{
    if (!d->normalizer || d->x_is_bytes)
        return;
    dt_normalizer of_a_row = *d->normalizer;
    of_a_row.features = d->features / dt_data_file_get_info(d->file)->length;
    dt_normalizer_apply(&of_a_row, rows, x);
}

int64_t dt_dataset_read_shared(const dt_dataset *d, int64_t sample, int64_t n, bool *mark, void *x,
                               void *y, dt_error *err)
{
    int64_t row = dt_sample_map_row(dt_data_file_samples(d->file), sample), kept = n;
    int64_t rows = dt_dataset_span(d, sample, n);
    if (dt_data_file_read_x_rows(d->file, row, rows, x, err) ||
        dt_data_file_read_y(d->file, d->kind, sample, n, y, err))
        return 0;
    if (d->holdout.held > 0) {
        dt_holdout_mark(&d->holdout, sample, n, mark);
        kept = keep_rows(y, n, dt_dataset_y_bytes(d), mark, false);
    }
    normalize_rows(d, rows, x);
    scale_targets(d, kept, y);
    return kept;
}

static void normalize_memory(dt_dataset *d, int rank, int64_t own)
{
    scale_targets(d, d->held.count, d->held.y);
    if (!d->streamed)
        scale_targets(d, own, d->window.y);
    if (d->x_is_bytes)
        return;
    if (d->span) {
        normalize_rows(d, d->span[rank].end - d->span[rank].begin, d->window.x);
        return;
    }
    dt_normalizer_apply(d->normalizer, d->held.count, d->held.x);
    if (!d->streamed)
        dt_normalizer_apply(d->normalizer, own, d->window.x);
}

/* ---- Loading -------------------------------------------------------------------------------- */

static int64_t count_rows_of(const dt_dataset *d, int rank)
{
    return d->window.begin[rank + 1] - d->window.begin[rank];
}

/* Where the y of a rank's rows begins, behind their x. */
static int64_t y_begin(const dt_dataset *d, int rank)
{
    enum { ALIGN = 64 };
    int64_t bytes = d->span ? (d->span[rank].end - d->span[rank].begin) * dt_dataset_x_row_bytes(d)
                            : count_rows_of(d, rank) * dt_dataset_x_bytes(d);
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static dt_rows_of_rank rows_in(const dt_dataset *d, const char *memory, int rank)
{
    return (dt_rows_of_rank){.x = memory, .y = memory + y_begin(d, rank)};
}

/* Memory for this rank's rows. Ranks that are all on one node read each other's where they lie: no
 * row then has to travel. Collective. */
static dt_code allocate_window(dt_dataset *d, const dt_world *world, dt_error *err)
{
    int64_t own = count_rows_of(d, world->rank);
    int64_t bytes = y_begin(d, world->rank) + own * dt_dataset_y_bytes(d);
    if (world->nodes == 1 && world->size > 1 && dt_shm_create(world, bytes, false, &d->shared, err))
        return err->code;
    if (!d->shared)
        d->own = dt_alloc(bytes, 1, "the shard", err);
    d->all = dt_alloc(world->size, sizeof *d->all, "the shards", err);
    if (dt_world_agree(world, err))
        return err->code;
    for (int r = 0; r < world->size && d->shared; r++)
        d->all[r] = rows_in(d, dt_shm_of_rank(d->shared, r), r);
    if (!d->shared)
        d->all[world->rank] = rows_in(d, d->own, world->rank);
    d->window.x = (void *)d->all[world->rank].x;
    d->window.y = (void *)d->all[world->rank].y;
    if (d->shared || world->size == 1)
        d->window.all = d->all;
    return DT_OK;
}

/* Which of the rows trained on each rank has, by the shares of the file. */
static dt_code count_rows(dt_dataset *d, const dt_split *share, dt_error *err)
{
    d->window.begin =
        dt_alloc(share->parts + 1, sizeof *d->window.begin, "the shares of ranks", err);
    for (int64_t r = 0; r <= share->parts && d->window.begin; r++) {
        int64_t row = dt_split_begin(share, r);
        d->window.begin[r] = row - dt_holdout_before(&d->holdout, row);
    }
    d->window.count = d->rows;
    return err->code;
}

/* The rows of x that each rank has in memory: of all its samples, trained on or held out. */
static dt_code find_spans(dt_dataset *d, const dt_split *share, dt_error *err)
{
    const dt_sample_map *samples = dt_data_file_samples(d->file);
    int64_t length = dt_data_file_get_info(d->file)->length;
    d->span = dt_alloc(share->parts, sizeof *d->span, "the shares of ranks", err);
    for (int64_t r = 0; r < share->parts && d->span; r++) {
        int64_t begin = dt_split_begin(share, r), end = dt_split_begin(share, r + 1);
        d->span[r] = (dt_range){0};
        if (begin < end)
            d->span[r] = (dt_range){.begin = dt_sample_map_row(samples, begin),
                                    .end = dt_sample_map_row(samples, end - 1) + length};
    }
    return err->code;
}

/* Whether samples overlap, and share their rows in memory. */
static bool shares_rows(const dt_dataset *d)
{
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    return !d->streamed && info->length > 1 && info->stride < info->length;
}

/* What is this rank's. */
static dt_code plan_survey(dt_survey *s, const dt_world *world, dt_error *err)
{
    dt_dataset *d = s->d;
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    dt_split share = dt_dataset_split(info->rows, info->chunk_rows, world->size);
    int64_t row_bytes = dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d), chunk = info->chunk_rows;
    s->begin = dt_split_begin(&share, world->rank);
    s->end = dt_split_begin(&share, world->rank + 1);
    s->piece = (PIECE_BYTES / row_bytes / chunk + 1) * chunk;
    if (s->piece > info->rows)
        s->piece = info->rows;
    if (count_rows(d, &share, err))
        return err->code;
    if (shares_rows(d) && find_spans(d, &share, err))
        return err->code;
    int64_t held = d->reread ? 0 : s->end - s->begin - count_rows_of(d, world->rank);
    d->held.first = dt_holdout_before(&d->holdout, s->begin);
    d->held.x =
        dt_alloc(d->span ? 0 : held, (size_t)dt_dataset_x_bytes(d), "the rows held out", err);
    d->held.y = dt_alloc(held, (size_t)dt_dataset_y_bytes(d), "the rows held out", err);
    return err->code;
}

static dt_code load_rows(dt_survey *s, const dt_world *world, const dt_dataset_options *o,
                         dt_error *err)
{
    plan_survey(s, world, err);
    if (dt_world_agree(world, err))
        return err->code;
    if (!s->d->streamed && allocate_window(s->d, world, err))
        return err->code;
    dt_scaling scaling = (dt_scaling)o->normalize, of_y = (dt_scaling)o->normalize_y;
    bool sequences = dt_data_file_get_info(s->d->file)->length > 1;
    bool wanted = scaling != DT_SCALE_NONE || o->fill, measures = wanted && !sequences;
    if ((!measures || !dt_survey_start_measuring(s, scaling, o->fill, err)) &&
        (of_y == DT_SCALE_NONE || !dt_survey_start_measuring_y(s, of_y, err)))
        dt_survey_read(s, err);
    if (!dt_world_agree(world, err) && measures)
        dt_survey_finish_measuring(s, scaling, world, err);
    if (!err->code && wanted && sequences &&
        !dt_sequence_measure(s->d, world, scaling, o->fill, &s->d->measured, err))
        dt_survey_use_measured(s->d);
    if (!err->code && of_y != DT_SCALE_NONE)
        dt_survey_finish_measuring_y(s, of_y, world, err);
    return err->code;
}

dt_code dt_dataset_load(dt_dataset *d, const dt_world *world, dt_data_file *file,
                        const dt_dataset_options *o, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(file);
    *d = (dt_dataset){.features = info->features,
                      .outputs = info->y_width,
                      .kind = o->kind,
                      .named_classes = info->classes > 0,
                      .weighted = info->weighted,
                      .masked = info->masked,
                      .x_is_bytes = info->x_is_bytes,
                      .file = file,
                      .normalizer = o->normalizer,
                      .y_normalizer = o->y_normalizer,
                      .streamed = o->streamed,
                      .reread = o->reread,
                      .memory = o->memory,
                      .block_rows = o->block_rows,
                      .window_blocks = o->window_blocks,
                      .holdout = o->holdout ? *o->holdout
                                            : dt_holdout_of(info->rows, o->hold_out, o->seed)};
    d->rows = info->rows - d->holdout.held;
    if (d->rows == 0 || (o->hold_out > 0 && d->holdout.held == 0))
        dt_fail(err, DT_ERR_DATA, "%s of %lld rows leaves none to %s", o->what_is_held,
                (long long)info->rows, d->rows == 0 ? "train on" : "validate on");
    dt_survey s = {.d = d, .rank = world->rank};
    if (info->length > 1 && !err->code)
        dt_sequence_sort(d, err);
    if (o->profile && !err->code)
        dt_profile_init(&d->profile, info, o->kind, err);
    if (!dt_world_agree(world, err))
        load_rows(&s, world, o, err); /* the error above is every rank's */
    dt_moments_destroy(s.moments);
    dt_moments_destroy(s.y_moments);
    if (err->code) {
        dt_dataset_free(d);
        return err->code;
    }
    normalize_memory(d, world->rank, count_rows_of(d, world->rank));
    int64_t seen[] = {s.largest_label, s.largest, s.largest_weight};
    dt_max_int64(world, seen, 3);
    if (o->kind == DT_Y_LABELS)
        d->outputs =
            dt_max(dt_max(info->classes, seen[0] + 1), info->y_width > 1 ? info->y_width : 0);
    d->x_largest = (uint8_t)seen[1];
    int32_t bits = (int32_t)seen[2];
    memcpy(&d->largest_weight, &bits, sizeof bits);
    if (o->profile && dt_profile_sum(world, &d->profile, d->outputs, err))
        dt_dataset_free(d);
    return err->code;
}

void dt_dataset_free(dt_dataset *d)
{
    dt_normalizer_destroy(d->measured);
    dt_normalizer_destroy(d->y_measured);
    d->measured = d->y_measured = NULL;
    dt_profile_free(&d->profile);
    dt_sample_map_free(&d->trained);
    dt_sample_map_free(&d->held_back);
    free(d->span);
    d->span = NULL;
    dt_shm_destroy(d->shared);
    d->shared = NULL;
    free(d->own);
    free(d->all);
    free(d->window.begin);
    free(d->held.x);
    free(d->held.y);
    d->own = d->all = d->held.x = d->held.y = d->window.begin = NULL;
    d->window.x = d->window.y = NULL;
    d->window.all = NULL;
}
