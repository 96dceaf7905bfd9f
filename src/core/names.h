/* Ordered lists of names: the columns of a data set, or its classes. Not collective. */
#ifndef DT_CORE_NAMES_H
#define DT_CORE_NAMES_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t n;   /* 0: no names */
    char **name; /* [n]; owned, as are the names */
} dt_names;

/* Allocate a list of n names, each NULL. The caller calls dt_names_free, also after an error. */
dt_code dt_names_init(dt_names *names, int64_t n, dt_error *err);

/* Copy a list and its names. The caller calls dt_names_free, also after an error. */
dt_code dt_names_copy(dt_names *to, const dt_names *from, dt_error *err);

/* Free the list. A list of zeros is allowed. */
void dt_names_free(dt_names *names);

/* Return whether two lists have the same names in the same order. */
bool dt_names_equal(const dt_names *a, const dt_names *b);

/* Find the names of one list in another.
 *   in     the other list
 *   place  [out] [names->n] the index of each name in the other list; -1: it is not there
 *   twice  [out] a name that the other list has twice, borrowed; NULL: there is none
 * Returns DT_OK or DT_ERR_MEMORY. */
dt_code dt_names_find(const dt_names *names, const dt_names *in, int64_t *place, const char **twice,
                      dt_error *err);

/* Find a name in a list that is sorted by bytes.
 *   found  [out] whether it is there
 * Return its index, or the index where it belongs. */
int64_t dt_names_search(const dt_names *sorted, const char *name, bool *found);

/* Write the names in quotes, separated by commas. For a long list, write the first ones and the
 * number of all. Returns text. */
enum { DT_NAMES_TEXT = 280 };
const char *dt_names_list(const dt_names *names, char text[DT_NAMES_TEXT]);

#endif
