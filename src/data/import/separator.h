/* Finds the separator of a table. */
#ifndef DT_DATA_IMPORT_SEPARATOR_H
#define DT_DATA_IMPORT_SEPARATOR_H

#include <stddef.h>

/* The separator of a table that begins with these bytes: tab, semicolon or comma. It is the first
 * of them, in this order, that gives each of the first rows the same number of cells, more than
 * one. If none does, it is the one that gives the first row most cells. Numbers and words of a
 * table that has another separator may well contain commas; the opposite is rare. */
char dt_separator_find(const unsigned char *text, size_t n);

#endif
