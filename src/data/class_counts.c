#include "data/class_counts.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16 };

/* held  [n] rows to be left out; NULL: none */
static void add_rows(const dt_dataset *d, const void *y, int64_t n, const bool *held,
                     int64_t *count)
{
    for (int64_t i = 0; i < n; i++) {
        if (held && held[i])
            continue;
        const void *row = (const char *)y + i * dt_dataset_y_bytes(d);
        int32_t label = *(const int32_t *)row;
        for (int64_t k = 0; k < d->outputs && d->kind != DT_Y_LABELS; k++)
            count[k] += ((const float *)row)[k] > 0.5f;
        if (d->kind == DT_Y_LABELS && label >= 0)
            count[label]++;
    }
}

/* This rank's share of the rows of the file. */
static dt_code count_file(const dt_dataset *d, const dt_world *world, int64_t *count, dt_error *err)
{
    dt_split share = {.n = d->holdout.rows, .granule = PIECE, .parts = world->size};
    int64_t end = dt_split_begin(&share, world->rank + 1);
    void *y = dt_alloc(PIECE, (size_t)dt_dataset_y_bytes(d), "rows of y", err);
    bool *held = dt_alloc(PIECE, sizeof *held, "rows held out", err);
    for (int64_t row = dt_split_begin(&share, world->rank); row < end && !err->code; row += PIECE) {
        int64_t n = end - row < PIECE ? end - row : PIECE;
        dt_holdout_mark(&d->holdout, row, n, held);
        if (!dt_data_file_read_y(d->file, d->kind, row, n, y, err))
            add_rows(d, y, n, held, count);
    }
    free(held);
    free(y);
    return err->code;
}

dt_code dt_count_classes(const dt_dataset *d, const dt_world *world, int64_t *count, dt_error *err)
{
    const dt_window *w = &d->window;
    memset(count, 0, (size_t)d->outputs * sizeof *count);
    if (d->streamed)
        count_file(d, world, count, err);
    else
        add_rows(d, w->y, w->begin[world->rank + 1] - w->begin[world->rank], NULL, count);
    if (!dt_world_agree(world, err))
        dt_sum_int64(world, count, d->outputs);
    return err->code;
}
