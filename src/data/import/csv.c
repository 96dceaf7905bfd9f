/* A table's meaning: header, target, features. It is read twice, first to learn its size and the
 * type of its target, then to copy it, so that no more of it than a slab is ever in memory. */
#include "data/import/csv.h"

#include "core/line.h"
#include "data/import/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB = 8 << 20 /* bytes of x written at a time */ };

/* ---- First reading -------------------------------------------------------------------------- */

static dt_code no_rows(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: no rows", p->table.source.path);
}

static dt_code copy_first(dt_plan *p, dt_error *err)
{
    p->first = calloc((size_t)p->table.columns, sizeof *p->first);
    if (!p->first)
        return dt_plan_no_memory(p, err);
    for (; p->columns < p->table.columns; p->columns++) {
        p->first[p->columns] = strdup(dt_table_cell(&p->table, p->columns));
        if (!p->first[p->columns])
            return dt_plan_no_memory(p, err);
    }
    if (p->columns == 1 && p->request->target.n > 0)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: only one column (cells are separated by a comma, a semicolon, a tab, a "
                       "bar or blanks; --separator names another sign)",
                       p->table.source.path);
    return DT_OK;
}

/* The places of the columns whose cells are noted, made once and not for each cell. */
static dt_code name_places(dt_plan *p, dt_error *err)
{
    char where[DT_PLAN_PLACE];
    p->where = calloc((size_t)p->columns, sizeof *p->where);
    for (int64_t c = 0; c < p->columns && p->where; c++) {
        if (p->role[c] != DT_ROLE_TARGET && !dt_plan_finds_words(p))
            continue;
        dt_plan_place(p, c, where);
        p->where[c] = strdup(where);
        if (!p->where[c])
            return dt_plan_no_memory(p, err);
    }
    return p->where ? DT_OK : dt_plan_no_memory(p, err);
}

/* A row in a line of the file.
 *   cell  [columns] the first row; NULL: the row that the table has come to */
static dt_code note_cells(dt_plan *p, char *const *cell, int64_t line, dt_error *err)
{
    const dt_cell_style *style = &p->request->style;
    dt_code code = DT_OK;
    p->rows++;
    for (int64_t i = 0; i < p->target_count && !code; i++) {
        int64_t c = p->targets[i];
        const char *text = cell ? cell[c] : dt_table_cell(&p->table, c);
        code = dt_target_note(&p->y[i], style, text, line, p->where[c], err);
    }
    for (int64_t i = 0; i < p->feature_count && dt_plan_finds_words(p) && !code; i++) {
        int64_t c = p->features[i].column;
        const char *text = cell ? cell[c] : dt_table_cell(&p->table, c);
        code = dt_feature_note(&p->features[i], style, text, line, p->where[c], err);
    }
    return code;
}

static dt_code note_rows(dt_plan *p, dt_error *err)
{
    bool found;
    dt_code code = dt_table_next(&p->table, &found, err);
    while (found && !code) {
        dt_plan_compare_row(p);
        code = note_cells(p, NULL, p->table.line, err);
        if (!code)
            code = dt_table_next(&p->table, &found, err);
    }
    return code;
}

/* Choose what each column becomes. */
static dt_code settle_columns(dt_plan *p, dt_error *err)
{
    char where[DT_PLAN_PLACE];
    dt_code code = DT_OK;
    for (int64_t i = 0; i < p->target_count && !code; i++) {
        dt_plan_place(p, p->targets[i], where);
        code = dt_target_choose_type(&p->y[i], p->rows, where, err);
    }
    for (int64_t i = 0; i < p->feature_count && dt_plan_finds_words(p) && !code; i++) {
        dt_plan_place(p, p->features[i].column, where);
        code = dt_feature_settle(&p->features[i], p->rows, where, err);
    }
    dt_plan_place_features(p);
    return code;
}

