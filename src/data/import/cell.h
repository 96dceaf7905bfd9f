/* The kind of a cell of a table: empty, a word, or a kind of number. */
#ifndef DT_DATA_IMPORT_CELL_H
#define DT_DATA_IMPORT_CELL_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    DT_CELL_EMPTY,
    DT_CELL_WORD,
    DT_CELL_WHOLE,     /* digits, perhaps with a sign, within int64 */
    DT_CELL_REAL,      /* any other decimal number, finite as a double */
    DT_CELL_NONFINITE, /* nan, inf, or too large for a double */
} dt_cell_kind;

typedef struct {
    dt_cell_kind kind;
    double real;   /* WHOLE and REAL */
    int64_t whole; /* WHOLE */
} dt_cell;

/* Parse a cell. The current locale must have the point as its decimal sign. */
dt_cell dt_cell_parse(const char *text);

/* The number in a cell as float32. Returns false if the cell has no number that is finite as
 * float32. */
bool dt_cell_float(const char *text, float *value);

/* Whether text means a missing value, as NA, null and ? do. */
bool dt_cell_missing(const char *text);

/* Whether a word looks like a number in another notation: with a decimal comma, a thousands
 * separator ("1,163.74", "1 000"), or a sign of money or per cent. */
bool dt_cell_is_odd_number(const char *text);

#endif
