/* A table's meaning: header, target, features. It is read twice, first to learn its size and the
 * type of its target, then to copy it, so that no more of it than a slab is ever in memory. */
#include "data/import/csv.h"

#include "data/import/table.h"
#include "data/import/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLAB = 8 << 20, /* bytes of x written at a time */
    WHERE = 400,    /* bytes of a place in a message: file and column */
};

typedef enum { HEADER_NO, HEADER_YES, HEADER_OPEN /* the target column will tell */ } header;

typedef struct {
    dt_table table;
    const char *wanted; /* the target as the caller named it */
    header header;
    char **first;    /* [columns] the cells of the first row; owned */
    int64_t columns; /* features and target */
    int64_t target;  /* its column, from 0 */
    int64_t rows;    /* of data */
    dt_target y;
} plan;

/* ---- Messages ------------------------------------------------------------------------------- */

/* "t.csv: column 3 (width)" */
static void tell_place(const plan *p, int64_t column, char where[WHERE])
{
    int n =
        snprintf(where, WHERE, "%.300s: column %lld", p->table.source.path, (long long)column + 1);
    if (p->header != HEADER_NO && p->first[column][0] && n > 0 && n < WHERE)
        snprintf(where + n, (size_t)(WHERE - n), " (%.60s)", p->first[column]);
}

static dt_code bad_cell(const plan *p, int64_t column, const char *text, dt_error *err)
{
    char where[WHERE];
    tell_place(p, column, where);
    long long line = (long long)p->table.line;
    switch (dt_cell_parse(text).kind) {
    case DT_CELL_EMPTY:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: the cell is empty", where, line);
    case DT_CELL_WORD:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.47s\" is not a number", where, line,
                       text);
    default:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.47s\" is not a finite float32 number",
                       where, line, text);
    }
}

static dt_code no_memory(const plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", p->table.source.path);
}

static dt_code no_rows(const plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: no rows", p->table.source.path);
}

static dt_code changed(const plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: has changed while it was read", p->table.source.path);
}

/* ---- Header and target ---------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    dt_cell_kind kind = dt_cell_parse(text).kind;
    return kind == DT_CELL_WHOLE || kind == DT_CELL_REAL;
}

/* A word that stands above numbers names them, unless it is one that says a number is missing. */
static bool looks_like_name(const char *text)
{
    return !is_number(text) && !dt_cell_missing(text);
}

/* The column that the first row names so; -1: none, -2: several. */
static int64_t find_name(const plan *p, const char *name)
{
    int64_t found = -1;
    for (int64_t c = 0; c < p->columns; c++)
        if (strcmp(p->first[c], name) == 0)
            found = found == -1 ? c : -2;
    return found;
}

/* "3" -> 2, "-1" -> the last; -1 if there is no such column. False if text is no number. */
static bool find_number(const plan *p, const char *text, int64_t *column)
{
    dt_cell cell = dt_cell_parse(text);
    if (cell.kind != DT_CELL_WHOLE)
        return false;
    int64_t n = cell.whole;
    bool inside = n != 0 && n >= -p->columns && n <= p->columns;
    *column = !inside ? -1 : n > 0 ? n - 1 : p->columns + n;
    return true;
}

static dt_code no_column(const plan *p, dt_error *err)
{
    const char *path = p->table.source.path;
    if (p->header == HEADER_NO)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: no column \"%s\" (it has no header, and %lld columns, numbered from 1)",
                       path, p->wanted, (long long)p->columns);
    char names[WHERE] = "";
    size_t n = 0;
    for (int64_t c = 0; c < p->columns && n + 80 < sizeof names; c++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s\"%.40s\"", c ? ", " : "",
                              p->first[c]);
    return dt_fail(err, DT_ERR_DATA, "%s: no column \"%s\" (it has %lld: %s%s)", path, p->wanted,
                   (long long)p->columns, names, n + 80 < sizeof names ? "" : ", ...");
}

/* Decide whether the first row is a header, and on the target, from the first two rows. A header is
 * known by a name over a number. Over the target column that takes the whole column, for a class
 * may be called 7 among others that are words. A first row that is alone is a header if it could
 * not be data. */
static dt_code find_header(plan *p, bool second, dt_error *err)
{
    int64_t named = find_name(p, p->wanted), numbered = -1;
    bool is_numbered = find_number(p, p->wanted, &numbered);
    if (named != -1 && !is_numbered)
        p->header = HEADER_YES;
    for (int64_t c = 0; c < p->columns && p->header != HEADER_YES; c++) {
        if (!looks_like_name(p->first[c]) || (second && !is_number(dt_table_cell(&p->table, c))))
            continue;
        if (c != numbered || named >= 0)
            p->header = HEADER_YES;
        else if (second)
            p->header = HEADER_OPEN;
    }
    p->target = p->header == HEADER_YES && named != -1 ? named : numbered;
    if (p->target == -2)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: several columns are called \"%s\"; give the column's number",
                       p->table.source.path, p->wanted);
    return p->target < 0 ? no_column(p, err) : DT_OK;
}

static dt_code copy_first(plan *p, dt_error *err)
{
    p->first = calloc((size_t)p->table.columns, sizeof *p->first);
    if (!p->first)
        return no_memory(p, err);
    for (; p->columns < p->table.columns; p->columns++) {
        p->first[p->columns] = strdup(dt_table_cell(&p->table, p->columns));
        if (!p->first[p->columns])
            return no_memory(p, err);
    }
    if (p->columns == 1)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: only one column (cells are separated by a comma, a semicolon or a tab)",
                       p->table.source.path);
    return DT_OK;
}

