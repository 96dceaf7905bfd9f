/* What the rows of a data set mean: the names of the columns of x and y and of the classes, and the
 * units of x. A model keeps the schema of the data that it was trained on. Only rank 0 has it. */
#ifndef DT_DATA_SCHEMA_H
#define DT_DATA_SCHEMA_H

#include "core/names.h"

#include <dtrain/status.h>
#include <stdint.h>
#include <stdio.h>

/* The units of x before it is normalised. */
typedef enum {
    DT_X_UNKNOWN, /* the model was trained by an older program */
    DT_X_NUMBERS, /* the numbers of the file */
    DT_X_BYTES,   /* uint8, divided by 255 */
    DT_X_AS_IS,   /* --x-scale none: the numbers of the file, uint8 too */
    DT_X_DIVIDED, /* --x-scale 255: numbers of any type, divided by 255 */
    DT_X_FLAGS, /* uint8, divided by 255, none above 1: perhaps they were not meant to be divided */
} dt_x_units;

/* A sample of a time series: `length` consecutive rows of x, and the row of y that comes `horizon`
 * rows after the last of them; every `stride`-th row of a file begins one. All zero: a sample is a
 * row. */
typedef struct {
    int64_t length, horizon, stride;
} dt_sequence;

/* The rows of x of a sample. */
static inline int64_t dt_sequence_rows(const dt_sequence *s)
{
    return s->length > 0 ? s->length : 1;
}

typedef struct {
    dt_names columns; /* of x: none, or one for each value of a row of the file */
    dt_names targets; /* the same for y */
    dt_names classes; /* the names of the classes 0, 1, ... in y */
    dt_x_units units;
    dt_sequence sequence;
} dt_schema;

/* Lines about attributes that should be lists of names and are not; "": none. */
enum { DT_SCHEMA_LISTS = 3, DT_SCHEMA_TEXT = 512 };
typedef struct {
    char line[DT_SCHEMA_LISTS][DT_SCHEMA_TEXT];
} dt_schema_unused;

/* Fill in what this schema does not have from another one. Not collective. */
dt_code dt_schema_complete(dt_schema *schema, const dt_schema *from, dt_error *err);

/* The names, a line for each kind that is known.
 *   column  where the names begin; 0: right behind the label */
void dt_schema_print(const dt_schema *schema, int column, FILE *to);

/* Also for a schema that is all zero. */
void dt_schema_free(dt_schema *schema);

#endif
