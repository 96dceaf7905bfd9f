/* What a data set looks like, to warn of data that trains badly: noted of the rows that are read at
 * the start anyway; of a data set that is then not read, of its first rows. */
#ifndef DT_DATA_PROFILE_H
#define DT_DATA_PROFILE_H

#include "data/column_stats.h"
#include "data/data_file.h"

enum { DT_PROFILE_CLASSES = 1 << 16 }; /* of more the rows are not counted */

typedef struct {
    dt_y_kind kind;
    dt_column_stats x,
        y; /* before normalisation; n is 0: nothing is noted of them, as of bytes, and
                        of y unless it is DT_Y_TARGETS */
    int64_t *class_count; /* [DT_PROFILE_CLASSES] rows of each class that are trained on; NULL: they
                             are not counted */
} dt_profile;

/* Begin. Not collective. To be ended with dt_profile_free, also after an error. */
dt_code dt_profile_init(dt_profile *look, const dt_data_file_info *info, dt_y_kind kind,
                        dt_error *err);

/* Note rows [row, row + n) of the file. Not collective.
 *   x, y  as dt_data_file_read_x and _y have them; NULL where they are not read
 *   held  [n] rows that are not trained on; NULL: none */
void dt_profile_add(dt_profile *look, int64_t row, int64_t n, const void *x, const void *y,
                    const bool *held);

/* The same of the first n rows of a file, which are read for it. */
dt_code dt_profile_read(dt_profile *look, dt_data_file *file, int64_t n, bool x, bool y,
                        dt_error *err);

/* Afterwards every rank has noted what any has. Collective.
 *   outputs  of y; for labels the classes */
dt_code dt_profile_sum(const dt_world *world, dt_profile *look, int64_t outputs, dt_error *err);

/* Safe on one that is all zero. */
void dt_profile_free(dt_profile *look);

#endif
