/* How the rows of a file become those that a model takes, where both say what columns and classes
 * they have: by name. Found out on rank 0; every rank applies it to the rows that it reads. */
#ifndef DT_DATA_MAPPING_H
#define DT_DATA_MAPPING_H

#include "data/schema.h"

#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int64_t *column;       /* [features] of x in the file, that is the model's; NULL: as they are */
    int64_t *target;       /* [y_width] the same of y */
    int64_t classes;       /* that the file has names for; 0: it names none */
    int64_t *label;        /* [classes] the model's class for each of the file's; NULL: the same */
    int64_t model_classes; /* that the model has names for; 0: none are named */
    bool unit;             /* x must lie from 0 to 1, as bytes divided by 255 do */
    bool flags;            /* x is bytes, and must be 0 or 1 */
} dt_mapping;

/* What a mapping is made of, on rank 0. */
typedef struct {
    const char *path, *x, *y; /* of the file, for messages */
    const dt_schema *data;
    bool x_is_bytes;
    const char *whose;      /* "the model in run/best.h5" */
    const dt_schema *model; /* NULL: there is none, the file stands for itself */
} dt_mapping_sides;

/* Not collective. DT_ERR_SHAPE names what does not fit. */
dt_code dt_mapping_make(dt_mapping *mapping, const dt_mapping_sides *sides, dt_error *err);

/* Every rank gets rank 0's. Collective.
 *   mapping  [in,out] all zero on all ranks but 0
 *   features, y_width  the same on every rank */
dt_code dt_mapping_broadcast(const dt_world *world, dt_mapping *mapping, int64_t features,
                             int64_t y_width, dt_error *err);

/* Put the columns of rows into another order, in place.
 *   column  [width], or NULL: nothing is done
 *   rows    [n,width] values of 1 or 4 bytes */
dt_code dt_mapping_order(const int64_t *column, int64_t width, size_t size, int64_t n, void *rows,
                         dt_error *err);

/* Safe on one that is all zero. */
void dt_mapping_free(dt_mapping *mapping);

#endif
