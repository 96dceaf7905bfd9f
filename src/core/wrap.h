/* Text for people, in lines that fit a terminal. */
#ifndef DT_CORE_WRAP_H
#define DT_CORE_WRAP_H

#include <stdbool.h>
#include <stdio.h>

enum { DT_WRAP_COLUMNS = 80 }; /* of a terminal that does not say how many it has */

/* Print text, broken at blanks into lines of at most `width` columns, of which all but the first
 * begin at column `indent`; no line end follows the last. A character of UTF-8 takes one column.
 *   ends  the characters behind which a line may end; NULL: any
 *   at    the column that the line has reached
 * Returns false where the stream failed. */
bool dt_print_wrapped(const char *text, const char *ends, int at, int indent, int width, FILE *to);

#endif
