/* Prints text for people in lines that fit a terminal. Not collective. */
#ifndef DT_CORE_WRAP_H
#define DT_CORE_WRAP_H

#include <stdbool.h>
#include <stdio.h>

enum { DT_WRAP_COLUMNS = 80 }; /* the width of a terminal that does not tell its own */

/* Print text in lines of at most `width` columns, broken at blanks. Every line but the first begins
 * at column `indent`. The last line gets no line end. A UTF-8 character counts as one column.
 *   ends  a line may end only after one of these characters; NULL: after any
 *   at    the column where the first line begins
 * Returns false if writing to the stream failed. */
bool dt_print_wrapped(const char *text, const char *ends, int at, int indent, int width, FILE *to);

#endif
