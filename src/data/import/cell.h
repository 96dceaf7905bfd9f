/* What a cell of a table is: nothing, a word, or a number of some kind. */
#ifndef DT_DATA_IMPORT_CELL_H
#define DT_DATA_IMPORT_CELL_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    DT_CELL_EMPTY,
    DT_CELL_WORD,
    DT_CELL_WHOLE,     /* digits with or without a sign, within int64 */
    DT_CELL_REAL,      /* any other decimal number, finite as a double */
    DT_CELL_NONFINITE, /* nan, inf, or too large for a double */
} dt_cell_kind;

typedef struct {
    dt_cell_kind kind;
    double real;   /* WHOLE and REAL */
    int64_t whole; /* WHOLE */
} dt_cell;

/* Numbers are read by the current locale, which must have the point as its decimal sign. */
dt_cell dt_cell_parse(const char *text);

/* The number in a cell as float32; false if there is none, or none that is finite as float32. */
bool dt_cell_float(const char *text, float *value);

/* Whether text is what tables put where a value is missing: NA, null, ?, ... */
bool dt_cell_missing(const char *text);

/* Whether a cell that is a word looks like a number in another writing: a decimal comma, thousands
 * ("1,163.74", "1 000"), a sign of money or per cent. */
bool dt_cell_is_odd_number(const char *text);

#endif
