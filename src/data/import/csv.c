/* A table's meaning: header, target, features. It is read twice, first to learn its size and the
 * type of its target, then to copy it, so that no more of it than a slab is ever in memory. */
#include "data/import/csv.h"

#include "core/line.h"
#include "data/import/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB = 8 << 20 /* bytes of x written at a time */ };

/* ---- Messages ------------------------------------------------------------------------------- */

static dt_code bad_cell(const dt_plan *p, int64_t column, const char *text, dt_error *err)
{
    char where[DT_PLAN_PLACE];
    dt_plan_place(p, column, where);
    long long line = (long long)p->table.line;
    switch (dt_cell_parse(text).kind) {
    case DT_CELL_EMPTY:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: the cell is empty", where, line);
    case DT_CELL_WORD:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.*s\" is not a number", where, line,
                       dt_line_cut(text, 47), text);
    default:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.*s\" is not a finite float32 number",
                       where, line, dt_line_cut(text, 47), text);
    }
}

static dt_code no_memory(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", p->table.source.path);
}

static dt_code no_rows(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: no rows", p->table.source.path);
}

static dt_code fail_changed(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: has changed while it was read", p->table.source.path);
}

/* ---- First reading -------------------------------------------------------------------------- */

static dt_code copy_first(dt_plan *p, dt_error *err)
{
    p->first = calloc((size_t)p->table.columns, sizeof *p->first);
    if (!p->first)
        return no_memory(p, err);
    for (; p->columns < p->table.columns; p->columns++) {
        p->first[p->columns] = strdup(dt_table_cell(&p->table, p->columns));
        if (!p->first[p->columns])
            return no_memory(p, err);
    }
    if (p->columns == 1 && p->wanted)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: only one column (cells are separated by a comma, a semicolon or a tab)",
                       p->table.source.path);
    return DT_OK;
}

/* The row that the table has come to. */
static dt_code note_row(dt_plan *p, const char *where, dt_error *err)
{
    p->rows++;
    dt_plan_compare_row(p);
    if (p->target < 0)
        return DT_OK;
    return dt_target_note(&p->y, dt_table_cell(&p->table, p->target), p->table.line, where, err);
}

static dt_code finish_plan(dt_plan *p, dt_error *err)
{
    char where[DT_PLAN_PLACE] = "";
    dt_code code = DT_OK;
    if (p->header == DT_HEADER_OPEN)
        p->header = dt_target_is_numeric(&p->y) ? DT_HEADER_YES : DT_HEADER_NO;
    if (p->target >= 0)
        dt_plan_place(p, p->target, where);
    code = dt_plan_decide_header(p, err);
    if (!code && p->header == DT_HEADER_NO) {
        p->rows++;
        if (p->target >= 0)
            code = dt_target_note(&p->y, p->first[p->target], p->table.first_line, where, err);
    }
    if (!code && p->rows == 0)
        code = no_rows(p, err);
    return code || p->target < 0 ? code : dt_target_choose_type(&p->y, p->rows, where, err);
}

static dt_code read_first_time(dt_plan *p, dt_error *err)
{
    bool found;
    dt_code code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = found ? copy_first(p, err) : no_rows(p, err);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = dt_plan_find_header(p, found, err);
    if (code)
        return code;
    char where[DT_PLAN_PLACE] = "";
    if (p->target >= 0)
        dt_plan_place(p, p->target, where);
    while (found && !code) {
        code = note_row(p, where, err);
        if (!code)
            code = dt_table_next(&p->table, &found, err);
    }
    return code ? code : finish_plan(p, err);
}

/* ---- Second reading ------------------------------------------------------------------------- */

static int64_t features_of(const dt_plan *p)
{
    return p->columns - (p->target >= 0);
}

static dt_code write_names(const dt_plan *p, dt_writer *writer, dt_error *err)
{
    dt_code code = DT_OK;
    if (p->y.word_count > 0)
        code = dt_writer_strings(writer, DT_WRITER_Y, "classes", (const char *const *)p->y.words,
                                 p->y.word_count, err);
    if (code || p->header == DT_HEADER_NO)
        return code;
    const char **names = malloc((size_t)p->columns * sizeof *names);
    if (!names)
        return no_memory(p, err);
    int64_t n = 0;
    for (int64_t c = 0; c < p->columns; c++)
        if (c != p->target)
            names[n++] = p->first[c];
    code = dt_writer_strings(writer, DT_WRITER_X, "columns", names, n, err);
    if (!code && p->target >= 0)
        code = dt_writer_strings(writer, DT_WRITER_Y, "columns",
                                 (const char *const *)&p->first[p->target], 1, err);
    free(names);
    return code;
}

