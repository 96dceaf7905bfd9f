/* What the rows of a data set mean: the names of the columns of x and y and of the classes, and the
 * units of x. A model keeps that of the data that it was trained on. Only rank 0 has it. */
#ifndef DT_DATA_SCHEMA_H
#define DT_DATA_SCHEMA_H

#include "core/names.h"

#include <hdf5.h>
#include <stdio.h>

/* The units of x as the model sees it, before it is normalised. */
typedef enum {
    DT_X_UNKNOWN, /* of a model that an older program trained */
    DT_X_NUMBERS, /* the file's numbers */
    DT_X_BYTES,   /* uint8, divided by 255 */
    DT_X_FLAGS,   /* the same, and none was above 1: were they meant to be divided? */
} dt_x_units;

typedef struct {
    dt_names columns; /* of x; none, or as many as a row has values */
    dt_names targets; /* of y; the same */
    dt_names classes; /* that the numbers 0, 1, ... in y stand for */
    dt_x_units units;
} dt_schema;

/* One of the two datasets. */
typedef struct {
    const char *path, *name; /* for messages */
    hid_t id;                /* negative: it was not asked for */
    int64_t width;           /* values in a row */
} dt_schema_set;

/* Attributes that should have been names, in words; "": there is none. */
enum { DT_SCHEMA_LISTS = 3, DT_SCHEMA_TEXT = 512 };
typedef struct {
    char line[DT_SCHEMA_LISTS][DT_SCHEMA_TEXT];
} dt_schema_unused;

/* The names in the attributes of two open datasets: "columns" of x and of y, "classes" of y. Lists
 * that do not have one name for each value of a row are not taken. Not collective.
 *   unused  [out] those */
dt_code dt_schema_read(dt_schema *schema, const dt_schema_set *x, const dt_schema_set *y,
                       dt_schema_unused *unused, dt_error *err);

/* Take from another schema what is not known in this one. Not collective. */
dt_code dt_schema_complete(dt_schema *schema, const dt_schema *from, dt_error *err);

/* The names, a line for each kind that is known.
 *   column  where the names begin; 0: right behind the label */
void dt_schema_print(const dt_schema *schema, int column, FILE *to);

/* Safe on one that is all zero. */
void dt_schema_free(dt_schema *schema);

#endif
