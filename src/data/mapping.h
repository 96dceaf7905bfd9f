/* How the rows of a file become the rows that a model takes. Where both the file and the model have
 * names of columns and classes, these are matched by name. Rank 0 finds the mapping; every rank
 * applies it to the rows that it reads. */
#ifndef DT_DATA_MAPPING_H
#define DT_DATA_MAPPING_H

#include "data/schema.h"

#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int64_t *column;       /* [features] the number in the file of each column; NULL: the same */
    int64_t *target;       /* [y_width] the same for the columns of y */
    int64_t classes;       /* classes that the file names; 0: none */
    int64_t *label;        /* [classes] the model's number of each class; NULL: the same */
    int64_t model_classes; /* classes that the model names; 0: none */
    bool raw;              /* x is bytes, which are not divided by 255 */
    bool divide;           /* x is not bytes, and is divided by 255 all the same */
    bool unit;             /* values of x must be from 0 to 1, as bytes divided by 255 are */
    bool flags;            /* x is bytes, and its values must be 0 or 1 */
} dt_mapping;

/* What rank 0 makes a mapping from. */
typedef struct {
    const char *path, *x, *y; /* the file and its datasets, for messages */
    const dt_schema *data;
    const char *whose;      /* "the model in run/best.h5" */
    const dt_schema *model; /* NULL: there is no model, and the file is taken as it is */
} dt_mapping_sides;

/* Not collective. DT_ERR_SHAPE names the columns or classes that do not fit. */
dt_code dt_mapping_make(dt_mapping *mapping, const dt_mapping_sides *sides, dt_error *err);

/* Rank 0 sends its mapping to all ranks. Collective.
 *   mapping  [in,out] all zero on all ranks except 0
 *   features, y_width  the same on every rank */
dt_code dt_mapping_broadcast(const dt_world *world, dt_mapping *mapping, int64_t features,
                             int64_t y_width, dt_error *err);

/* Put the columns of rows into another order, in place.
 *   column  [width]; NULL: do nothing
 *   rows    [n,width] values of 1 or 4 bytes */
dt_code dt_mapping_order(const int64_t *column, int64_t width, size_t size, int64_t n, void *rows,
                         dt_error *err);

/* Also for a mapping that is all zero. */
void dt_mapping_free(dt_mapping *mapping);

#endif