static dt_code finish_plan(dt_plan *p, dt_error *err)
{
    if (p->header == DT_HEADER_OPEN)
        p->header = dt_target_is_numeric(&p->y[0]) ? DT_HEADER_YES : DT_HEADER_NO;
    dt_code code = dt_plan_decide_header(p, err);
    if (!code && p->header == DT_HEADER_NO)
        code = note_cells(p, p->first, p->table.first_line, err);
    if (!code && p->rows == 0)
        code = no_rows(p, err);
    return code ? code : settle_columns(p, err);
}

static dt_code read_first_time(dt_plan *p, dt_error *err)
{
    bool found;
    dt_code code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = found ? copy_first(p, err) : no_rows(p, err);
    if (!code)
        code = dt_plan_find_header(p, err);
    if (!code)
        code = dt_plan_find_columns(p, err);
    if (!code)
        code = name_places(p, err);
    if (!code)
        code = dt_table_rewind(&p->table, err);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    if (!code)
        code = note_rows(p, err);
    return code ? code : finish_plan(p, err);
}

/* ---- Layout of the file --------------------------------------------------------------------- */

static dt_code write_features(const dt_plan *p, dt_writer *writer, dt_error *err)
{
    dt_names names;
    if (p->header == DT_HEADER_NO && p->width == p->feature_count)
        return DT_OK;
    dt_code code = dt_plan_name_features(p, &names, err);
    if (!code)
        code = dt_writer_strings(writer, DT_WRITER_X, "columns", (const char *const *)names.name,
                                 names.n, err);
    dt_names_free(&names);
    return code;
}

static dt_code write_targets(const dt_plan *p, dt_writer *writer, dt_error *err)
{
    const dt_target *y = p->y;
    dt_code code = DT_OK;
    if (p->target_count > 0 && y->has_classes)
        code = dt_writer_strings(writer, DT_WRITER_Y, "classes", (const char *const *)y->words.word,
                                 y->words.n, err);
    if (code || p->header == DT_HEADER_NO || p->target_count == 0)
        return code;
    const char **names = malloc((size_t)p->target_count * sizeof *names);
    if (!names)
        return dt_plan_no_memory(p, err);
    for (int64_t i = 0; i < p->target_count; i++)
        names[i] = p->first[p->targets[i]];
    code = dt_writer_strings(writer, DT_WRITER_Y, "columns", names, p->target_count, err);
    free(names);
    return code;
}

static dt_code declare_datasets(const dt_plan *p, dt_writer *writer, dt_error *err)
{
    int64_t x[2] = {p->rows, p->width}, y[2] = {p->rows, p->target_count};
    dt_element real = {'f', 4, DT_ELEMENT_HOST_BIG};
    dt_code code = dt_writer_shape(writer, DT_WRITER_X, real, 2, x, err);
    if (!code && p->target_count > 0)
        code = dt_writer_shape(writer, DT_WRITER_Y, p->y->element, p->target_count > 1 ? 2 : 1, y,
                               err);
    if (!code)
        code = write_features(p, writer, err);
    if (!code)
        code = write_targets(p, writer, err);
    return code ? code : dt_writer_layout(writer, err);
}

/* ---- Second reading ------------------------------------------------------------------------- */

static dt_code fail_changed(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: has changed while it was read", p->table.source.path);
}

static dt_code fail_word(const dt_plan *p, const char *where, const char *text, dt_error *err)
{
    int shown = dt_line_cut(text, 47);
    long long line = (long long)p->table.line;
    if (p->request->header == DT_CONVERT_HEADER_AUTO && p->table.line == p->table.first_line)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld: \"%.*s\" is not a number (if the line is a header: --header "
                       "yes; --one-hot makes 0/1 columns of words, --drop leaves the column out)",
                       where, line, shown, text);
    if (dt_cell_is_odd_number(text))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld: \"%.*s\" is not a number (see --decimal and --thousands)",
                       where, line, shown, text);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: line %lld: \"%.*s\" is not a number (--one-hot makes 0/1 columns of words, "
                   "--drop leaves the column out, --missing-words makes a word a gap)",
                   where, line, shown, text);
}

/* A word that the file of --like does not have; without that file the table has changed. */
static dt_code fail_unknown(const dt_plan *p, const char *where, const char *text, dt_error *err)
{
    if (!p->request->like.path)
        return fail_changed(p, err);
    return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.*s\" is none of the words of %s", where,
                   (long long)p->table.line, dt_line_cut(text, 47), text, p->request->like.path);
}

