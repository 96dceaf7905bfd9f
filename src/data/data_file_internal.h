/* What data_file.c and targets.c share. */
#ifndef DT_DATA_DATA_FILE_INTERNAL_H
#define DT_DATA_DATA_FILE_INTERNAL_H

#include "data/columns.h"
#include "data/data_file.h"
#include "data/mapping.h"

struct dt_data_file {
    dt_file_list x_files, y_files; /* y_files: empty if they are those of x */
    dt_columns *x, *y;             /* y: NULL if it is not read */
    dt_columns *weights;           /* NULL: there are none */
    bool accepts_gaps;             /* NaN in x is no error */
    bool mask_y, ignores;          /* missing values do not count, nor does a label: */
    double ignored;
    dt_names words;   /* the classes, if y is strings */
    dt_x_units units; /* of x, before it is known what a model takes */
    bool divides;     /* x is not bytes, and is divided by 255 */
    dt_data_file_info info;
    dt_mapping mapping;
    dt_schema_unused unused;
};

/* Check values of rows [row, row + n).
 *   gaps    NaN is accepted
 *   advice  the end of the message about NaN: what else can be done with it */
dt_code dt_data_file_check_finite(const dt_columns *columns, int64_t row, int64_t n,
                                  const float *values, bool gaps, const char *advice,
                                  dt_error *err);

#endif
