/* Finds the separator of a table. */
#ifndef DT_DATA_IMPORT_SEPARATOR_H
#define DT_DATA_IMPORT_SEPARATOR_H

#include <stddef.h>

/* The separator of a table that begins with these bytes: tab, semicolon, bar, comma or ' ' (blanks
 * and tabs, any number of which count as one). It is the first of them, in this order, that gives
 * each of the first rows the same number of cells, more than one. If none does, it is the one of
 * the first four that gives the first row most cells. Numbers and words of a table that has another
 * separator may well contain commas and blanks; the opposite is rare. A comma comes last where it
 * is the decimal sign. */
char dt_separator_find(const unsigned char *text, size_t n, char decimal);

#endif