static dt_code declare_datasets(const dt_plan *p, dt_writer *writer, dt_error *err)
{
    int64_t dims[2] = {p->rows, features_of(p)};
    dt_element real = {'f', 4, DT_ELEMENT_HOST_BIG};
    dt_code code = dt_writer_shape(writer, DT_WRITER_X, real, 2, dims, err);
    if (!code && p->target >= 0)
        code = dt_writer_shape(writer, DT_WRITER_Y, p->y.element, 1, dims, err);
    if (!code)
        code = write_names(p, writer, err);
    return code ? code : dt_writer_layout(writer, err);
}

/* Read n rows into x [n,F] and y [n]. */
static dt_code read_slab(dt_plan *p, int64_t n, float *x, void *y, dt_error *err)
{
    for (int64_t row = 0; row < n; row++) {
        bool found;
        dt_code code = dt_table_next(&p->table, &found, err);
        if (code)
            return code;
        if (!found || p->table.columns != p->columns)
            return fail_changed(p, err);
        for (int64_t c = 0; c < p->columns; c++) {
            const char *text = dt_table_cell(&p->table, c);
            bool good =
                c == p->target ? dt_target_store(&p->y, text, y, row) : dt_cell_float(text, x++);
            if (!good)
                return bad_cell(p, c, text, err);
        }
    }
    return DT_OK;
}

static dt_code write_slabs(dt_plan *p, int64_t slab, float *x, void *y, dt_writer *writer,
                           dt_error *err)
{
    dt_element real = {'f', 4, DT_ELEMENT_HOST_BIG};
    dt_code code = DT_OK;
    for (int64_t first = 0; first < p->rows && !code; first += slab) {
        int64_t n = p->rows - first < slab ? p->rows - first : slab;
        code = read_slab(p, n, x, y, err);
        if (!code)
            dt_column_stats_add(&p->x, first, n, x);
        if (!code)
            code = dt_writer_rows(writer, DT_WRITER_X, real, first, n, x, err);
        if (!code && p->target >= 0)
            code = dt_writer_rows(writer, DT_WRITER_Y, p->y.element, first, n, y, err);
    }
    return code;
}

static dt_code read_second_time(dt_plan *p, dt_writer *writer, dt_error *err)
{
    bool found;
    dt_code code = dt_table_rewind(&p->table, err);
    if (!code && p->header == DT_HEADER_YES)
        code = dt_table_next(&p->table, &found, err);
    if (code)
        return code;
    int64_t row_bytes = features_of(p) * (int64_t)sizeof(float);
    int64_t slab = SLAB / row_bytes > 0 ? SLAB / row_bytes : 1;
    if (slab > p->rows)
        slab = p->rows;
    float *x = malloc((size_t)(slab * row_bytes));
    void *y = malloc((size_t)(slab * (p->target < 0 ? 1 : p->y.element.size)));
    code = x && y ? dt_column_stats_init(&p->x, features_of(p), err) : no_memory(p, err);
    if (!code)
        code = write_slabs(p, slab, x, y, writer, err);
    free(x);
    free(y);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    return !code && found ? fail_changed(p, err) : code;
}

dt_code dt_csv_copy(const char *path, const char *target, dt_writer *writer,
                    const dt_csv_notes *notes, dt_error *err)
{
    dt_plan p = {.wanted = target, .target = -1};
    dt_code code = dt_table_open(&p.table, path, err);
    if (!code)
        code = read_first_time(&p, err);
    if (!code)
        code = declare_datasets(&p, writer, err);
    if (!code)
        code = read_second_time(&p, writer, err);
    if (!code) {
        dt_plan_print(&p, notes->summary);
        dt_plan_warn(&p, notes->warnings);
    }
    for (int64_t c = 0; c < p.columns; c++)
        free(p.first[c]);
    free(p.first);
    dt_column_stats_free(&p.x);
    dt_target_clear(&p.y);
    dt_table_close(&p.table);
    return code;
}
