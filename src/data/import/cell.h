/* The kind of a cell of a table: empty, a word, or a kind of number. */
#ifndef DT_DATA_IMPORT_CELL_H
#define DT_DATA_IMPORT_CELL_H

#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

/* How the cells of a table are written. All zero: a decimal point, no thousands separator. */
typedef struct {
    char decimal;     /* 0: a point */
    char thousands;   /* 0: none */
    dt_names missing; /* words that stand for a missing value, besides those known; owned */
} dt_cell_style;

typedef enum {
    DT_CELL_EMPTY,
    DT_CELL_WORD,
    DT_CELL_WHOLE,     /* digits, perhaps with a sign, within int64 */
    DT_CELL_REAL,      /* any other decimal number, finite as a double */
    DT_CELL_NONFINITE, /* nan, inf, or too large for a double */
} dt_cell_kind;

typedef struct {
    dt_cell_kind kind;
    double real;   /* WHOLE and REAL; nan or inf for NONFINITE */
    int64_t whole; /* WHOLE */
} dt_cell;

/* Parse a cell. The current locale must have the point as its decimal sign. */
dt_cell dt_cell_parse(const dt_cell_style *style, const char *text);

/* Whether a cell of this kind has a number, be it finite or not. */
static inline bool dt_cell_is_number(dt_cell cell)
{
    return cell.kind == DT_CELL_WHOLE || cell.kind == DT_CELL_REAL;
}

/* The number in a cell as float32. Returns false if the cell has no number that is finite as
 * float32. */
bool dt_cell_float(const dt_cell_style *style, const char *text, float *value);

/* "True" and "False" in any case, as pandas writes booleans. */
bool dt_cell_flag(const char *text, float *value);

/* Whether a value is missing in a cell: an empty one, nan, a word that pandas reads so (NA, null,
 * None), a question mark, or a word of the style. */
bool dt_cell_is_gap(const dt_cell_style *style, const char *text);

/* Whether it is one of the words of the style. */
bool dt_cell_is_listed(const dt_cell_style *style, const char *text);

/* Whether a word may stand for a missing value, as "-" and "none" do too. */
bool dt_cell_missing(const char *text);

/* Whether a word looks like a number in another notation: with a decimal comma, a thousands
 * separator ("1,163.74", "1 000"), or a sign of money or per cent. */
bool dt_cell_is_odd_number(const char *text);

#endif
