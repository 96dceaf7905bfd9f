#ifndef DT_DATA_IMPORT_SEPARATOR_H
#define DT_DATA_IMPORT_SEPARATOR_H

#include <stddef.h>

/* Which of tab ; and , separates the cells of a table that begins with these bytes: the first of
 * them that gives each of the first rows the same number of cells, more than one; if none does, the
 * one that gives the first row most. In this order, since a comma may well stand in the numbers or
 * words of a table that is separated by one of the others, and hardly the other way round. */
char dt_separator_find(const unsigned char *text, size_t n);

#endif
