/* A CSV file as rows of cells. This file handles quotes, line ends, the byte order mark, blank
 * lines, gzip and the separator, which may be runs of blanks. Not collective. */
#ifndef DT_DATA_IMPORT_TABLE_H
#define DT_DATA_IMPORT_TABLE_H

#include "data/import/input.h"

#include <csv.h>
#include <stdbool.h>

typedef struct {
    dt_input source;
    char separator;
    int64_t columns;    /* of every row; 0 before the first */
    int64_t first_line; /* line of the file in which the first row begins */
    int64_t line;       /* line in which the current row begins, counted from 1 */

    struct csv_parser parser;
    bool parsing; /* parser is to be freed */
    unsigned char *buffer;
    int64_t have, at;  /* bytes in buffer; the next one to parse */
    int64_t file_line; /* line of the next byte */
    bool after_cr;     /* the byte before the next one is a carriage return */
    bool in_row;       /* the next byte belongs to a row that has begun */
    int64_t row_bytes; /* of the row under way */
    bool row_done;     /* a row is complete */
    bool out_of_memory;
    char *text; /* the cells of the row, each ended by a NUL */
    int64_t text_length, text_capacity;
    int64_t *cells; /* [cell_count] where in text each begins */
    int64_t cell_count, cell_capacity;
} dt_table;

/* Open a table. To be closed, also after an error.
 *   separator  as in dt_convert_options; '\0': it is found
 *   decimal    the decimal sign, by which the separator is found */
dt_code dt_table_open(dt_table *table, const char *path, char separator, char decimal,
                      dt_error *err);
void dt_table_close(dt_table *table);

/* Go to the next row; *found is false at the end. A row with another number of columns than the
 * first is an error. */
dt_code dt_table_next(dt_table *table, bool *found, dt_error *err);

/* A cell of the current row, valid until the next step; column counts from 0. */
const char *dt_table_cell(const dt_table *table, int64_t column);

/* Go back to the begin of the table. */
dt_code dt_table_rewind(dt_table *table, dt_error *err);

#endif
