/* The samples of a data set that are not its rows: where rows with missing values are left out, or
 * where a sample is several rows of a time series. Which samples there are, and their values. */
#include "data/data_file_internal.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/minmax.h"
#include "core/split.h"
#include "core/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 4 << 20 };

/* ---- Rows with missing values --------------------------------------------------------------- */

/* A bit for each row; the rows of x, and those of y, that have a missing value. */
typedef struct {
    dt_sample_map x, y;
} lost_rows;

/* Mark the rows of a piece in which a value is missing. */
static dt_code mark_numbers(dt_columns *c, int64_t row, int64_t n, float *values,
                            dt_sample_map *lost, dt_error *err)
{
    const dt_columns_info *info = dt_columns_get_info(c);
    int64_t width = info->width;
    if (info->is_integer && !info->has_missing)
        return DT_OK;
    if (dt_columns_read(c, row, n, DT_VALUES_FLOAT, values, err))
        return err->code;
    for (int64_t i = 0; i < n * width; i++)
        if (isnan(values[i]))
            dt_sample_map_set(lost, row + i / width);
    return DT_OK;
}

static void mark_word(int64_t row, const char *word, void *data)
{
    if (!word[0])
        dt_sample_map_set(data, row);
}

static dt_code mark_piece(dt_data_file *s, int64_t row, int64_t n, float *values, lost_rows *lost,
                          dt_error *err)
{
    if (s->drop_x && mark_numbers(s->x, row, n, values, &lost->x, err))
        return err->code;
    if (!s->drop_y)
        return DT_OK;
    return s->info.y_is_text ? dt_columns_visit(s->y, row, n, mark_word, &lost->y, err)
                             : mark_numbers(s->y, row, n, values, &lost->y, err);
}

/* Whole words of bits, so that no two ranks have one together. */
static dt_split share_rows(const dt_data_file *s, int ranks)
{
    dt_split share = {.n = s->info.rows, .granule = s->info.chunk_rows, .parts = ranks};
    while (share.granule % DT_SAMPLE_WORD != 0)
        share.granule *= 2;
    return share;
}

static dt_code mark_share(dt_data_file *s, const dt_world *world, lost_rows *lost, dt_error *err)
{
    dt_split share = share_rows(s, world->size);
    int64_t begin = dt_split_begin(&share, world->rank);
    int64_t end = dt_split_begin(&share, world->rank + 1);
    int64_t width = dt_max(s->width, s->info.y_width), chunk = s->info.chunk_rows;
    int64_t piece = (PIECE_BYTES / (width * (int64_t)sizeof(float)) / chunk + 1) * chunk;
    piece = dt_min(piece, s->info.rows);
    float *values = dt_alloc(piece * width, sizeof *values, "rows of x", err);
    for (int64_t row = begin; row < end && !dt_stop_check(err); row += piece)
        if (mark_piece(s, row, dt_min(piece, end - row), values, lost, err))
            break;
    free(values);
    return err->code;
}

