#include "data/import/table.h"

#include "core/line.h"
#include "data/import/format.h"
#include "data/import/separator.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BUFFER = 1 << 20,   /* bytes; the separator is found from the first of them */
    MAX_ROW = 64 << 20, /* bytes; more is a quote that is never closed */
    MARK = 3,           /* bytes of a UTF-8 byte order mark */
};

/* ---- What libcsv calls ---------------------------------------------------------------------- */

static bool grow_array(void **array, int64_t *capacity, int64_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    int64_t more = need * 2;
    void *larger = realloc(*array, (size_t)more * size);
    if (!larger)
        return false;
    *array = larger;
    *capacity = more;
    return true;
}

static void add_cell(void *text, size_t n, void *data)
{
    dt_table *t = data;
    if (t->separator == ' ' && !text) /* between two blanks */
        return;
    void *cells = t->cells, *bytes = t->text;
    bool fits = grow_array(&cells, &t->cell_capacity, t->cell_count + 1, sizeof *t->cells) &&
                grow_array(&bytes, &t->text_capacity, t->text_length + (int64_t)n + 1, 1);
    t->cells = cells;
    t->text = bytes;
    if (!fits) {
        t->out_of_memory = true;
        return;
    }
    char *cell = t->text + t->text_length;
    t->cells[t->cell_count++] = t->text_length;
    if (n > 0)
        memcpy(cell, text, n);
    for (size_t i = 0; i < n; i++)
        if (cell[i] == '\0') /* must not make "1<NUL>2" look like 1 */
            cell[i] = '\1';
    cell[n] = '\0';
    t->text_length += (int64_t)n + 1;
}

static void end_row(int end, void *data)
{
    (void)end;
    dt_table *t = data;
    t->row_done = t->cell_count > 0; /* else only blanks, which separate */
}

/* ---- From the file to the parser ------------------------------------------------------------ */

/* For libcsv one byte separates. */
static void make_tabs_blanks(dt_table *t)
{
    for (int64_t i = 0; i < t->have; i++)
        if (t->buffer[i] == '\t')
            t->buffer[i] = ' ';
}

static dt_code fill_buffer(dt_table *t, dt_error *err)
{
    t->at = 0;
    if (dt_input_read(&t->source, t->buffer, BUFFER, &t->have, err) == DT_OK && t->separator == ' ')
        make_tabs_blanks(t);
    return err->code;
}

static dt_code start_parser(dt_table *t, dt_error *err)
{
    t->file_line = 1;
    t->after_cr = t->in_row = false;
    t->columns = t->row_bytes = 0;
    if (t->parsing)
        csv_free(&t->parser);
    t->parsing = csv_init(&t->parser, 0) == 0;
    csv_set_blk_size(&t->parser, 4096);
    csv_set_delim(&t->parser, (unsigned char)t->separator);
    csv_set_opts(&t->parser, CSV_EMPTY_IS_NULL);
    dt_code code = fill_buffer(t, err);
    if (!code && t->have >= MARK && memcmp(t->buffer, "\xEF\xBB\xBF", MARK) == 0)
        t->at = MARK;
    return code;
}

/* Up to and including the next line end: such a piece completes one row at most. */
static int64_t next_piece(const dt_table *t)
{
    int64_t i = t->at;
    while (i < t->have && t->buffer[i] != '\n' && t->buffer[i] != '\r')
        i++;
    return i + (i < t->have) - t->at;
}

static bool is_blank(const dt_table *t, const unsigned char *piece, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!strchr(t->separator == '\t' ? " \r\n" : " \t\r\n", piece[i]) || piece[i] == '\0')
            return false;
    return true;
}

static void count_line(dt_table *t, const unsigned char *piece, int64_t n)
{
    unsigned char last = piece[n - 1];
    if (last == '\r' || (last == '\n' && !(t->after_cr && n == 1)))
        t->file_line++;
    t->after_cr = last == '\r';
}

