#include "data/scan.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/minmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 32 << 20,      /* bytes that are read at a time, at least */
    MAX_CLASSES = 1 << 20, /* beyond it labels are not counted */
    AS_BYTES = 1,
    AS_FLOATS = 4,
    AS_DOUBLES = 8,
};

typedef struct {
    dt_columns *columns;
    const dt_columns_info *info;
    int64_t piece; /* rows read at a time */
    int size;      /* bytes of a value in memory: AS_... */
    void *values;  /* [piece,width] */
} reader;

static dt_values memory_type(int size)
{
    return size == AS_BYTES    ? DT_VALUES_BYTES
           : size == AS_FLOATS ? DT_VALUES_FLOAT
                               : DT_VALUES_DOUBLE;
}

/* Whole chunks, unless they would take up much of the memory: then they are unpacked repeatedly. */
static int64_t rows_at_a_time(const reader *r)
{
    int64_t row_bytes = r->info->width * r->size, chunk = r->info->chunk_rows;
    int64_t max_rows = dt_node_memory() / 8 / row_bytes, piece = PIECE / row_bytes;
    piece = (piece / chunk + 1) * chunk;
    if (piece > max_rows)
        piece = max_rows > 1 ? max_rows : 1;
    return dt_min(piece, r->info->rows);
}

static double value_at(const reader *r, int64_t i)
{
    return r->size == AS_BYTES    ? ((const uint8_t *)r->values)[i]
           : r->size == AS_FLOATS ? (double)((const float *)r->values)[i]
                                  : ((const double *)r->values)[i];
}

/* ---- Ranges --------------------------------------------------------------------------------- */

static dt_scan_column empty_column(void)
{
    return (dt_scan_column){.low = INFINITY, .high = -INFINITY};
}

static void add_value(dt_scan_column *c, double value, int64_t *infinite)
{
    if (isnan(value)) {
        c->missing++;
    } else if (!isfinite(value)) {
        ++*infinite;
    } else {
        c->low = value < c->low ? value : c->low;
        c->high = value > c->high ? value : c->high;
        c->sum += value;
        c->n++;
    }
}

static void add_column(dt_scan_column *to, const dt_scan_column *c)
{
    to->low = c->low < to->low ? c->low : to->low;
    to->high = c->high > to->high ? c->high : to->high;
    to->sum += c->sum;
    to->n += c->n;
    to->missing += c->missing;
}

/* Add n rows. Of more than DT_SCAN_COLUMNS columns, several have one place. */
static void add_rows(dt_scan *s, const reader *r, int64_t n)
{
    int64_t width = r->info->width, places = dt_min(width, DT_SCAN_COLUMNS), infinite = 0;
    const int64_t mask = DT_SCAN_COLUMNS - 1;
#pragma omp parallel reduction(+ : infinite)
    {
        dt_scan_column own[DT_SCAN_COLUMNS];
        for (int64_t c = 0; c < places; c++)
            own[c] = empty_column();
#pragma omp for
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < width; c++)
                add_value(&own[c & mask], value_at(r, i * width + c), &infinite);
#pragma omp critical
        for (int64_t c = 0; c < places; c++)
            add_column(&s->column[c], &own[c]);
    }
    s->infinite += infinite;
}

static void finish_ranges(dt_scan *s, int64_t width)
{
    for (int64_t c = 0; c < dt_min(width, DT_SCAN_COLUMNS); c++) {
        s->low = s->column[c].low < s->low ? s->column[c].low : s->low;
        s->high = s->column[c].high > s->high ? s->column[c].high : s->high;
        s->nan += s->column[c].missing;
    }
    s->columns = width <= DT_SCAN_COLUMNS ? width : 0;
}

/* ---- Labels --------------------------------------------------------------------------------- */

static void count_label(dt_scan *s, double label)
{
    s->is_labels = s->is_labels && label >= 0 && label < MAX_CLASSES;
    if (!s->is_labels)
        return;
    int64_t class = (int64_t)label;
    s->count[class]++;
    s->classes = class >= s->classes ? class + 1 : s->classes;
}

static void count_labels(dt_scan *s, const reader *r, int64_t n)
{
    for (int64_t i = 0; i < n && s->is_labels; i++)
        count_label(s, value_at(r, i));
}

typedef struct {
    dt_scan *scan;
    const dt_names *words;
} word_counter;

static void count_word(int64_t row, const char *word, void *data)
{
    word_counter *w = data;
    bool found;
    (void)row;
    int64_t label = dt_names_search(w->words, word, &found);
    if (found)
        count_label(w->scan, (double)label);
}

/* ---- The whole of it ------------------------------------------------------------------------ */

static dt_code read_through(dt_scan *s, reader *r, dt_error *err)
{
    for (int64_t row = 0; row < s->rows; row += r->piece) {
        int64_t n = dt_min(s->rows - row, r->piece);
        double begin = dt_clock();
        if (dt_columns_read(r->columns, row, n, memory_type(r->size), r->values, err))
            return err->code;
        s->seconds += dt_clock() - begin;
        add_rows(s, r, n);
        if (s->is_labels)
            count_labels(s, r, n);
    }
    finish_ranges(s, r->info->width);
    return DT_OK;
}

static dt_code scan_numbers(dt_scan *s, reader *r, dt_error *err)
{
    r->size = s->is_labels ? AS_DOUBLES : s->is_bytes ? AS_BYTES : AS_FLOATS;
    r->piece = rows_at_a_time(r);
    r->values = dt_alloc(r->piece * r->info->width, (size_t)r->size, "rows to look at", err);
    s->column = dt_alloc(DT_SCAN_COLUMNS, sizeof *s->column, "columns to look at", err);
    for (int64_t c = 0; c < DT_SCAN_COLUMNS && s->column; c++)
        s->column[c] = empty_column();
    if (!err->code)
        read_through(s, r, err);
    free(r->values);
    return err->code;
}

dt_code dt_scan_columns(dt_scan *s, dt_columns *columns, bool labels, const dt_names *words,
                        dt_error *err)
{
    reader r = {.columns = columns, .info = dt_columns_get_info(columns)};
    word_counter counter = {s, words};
    dt_columns_storage storage;
    *s = (dt_scan){.low = INFINITY, .high = -INFINITY, .rows = r.info->rows};
    if (dt_columns_measure(columns, &storage, err))
        return err->code;
    s->values = s->rows * r.info->width;
    s->bytes = storage.bytes;
    s->file_bytes = storage.file_bytes;
    s->never_written = storage.never_written;
    s->is_bytes = r.info->is_bytes;
    s->is_labels = r.info->is_text || (labels && r.info->is_integer && r.info->width == 1);
    if (s->is_labels)
        s->count = dt_alloc(MAX_CLASSES, sizeof *s->count, "counts of classes", err);
    if (s->count)
        memset(s->count, 0, MAX_CLASSES * sizeof *s->count);
    if (err->code || s->never_written)
        return err->code;
    return r.info->is_text ? dt_columns_visit(columns, 0, s->rows, count_word, &counter, err)
                           : scan_numbers(s, &r, err);
}

void dt_scan_free(dt_scan *s)
{
    free(s->count);
    free(s->column);
    s->count = NULL;
    s->column = NULL;
}