/* ---- First reading -------------------------------------------------------------------------- */

static dt_code settle(plan *p, dt_error *err)
{
    char where[WHERE];
    dt_code code = DT_OK;
    if (p->header == HEADER_OPEN)
        p->header = dt_target_is_numeric(&p->y) ? HEADER_YES : HEADER_NO;
    tell_place(p, p->target, where);
    if (p->header == HEADER_NO) {
        p->rows++;
        code = dt_target_note(&p->y, p->first[p->target], p->table.first_line, where, err);
    }
    if (!code && p->rows == 0)
        code = no_rows(p, err);
    return code ? code : dt_target_settle(&p->y, where, err);
}

static dt_code survey(plan *p, dt_error *err)
{
    bool found;
    dt_code code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = found ? copy_first(p, err) : no_rows(p, err);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = find_header(p, found, err);
    if (code)
        return code;
    char where[WHERE];
    tell_place(p, p->target, where);
    while (found && !code) {
        p->rows++;
        code =
            dt_target_note(&p->y, dt_table_cell(&p->table, p->target), p->table.line, where, err);
        if (!code)
            code = dt_table_next(&p->table, &found, err);
    }
    return code ? code : settle(p, err);
}

/* ---- Second reading ------------------------------------------------------------------------- */

static dt_code write_names(const plan *p, dt_writer *writer, dt_error *err)
{
    dt_code code = DT_OK;
    if (p->y.word_count > 0)
        code = dt_writer_strings(writer, DT_WRITER_Y, "classes", (const char *const *)p->y.words,
                                 p->y.word_count, err);
    if (code || p->header == HEADER_NO)
        return code;
    const char **names = malloc((size_t)p->columns * sizeof *names);
    if (!names)
        return no_memory(p, err);
    int64_t n = 0;
    for (int64_t c = 0; c < p->columns; c++)
        if (c != p->target)
            names[n++] = p->first[c];
    code = dt_writer_strings(writer, DT_WRITER_X, "columns", names, n, err);
    free(names);
    return code;
}

static dt_code declare(const plan *p, dt_writer *writer, dt_error *err)
{
    int64_t dims[2] = {p->rows, p->columns - 1};
    dt_element real = {'f', 4, DT_ELEMENT_HOST_BIG};
    dt_code code = dt_writer_shape(writer, DT_WRITER_X, real, 2, dims, err);
    if (!code)
        code = dt_writer_shape(writer, DT_WRITER_Y, p->y.element, 1, dims, err);
    if (!code)
        code = write_names(p, writer, err);
    return code ? code : dt_writer_layout(writer, err);
}

/* Read n rows into x [n,F] and y [n]. */
static dt_code read_slab(plan *p, int64_t n, float *x, void *y, dt_error *err)
{
    for (int64_t row = 0; row < n; row++) {
        bool found;
        dt_code code = dt_table_next(&p->table, &found, err);
        if (code)
            return code;
        if (!found || p->table.columns != p->columns)
            return changed(p, err);
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

static dt_code write_slabs(plan *p, int64_t slab, float *x, void *y, dt_writer *writer,
                           dt_error *err)
{
    dt_element real = {'f', 4, DT_ELEMENT_HOST_BIG};
    dt_code code = DT_OK;
    for (int64_t first = 0; first < p->rows && !code; first += slab) {
        int64_t n = p->rows - first < slab ? p->rows - first : slab;
        code = read_slab(p, n, x, y, err);
        if (!code)
            code = dt_writer_rows(writer, DT_WRITER_X, real, first, n, x, err);
        if (!code)
            code = dt_writer_rows(writer, DT_WRITER_Y, p->y.element, first, n, y, err);
    }
    return code;
}

static dt_code copy(plan *p, dt_writer *writer, dt_error *err)
{
    bool found;
    dt_code code = dt_table_rewind(&p->table, err);
    if (!code && p->header == HEADER_YES)
        code = dt_table_next(&p->table, &found, err);
    if (code)
        return code;
    int64_t row_bytes = (p->columns - 1) * (int64_t)sizeof(float);
    int64_t slab = SLAB / row_bytes > 0 ? SLAB / row_bytes : 1;
    if (slab > p->rows)
        slab = p->rows;
    float *x = malloc((size_t)(slab * row_bytes));
    void *y = malloc((size_t)(slab * p->y.element.size));
    code = x && y ? write_slabs(p, slab, x, y, writer, err) : no_memory(p, err);
    free(x);
    free(y);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    return !code && found ? changed(p, err) : code;
}

dt_code dt_csv_copy(const char *path, const char *target, dt_writer *writer, dt_error *err)
{
    plan p = {.wanted = target};
    dt_code code = dt_table_open(&p.table, path, err);
    if (!code)
        code = survey(&p, err);
    if (!code)
        code = declare(&p, writer, err);
    if (!code)
        code = copy(&p, writer, err);
    for (int64_t c = 0; c < p.columns; c++)
        free(p.first[c]);
    free(p.first);
    dt_target_clear(&p.y);
    dt_table_close(&p.table);
    return code;
}