/* is_word  the column has words, or classes */
static dt_code bad_cell(const dt_plan *p, int64_t column, bool is_word, const char *text,
                        dt_error *err)
{
    char where[DT_PLAN_PLACE];
    dt_plan_place(p, column, where);
    long long line = (long long)p->table.line;
    if (is_word)
        return fail_unknown(p, where, text, err);
    if (dt_cell_parse(&p->request->style, text).kind == DT_CELL_WORD)
        return fail_word(p, where, text, err);
    return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%.*s\" is not a finite float32 number",
                   where, line, dt_line_cut(text, 47), text);
}

/* The current row into x [width] and y [n,K] at row. */
static dt_code store_row(dt_plan *p, float *x, void *y, int64_t row, dt_error *err)
{
    const dt_cell_style *style = &p->request->style;
    for (int64_t i = 0; i < p->feature_count; i++) {
        dt_feature *f = &p->features[i];
        const char *text = dt_table_cell(&p->table, f->column);
        if (!dt_feature_store(f, style, text, x))
            return bad_cell(p, f->column, f->words.n > 0, text, err);
    }
    for (int64_t i = 0; i < p->target_count; i++) {
        const char *text = dt_table_cell(&p->table, p->targets[i]);
        if (!dt_target_store(&p->y[i], style, text, y, row * p->target_count + i))
            return bad_cell(p, p->targets[i], p->y[i].has_classes, text, err);
    }
    return DT_OK;
}

/* Read n rows into x [n,width] and y [n,K]. */
static dt_code read_slab(dt_plan *p, int64_t n, float *x, void *y, dt_error *err)
{
    for (int64_t row = 0; row < n; row++) {
        bool found;
        dt_code code = dt_table_next(&p->table, &found, err);
        if (!code && (!found || p->table.columns != p->columns))
            code = fail_changed(p, err);
        if (!code)
            code = store_row(p, x + row * p->width, y, row, err);
        if (code)
            return code;
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
        if (!code && p->target_count > 0)
            code = dt_writer_rows(writer, DT_WRITER_Y, p->y->element, first, n, y, err);
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
    int64_t row_bytes = p->width * (int64_t)sizeof(float);
    int64_t y_bytes = (p->target_count + 1) * (int64_t)sizeof(int64_t);
    int64_t slab = SLAB / (row_bytes + y_bytes) > 0 ? SLAB / (row_bytes + y_bytes) : 1;
    if (slab > p->rows)
        slab = p->rows;
    float *x = malloc((size_t)(slab * row_bytes));
    void *y = malloc((size_t)(slab * y_bytes));
    code = x && y ? dt_column_stats_init(&p->x, p->width, err) : dt_plan_no_memory(p, err);
    if (!code)
        code = write_slabs(p, slab, x, y, writer, err);
    free(x);
    free(y);
    if (!code)
        code = dt_table_next(&p->table, &found, err);
    return !code && found ? fail_changed(p, err) : code;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void free_plan(dt_plan *p)
{
    for (int64_t c = 0; c < p->columns; c++)
        free(p->first[c]);
    for (int64_t c = 0; c < p->columns && p->where; c++)
        free(p->where[c]);
    for (int64_t i = 0; i < p->feature_count; i++)
        dt_word_set_clear(&p->features[i].words);
    for (int64_t i = 0; i < p->target_count; i++)
        dt_target_clear(&p->y[i]);
    free(p->first);
    free(p->where);
    free(p->role);
    free(p->features);
    free(p->targets);
    free(p->y);
    dt_column_stats_free(&p->x);
    dt_table_close(&p->table);
}

dt_code dt_csv_copy(const char *path, const dt_table_request *request, dt_writer *writer,
                    const dt_csv_notes *notes, dt_error *err)
{
    dt_plan p = {.request = request};
    dt_code code = dt_table_open(&p.table, path, request->separator, request->style.decimal, err);
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
    free_plan(&p);
    return code;
}
