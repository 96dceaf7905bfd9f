/* A data set whose columns, words and classes a table is to have too (--like). Not collective. */
#ifndef DT_DATA_IMPORT_LIKE_H
#define DT_DATA_IMPORT_LIKE_H

#include "core/names.h"

typedef struct {
    const char *path; /* borrowed; NULL: there is none */
    dt_names columns; /* of x: "width", "color=red"; n is 0: they have no names */
    int64_t width;    /* columns of x */
    dt_names targets; /* columns of y; n is 0: they have no names */
    dt_names classes; /* in the order of their bytes; n is 0: y has numbers, or there is no y */
    char y_kind;      /* 'f' floats, 'i' whole numbers, '\0': there is no y */
} dt_like;

/* Read the names of a data set. To be ended with dt_like_free, also after an error. */
dt_code dt_like_read(dt_like *like, const char *path, dt_error *err);

/* Also for one that is all zero. */
void dt_like_free(dt_like *like);

#endif
