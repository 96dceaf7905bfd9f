/* Statistics of a data set, by which the program warns of data that trains badly. They are taken
 * from the rows that are read at the start anyway; if none is read then, from the first rows. */
#ifndef DT_DATA_PROFILE_H
#define DT_DATA_PROFILE_H

#include "data/column_stats.h"
#include "data/data_file.h"

enum { DT_PROFILE_CLASSES = 1 << 16 }; /* rows of larger labels are not counted */

typedef struct {
    dt_y_kind kind;
    int64_t y_stride; /* of labels: 2 where weights stand between them */
    /* Before normalisation. n is 0 where nothing is kept: x of bytes, and y that is not
     * DT_Y_TARGETS. */
    dt_column_stats x, y;
    int64_t *class_count; /* [DT_PROFILE_CLASSES] rows of each class that are trained on; NULL: y is
                             not labels */
} dt_profile;

/* Start an empty profile. Not collective. To be ended with dt_profile_free, also after an error. */
dt_code dt_profile_init(dt_profile *profile, const dt_data_file_info *info, dt_y_kind kind,
                        dt_error *err);

/* Add rows [row, row + n) of the file. Not collective.
 *   x, y  as dt_data_file_read_x and _read_y give them; NULL: not read
 *   held  [n] true for rows that are not trained on; NULL: none */
void dt_profile_add(dt_profile *profile, int64_t row, int64_t n, const void *x, const void *y,
                    const bool *held);

/* Afterwards every rank has the profile of the rows of all ranks. Collective.
 *   outputs  values in a row of y; for labels the number of classes */
dt_code dt_profile_sum(const dt_world *world, dt_profile *profile, int64_t outputs, dt_error *err);

/* Also for a profile that is all zero. */
void dt_profile_free(dt_profile *profile);

#endif
