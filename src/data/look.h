/* What a data set looks like, to warn of data that trains badly: noted of the rows that are read at
 * the start anyway; of a data set that is then not read, of its first rows. */
#ifndef DT_DATA_LOOK_H
#define DT_DATA_LOOK_H

#include "data/columns.h"
#include "data/source.h"

enum { DT_LOOK_CLASSES = 1 << 16 }; /* of more the rows are not counted */

typedef struct {
    dt_y_kind kind;
    dt_columns x, y; /* before normalisation; n is 0: nothing is noted of them, as of bytes, and
                        of y unless it is DT_Y_TARGETS */
    int64_t *class_count; /* [DT_LOOK_CLASSES] rows of each class that are trained on; NULL: they
                             are not counted */
} dt_look;

/* Begin. Not collective. To be ended with dt_look_free, also after an error. */
dt_code dt_look_init(dt_look *look, const dt_source_facts *facts, dt_y_kind kind, dt_error *err);

/* Note rows [row, row + n) of the file. Not collective.
 *   x, y  as dt_source_read_x and _y have them; NULL where they are not read
 *   held  [n] rows that are not trained on; NULL: none */
void dt_look_add(dt_look *look, int64_t row, int64_t n, const void *x, const void *y,
                 const bool *held);

/* The same of the first n rows of a source, which are read for it. */
dt_code dt_look_start(dt_look *look, dt_source *source, int64_t n, bool x, bool y, dt_error *err);

/* Afterwards every rank has noted what any has. Collective.
 *   outputs  of y; for labels the classes */
dt_code dt_look_share(const dt_world *world, dt_look *look, int64_t outputs, dt_error *err);

/* Safe on one that is all zero. */
void dt_look_free(dt_look *look);

#endif