static dt_code parse_piece(dt_table *t, dt_error *err)
{
    const unsigned char *piece = t->buffer + t->at;
    int64_t n = next_piece(t);
    if (!t->in_row && !is_blank(t, piece, n)) {
        t->in_row = true;
        t->line = t->file_line;
        t->row_bytes = 0;
    }
    t->row_bytes += n;
    if (csv_parse(&t->parser, piece, (size_t)n, add_cell, end_row, t) != (size_t)n ||
        t->out_of_memory)
        return dt_fail(err, DT_ERR_MEMORY, "%s: line %lld: out of memory", t->source.path,
                       (long long)t->line);
    if (t->in_row && t->row_bytes > MAX_ROW)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: the row in line %lld has more than %d MiB; is a quote not closed?",
                       t->source.path, (long long)t->line, MAX_ROW >> 20);
    count_line(t, piece, n);
    t->at += n;
    return DT_OK;
}

static dt_code parse_end(dt_table *t, dt_error *err)
{
    csv_set_opts(&t->parser, CSV_STRICT | CSV_STRICT_FINI |
                                 CSV_EMPTY_IS_NULL); /* only now: a quote must be closed */
    if (csv_fini(&t->parser, add_cell, end_row, t) != 0)
        return dt_fail(err, DT_ERR_DATA, "%s: a quote in the row of line %lld is not closed",
                       t->source.path, (long long)t->line);
    if (t->out_of_memory)
        return dt_fail(err, DT_ERR_MEMORY, "%s: line %lld: out of memory", t->source.path,
                       (long long)t->line);
    return DT_OK;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static dt_code check_columns(dt_table *t, dt_error *err)
{
    if (t->columns == 0) {
        t->columns = t->cell_count;
        t->first_line = t->line;
    }
    if (t->cell_count == t->columns)
        return DT_OK;
    return dt_fail(err, DT_ERR_DATA, "%s: line %lld has %lld column%s, line %lld has %lld",
                   t->source.path, (long long)t->line, (long long)t->cell_count,
                   dt_plural(t->cell_count), (long long)t->first_line, (long long)t->columns);
}

dt_code dt_table_next(dt_table *t, bool *found, dt_error *err)
{
    dt_code code = DT_OK;
    t->row_done = *found = false;
    t->cell_count = t->text_length = 0;
    while (!t->row_done && !code) {
        if (t->at == t->have)
            code = fill_buffer(t, err);
        if (code)
            return code;
        if (t->have == 0) {
            code = parse_end(t, err);
            break;
        }
        code = parse_piece(t, err);
    }
    t->in_row = false;
    if (code || !t->row_done)
        return code;
    *found = true;
    return check_columns(t, err);
}

const char *dt_table_cell(const dt_table *t, int64_t column)
{
    return t->text + t->cells[column];
}

dt_code dt_table_rewind(dt_table *t, dt_error *err)
{
    dt_code code = dt_input_seek(&t->source, 0, err);
    return code ? code : start_parser(t, err);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static dt_code find_separator(dt_table *t, char separator, char decimal, dt_error *err)
{
    dt_code code = start_parser(t, err);
    if (code)
        return code;
    if (t->have >= 2 &&
        (memcmp(t->buffer, "\xFF\xFE", 2) == 0 || memcmp(t->buffer, "\xFE\xFF", 2) == 0))
        return dt_fail(err, DT_ERR_DATA, "%s: is UTF-16 text; save it as UTF-8", t->source.path);
    if (dt_input_check_text(t->source.path, t->buffer, (size_t)t->have, err))
        return err->code;
    t->separator = separator
                       ? separator
                       : dt_separator_find(t->buffer + t->at, (size_t)(t->have - t->at), decimal);
    if (t->separator == ' ')
        make_tabs_blanks(t);
    csv_set_delim(&t->parser, (unsigned char)t->separator);
    return DT_OK;
}

dt_code dt_table_open(dt_table *t, const char *path, char separator, char decimal, dt_error *err)
{
    memset(t, 0, sizeof *t);
    t->separator = ',';
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return dt_fail(err, DT_ERR_FILE,
                       "%s: is not a regular file; a table is read twice, so store it as one",
                       path);
    dt_code code = dt_input_open(&t->source, path, err);
    if (code)
        return code;
    t->buffer = malloc(BUFFER);
    if (!t->buffer)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    return find_separator(t, separator, decimal, err);
}

void dt_table_close(dt_table *t)
{
    dt_input_close(&t->source);
    if (t->parsing)
        csv_free(&t->parser);
    t->parsing = false;
    free(t->buffer);
    free(t->text);
    free(t->cells);
    t->buffer = NULL;
    t->text = NULL;
    t->cells = NULL;
}