/* Collective; an error is the same on every rank. */
static dt_code find_lost(dt_data_file *s, const dt_world *world, lost_rows *lost, dt_error *err)
{
    if (!dt_sample_map_init(&lost->x, s->info.rows, err) &&
        !dt_sample_map_init(&lost->y, s->info.rows, err))
        mark_share(s, world, lost, err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_sum_int64(world, (int64_t *)lost->x.bits, lost->x.words); /* no two ranks set the same bit */
    dt_sum_int64(world, (int64_t *)lost->y.bits, lost->y.words);
    return DT_OK;
}

/* ---- Which samples there are ---------------------------------------------------------------- */

/* The row of y of a sample, counted from its first row of x. */
static int64_t target_offset(const dt_data_file *s)
{
    return s->sequence.length > 0 ? s->sequence.length - 1 + s->sequence.horizon : 0;
}

/* The samples that begin in the rows [begin, end) of a file. Returns how many are left out.
 *   lost  NULL: no row is left out */
static int64_t set_samples(dt_data_file *s, const lost_rows *lost, int64_t begin, int64_t end)
{
    int64_t length = dt_sequence_rows(&s->sequence), offset = s->y ? target_offset(s) : 0;
    int64_t stride = s->sequence.length > 0 ? s->sequence.stride : 1, dropped = 0;
    int64_t whole = 0; /* consecutive rows from this one on that have all values */
    for (int64_t row = end - 1; row >= begin; row--) {
        whole = lost && dt_sample_map_has(&lost->x, row) ? 0 : whole + 1;
        if ((row - begin) % stride != 0 || row + dt_max(length - 1, offset) >= end)
            continue;
        if (whole >= length && !(lost && dt_sample_map_has(&lost->y, row + offset)))
            dt_sample_map_set(&s->samples, row);
        else
            dropped++;
    }
    return dropped;
}

static dt_code make_map(dt_data_file *s, const lost_rows *lost, dt_error *err)
{
    int64_t files;
    const int64_t *begin = dt_columns_begin(s->x, &files);
    if (dt_sample_map_init(&s->samples, s->info.rows, err))
        return err->code;
    for (int64_t f = 0; f < files; f++)
        s->info.dropped += set_samples(s, lost, begin[f], begin[f + 1]);
    return dt_sample_map_finish(&s->samples, files, begin, err);
}

dt_code dt_data_file_find_samples(dt_data_file *s, const dt_world *world, dt_error *err)
{
    lost_rows lost = {0};
    bool drops = s->drop_x || s->drop_y;
    if (!drops || !find_lost(s, world, &lost, err))
        make_map(s, drops ? &lost : NULL, err);
    dt_sample_map_free(&lost.x);
    dt_sample_map_free(&lost.y);
    if (dt_world_agree(world, err))
        return err->code;
    s->info.rows = s->samples.samples;
    if (s->info.rows > 0)
        return DT_OK;
    return s->info.dropped > 0 /* on every rank */
               ? dt_fail(err, DT_ERR_DATA, "%s: every sample has a missing value, and is left out",
                         s->info.path)
               : dt_fail(err, DT_ERR_DATA,
                         "%s: no file has the %lld rows of a sample (--window) and its target %lld "
                         "rows later (--horizon)",
                         s->info.path, (long long)s->sequence.length,
                         (long long)s->sequence.horizon);
}

/* ---- Values of x ---------------------------------------------------------------------------- */

void dt_data_file_blank_unused(const dt_data_file *s, int64_t row, int64_t n, size_t row_bytes,
                               void *rows)
{
    int64_t length = dt_sequence_rows(&s->sequence);
    int64_t used = 0; /* the rows before it belong to a sample that begins before */
    for (int64_t i = dt_max(0, row - length + 1); i < row + n; i++) {
        if (dt_sample_map_has(&s->samples, i))
            used = i + length;
        if (i >= row && i >= used)
            memset((char *)rows + (size_t)(i - row) * row_bytes, 0, row_bytes);
    }
}

/* The number of samples, from this one on, that lie within so many rows. */
static int64_t count_within(const dt_data_file *s, int64_t sample, int64_t n, int64_t rows)
{
    int64_t end = dt_sample_map_row(&s->samples, sample) + rows;
    int64_t last = dt_min(end - dt_sequence_rows(&s->sequence) + 1, s->samples.rows);
    return dt_min(dt_sample_map_before(&s->samples, last) - sample, n);
}

dt_code dt_data_file_read_x_samples(dt_data_file *s, int64_t sample, int64_t n, void *out,
                                    dt_error *err)
{
    size_t row_bytes = (size_t)s->width * (s->info.x_is_bytes ? 1 : sizeof(float));
    int64_t length = dt_sequence_rows(&s->sequence);
    size_t sample_bytes = (size_t)length * row_bytes;
    int64_t max_rows = dt_max(PIECE_BYTES / (int64_t)row_bytes, s->info.chunk_rows);
    max_rows = dt_min(dt_max(max_rows, length), s->samples.rows);
    char *rows = dt_alloc(max_rows, row_bytes, "rows of x", err), *to = out;
    for (int64_t i = 0, count; i < n && !err->code; i += count) {
        count = count_within(s, sample + i, n - i, max_rows);
        int64_t begin = dt_sample_map_row(&s->samples, sample + i), at = begin;
        int64_t end = dt_sample_map_row(&s->samples, sample + i + count - 1) + length;
        if (dt_data_file_read_x_rows(s, begin, end - begin, rows, err))
            break;
        for (int64_t k = 0; k < count; at++)
            if (dt_sample_map_has(&s->samples, at))
                memcpy(to + sample_bytes * (size_t)(i + k++),
                       rows + row_bytes * (size_t)(at - begin), sample_bytes);
    }
    free(rows);
    return err->code;
}

/* ---- Values of y ---------------------------------------------------------------------------- */

int64_t dt_data_file_target_row(const dt_data_file *s, int64_t sample)
{
    return s->samples.rows > 0 ? dt_sample_map_row(&s->samples, sample) + target_offset(s) : sample;
}

/* Move the targets of samples among rows [row, row + n) of y to `out`. */
static int64_t keep_samples(const dt_data_file *s, int64_t row, int64_t n, size_t bytes,
                            const char *rows, char *out)
{
    int64_t kept = 0, offset = target_offset(s);
    for (int64_t i = 0; i < n; i++)
        if (dt_sample_map_has(&s->samples, row + i - offset))
            memcpy(out + bytes * (size_t)kept++, rows + bytes * (size_t)i, bytes);
    return kept;
}

dt_code dt_data_file_read_samples(const dt_data_file *s, dt_columns *c, int64_t sample, int64_t n,
                                  dt_values values, void *out, dt_error *err)
{
    if (s->samples.rows == 0)
        return dt_columns_read(c, sample, n, values, out, err);
    if (n == 0)
        return DT_OK;
    int64_t row = dt_data_file_target_row(s, sample),
            end = dt_data_file_target_row(s, sample + n - 1) + 1;
    size_t bytes = (size_t)(dt_columns_get_info(c)->width * dt_values_bytes(values));
    if (end - row == n)
        return dt_columns_read(c, row, n, values, out, err);
    int64_t piece = dt_min(dt_max(n, s->info.chunk_rows), end - row);
    char *rows = dt_alloc(piece, bytes, "rows of the data", err);
    for (char *to = out; row < end && !err->code; row += piece) {
        int64_t count = dt_min(piece, end - row);
        if (!dt_columns_read(c, row, count, values, rows, err))
            to += bytes * (size_t)keep_samples(s, row, count, bytes, rows, to);
    }
    free(rows);
    return err->code;
}

dt_code dt_data_file_visit_samples(const dt_data_file *s, int64_t sample, int64_t n,
                                   dt_text_visitor *visit, void *data, dt_error *err)
{
    if (s->samples.rows == 0)
        return dt_columns_visit(s->y, sample, n, visit, data, err);
    for (int64_t i = 0, count; i < n && !err->code; i += count) { /* runs of consecutive rows */
        int64_t row = dt_data_file_target_row(s, sample + i);
        for (count = 1; i + count < n; count++)
            if (dt_data_file_target_row(s, sample + i + count) != row + count)
                break;
        dt_columns_visit(s->y, row, count, visit, data, err);
    }
    return err->code;
}
