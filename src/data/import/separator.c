#include "data/import/separator.h"

#include <csv.h>
#include <stdbool.h>
#include <stdint.h>

enum { ROWS = 20 /* looked at */ };

typedef struct {
    bool blanks; /* blanks separate: empty cells are none */
    int64_t cells, rows;
    int64_t first; /* cells in the first row */
    bool even;     /* every row has as many */
} shape;

static void count_cell(void *text, size_t n, void *data)
{
    shape *s = data;
    (void)n;
    s->cells += text || !s->blanks;
}

static void count_row(int end, void *data)
{
    (void)end;
    shape *s = data;
    if (s->cells == 0)
        return;
    if (s->rows == 0)
        s->first = s->cells;
    s->even = s->even && s->cells == s->first;
    s->rows++;
    s->cells = 0;
}

static shape measure_rows(const unsigned char *text, size_t n, char separator)
{
    shape s = {.even = true, .blanks = separator == ' '};
    struct csv_parser parser;
    if (csv_init(&parser, 0) != 0)
        return s;
    csv_set_delim(&parser, (unsigned char)separator);
    csv_set_blk_size(&parser, 4096);
    csv_set_opts(&parser, CSV_EMPTY_IS_NULL);
    while (n > 0 && s.rows < ROWS) {
        size_t piece = 0;
        while (piece < n && text[piece] != '\n' && text[piece] != '\r')
            piece++;
        piece += piece < n;
        csv_parse(&parser, text, piece, count_cell, count_row, &s);
        text += piece;
        n -= piece;
    }
    if (s.rows == 0) /* one long line; otherwise the last one may be cut and says nothing */
        csv_fini(&parser, count_cell, count_row, &s);
    csv_free(&parser);
    return s;
}

char dt_separator_find(const unsigned char *text, size_t n, char decimal)
{
    const char *candidates = decimal == ',' ? "\t;| ," : "\t;|, ";
    char best = ',';
    int64_t max_cells = 1;
    for (const char *c = candidates; *c; c++) {
        shape s = measure_rows(text, n, *c);
        if (s.even && s.first > 1)
            return *c;
        if (s.first > max_cells && *c != ' ') {
            max_cells = s.first;
            best = *c;
        }
    }
    return best;
}
