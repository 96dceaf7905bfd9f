#include "data/sequence_stats.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "core/stop.h"

#include <stdlib.h>

enum { PIECE_BYTES = 4 << 20, MARKS = 4096 };

dt_code dt_sequence_sort(dt_dataset *d, dt_error *err)
{
    const dt_sample_map *samples = dt_data_file_samples(d->file);
    bool held[MARKS];
    int64_t row = 0, files;
    const int64_t *begin = dt_data_file_row_begin(d->file, &files);
    bool keeps = d->holdout.held > 0 && !d->reread;
    if (dt_sample_map_init(&d->trained, samples->rows, err) ||
        (keeps && dt_sample_map_init(&d->held_back, samples->rows, err)))
        return err->code;
    for (int64_t i = 0, n; i < samples->samples; i += n) {
        n = dt_min(MARKS, samples->samples - i);
        dt_holdout_mark(&d->holdout, i, n, held);
        for (int64_t k = 0; k < n; row++) {
            if (!dt_sample_map_has(samples, row))
                continue;
            if (!held[k++])
                dt_sample_map_set(&d->trained, row);
            else if (keeps)
                dt_sample_map_set(&d->held_back, row);
        }
    }
    if (keeps && dt_sample_map_finish(&d->held_back, files, begin, err))
        return err->code;
    return dt_sample_map_finish(&d->trained, files, begin, err);
}

/* One pass over rows of the files. */
typedef struct {
    const dt_dataset *d;
    int64_t width, length;
    dt_moments *moments;
    void *rows;     /* [piece,width] of the file */
    float *numbers; /* [piece,width] the same where rows are bytes */
    bool *skip;     /* [piece] */
} row_pass;

/* Read rows as floats. */
static const float *read_rows(const row_pass *p, int64_t row, int64_t n, dt_error *err)
{
    if (dt_data_file_read_x_rows(p->d->file, row, n, p->rows, err) || !p->d->x_is_bytes)
        return p->rows;
    dt_unit_from_bytes(p->rows, n * p->width, p->numbers);
    return p->numbers;
}

/* Rows that no sample trained on has are skipped. */
static void mark_skipped(const row_pass *p, int64_t row, int64_t n)
{
    int64_t used = 0; /* the rows before it belong to a sample that begins before */
    for (int64_t i = dt_max(0, row - p->length + 1); i < row + n; i++) {
        if (dt_sample_map_has(&p->d->trained, i))
            used = i + p->length;
        if (i >= row)
            p->skip[i - row] = i >= used;
    }
}

static dt_code measure_share(row_pass *p, const dt_world *world, dt_error *err)
{
    int64_t chunk = dt_data_file_get_info(p->d->file)->chunk_rows;
    dt_split share = dt_dataset_split(p->d->trained.rows, chunk, world->size);
    int64_t begin = dt_split_begin(&share, world->rank);
    int64_t end = dt_split_begin(&share, world->rank + 1);
    int64_t piece = (PIECE_BYTES / (p->width * (int64_t)sizeof(float)) / chunk + 1) * chunk;
    piece = dt_min(piece, p->d->trained.rows);
    p->rows = dt_alloc(piece * p->width, sizeof(float), "rows of x", err);
    p->numbers = dt_alloc(piece * p->width, sizeof *p->numbers, "rows of x", err);
    p->skip = dt_alloc(piece, sizeof *p->skip, "rows of x", err);
    for (int64_t row = begin; row < end && !dt_stop_check(err); row += piece) {
        int64_t n = dt_min(piece, end - row);
        const float *x = read_rows(p, row, n, err);
        mark_skipped(p, row, n);
        if (!err->code)
            dt_moments_add(p->moments, row, n, x, p->skip);
    }
    return err->code;
}

/* Every rank shifts its values by the first row trained on. */
static dt_code start_moments(row_pass *p, dt_scaling scaling, bool gaps, dt_error *err)
{
    p->rows = dt_alloc(p->width, sizeof(float), "a row of x", err);
    p->numbers = dt_alloc(p->width, sizeof *p->numbers, "a row of x", err);
    if (err->code)
        return err->code;
    const float *first = read_rows(p, dt_sample_map_row(&p->d->trained, 0), 1, err);
    if (!err->code && !dt_moments_create(&p->moments, p->width, first, err) && gaps)
        dt_moments_leave_out(p->moments, err);
    if (!err->code && scaling == DT_SCALE_MINMAX)
        dt_moments_want_ranges(p->moments, err);
    free(p->rows);
    free(p->numbers);
    p->rows = p->numbers = NULL;
    return err->code;
}

dt_code dt_sequence_measure(const dt_dataset *d, const dt_world *world, dt_scaling scaling,
                            bool gaps, dt_normalizer **normalizer, dt_error *err)
{
    dt_normalizer *of_rows = NULL;
    row_pass p = {.d = d, .length = dt_data_file_get_info(d->file)->length};
    p.width = d->features / p.length;
    if (!start_moments(&p, scaling, gaps, err))
        measure_share(&p, world, err);
    if (!dt_world_agree(world, err)) {
        dt_moments_sum(world, p.moments);
        if (!dt_moments_normalizer(p.moments, scaling, &of_rows, err))
            dt_normalizer_repeat(normalizer, of_rows, p.length, err);
        dt_world_agree(world, err);
    }
    dt_normalizer_destroy(of_rows);
    dt_moments_destroy(p.moments);
    free(p.rows);
    free(p.numbers);
    free(p.skip);
    return err->code;
}
