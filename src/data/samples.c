/* The samples of a data set where rows with missing values are left out: which rows they are, and
 * their values. */
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

/* ---- Which rows are samples ----------------------------------------------------------------- */

/* Mark the rows of a piece in which a value is missing. */
static dt_code mark_numbers(dt_columns *c, int64_t row, int64_t n, float *values, bool *mark,
                            dt_error *err)
{
    const dt_columns_info *info = dt_columns_get_info(c);
    int64_t width = info->width;
    if (info->is_integer && !info->has_missing)
        return DT_OK;
    if (dt_columns_read(c, row, n, DT_VALUES_FLOAT, values, err))
        return err->code;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < width; k++)
            mark[i] = mark[i] || isnan(values[i * width + k]);
    return DT_OK;
}

typedef struct {
    int64_t row; /* of mark[0] */
    bool *mark;
} word_marker;

static void mark_word(int64_t row, const char *word, void *data)
{
    word_marker *m = data;
    m->mark[row - m->row] = m->mark[row - m->row] || !word[0];
}

static dt_code mark_piece(dt_data_file *s, int64_t row, int64_t n, float *values, bool *mark,
                          dt_error *err)
{
    memset(mark, 0, (size_t)n * sizeof *mark);
    if (s->drop_x && mark_numbers(s->x, row, n, values, mark, err))
        return err->code;
    if (!s->drop_y)
        return DT_OK;
    if (!s->info.y_is_text)
        return mark_numbers(s->y, row, n, values, mark, err);
    return dt_columns_visit(s->y, row, n, mark_word, &(word_marker){row, mark}, err);
}

/* Whole words of the map, so that no two ranks have one together. */
static dt_split share_rows(const dt_data_file *s, int ranks)
{
    dt_split share = {.n = s->info.rows, .granule = s->info.chunk_rows, .parts = ranks};
    while (share.granule % DT_SAMPLE_WORD != 0)
        share.granule *= 2;
    return share;
}

static dt_code mark_share(dt_data_file *s, const dt_world *world, dt_error *err)
{
    dt_split share = share_rows(s, world->size);
    int64_t begin = dt_split_begin(&share, world->rank);
    int64_t end = dt_split_begin(&share, world->rank + 1);
    int64_t width = dt_max(s->info.features, s->info.y_width), chunk = s->info.chunk_rows;
    int64_t piece = (PIECE_BYTES / (width * (int64_t)sizeof(float)) / chunk + 1) * chunk;
    piece = dt_min(piece, s->info.rows);
    float *values = dt_alloc(piece * width, sizeof *values, "rows of x", err);
    bool *mark = dt_alloc(piece, sizeof *mark, "rows that are left out", err);
    for (int64_t row = begin; row < end && !dt_stop_check(err); row += piece) {
        int64_t n = dt_min(piece, end - row);
        if (mark_piece(s, row, n, values, mark, err))
            break;
        for (int64_t i = 0; i < n; i++)
            if (!mark[i])
                dt_sample_map_set(&s->samples, row + i);
    }
    free(values);
    free(mark);
    return err->code;
}

dt_code dt_data_file_drop_rows(dt_data_file *s, const dt_world *world, dt_error *err)
{
    int64_t files;
    const int64_t *begin = dt_columns_begin(s->x, &files);
    dt_sample_map *map = &s->samples;
    if (!dt_sample_map_init(map, s->info.rows, err))
        mark_share(s, world, err);
    if (dt_world_agree(world, err) || dt_sample_map_finish(map, world, files, begin, err))
        return err->code;
    s->info.dropped = map->rows - map->samples;
    s->info.rows = map->samples;
    if (map->samples == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: every row has a missing value, and is left out",
                       s->info.path); /* on every rank */
    return DT_OK;
}

/* ---- Reading them --------------------------------------------------------------------------- */

int64_t dt_data_file_row(const dt_data_file *s, int64_t sample)
{
    return s->samples.rows > 0 ? dt_sample_map_row(&s->samples, sample) : sample;
}

/* Move the samples among rows [row, row + n) to `out`. */
static int64_t keep_samples(const dt_sample_map *map, int64_t row, int64_t n, size_t bytes,
                            const char *rows, char *out)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (map->bits[(row + i) / DT_SAMPLE_WORD] >> ((row + i) % DT_SAMPLE_WORD) & 1)
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
    int64_t row = dt_data_file_row(s, sample), end = dt_data_file_row(s, sample + n - 1) + 1;
    size_t bytes = (size_t)(dt_columns_get_info(c)->width * dt_values_bytes(values));
    if (end - row == n)
        return dt_columns_read(c, row, n, values, out, err);
    int64_t piece = dt_min(dt_max(n, s->info.chunk_rows), end - row);
    char *rows = dt_alloc(piece, bytes, "rows of the data", err);
    for (char *to = out; row < end && !err->code; row += piece) {
        int64_t count = dt_min(piece, end - row);
        if (!dt_columns_read(c, row, count, values, rows, err))
            to += bytes * (size_t)keep_samples(&s->samples, row, count, bytes, rows, to);
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
        int64_t row = dt_data_file_row(s, sample + i);
        for (count = 1; i + count < n; count++)
            if (dt_data_file_row(s, sample + i + count) != row + count)
                break;
        dt_columns_visit(s->y, row, count, visit, data, err);
    }
    return err->code;
}
