/* What data_file.c, samples.c and targets.c share. */
#ifndef DT_DATA_DATA_FILE_INTERNAL_H
#define DT_DATA_DATA_FILE_INTERNAL_H

#include "data/columns.h"
#include "data/data_file.h"
#include "data/mapping.h"
#include "data/sample_map.h"

struct dt_data_file {
    dt_file_list x_files, y_files; /* y_files: empty if they are those of x */
    dt_columns *x, *y;             /* y: NULL if it is not read */
    dt_columns *weights;           /* NULL: there are none */
    bool accepts_gaps;             /* NaN in x is no error */
    bool mask_y, ignores;          /* missing values do not count, nor does a label: */
    double ignored;
    bool drop_x, drop_y; /* rows with missing values in x or in y are left out */
    dt_sequence sequence;
    int64_t width;         /* values in a row of x in the files */
    dt_sample_map samples; /* all zero: every row is a sample */
    dt_names words;        /* the classes, if y is strings */
    dt_x_units units;      /* of x, before it is known what a model takes */
    bool divides;          /* x is not bytes, and is divided by 255 */
    dt_data_file_info info;
    dt_mapping mapping;
    dt_schema_unused unused;
};

/* Find the samples, where rows are left out or a sample is several rows. Collective; an error is the
 * same on every rank. */
dt_code dt_data_file_find_samples(dt_data_file *file, const dt_world *world, dt_error *err);

/* The row of y of a sample. */
int64_t dt_data_file_target_row(const dt_data_file *file, int64_t sample);

/* Set rows of x that belong to no sample to zeros: they may have missing values. */
void dt_data_file_blank_unused(const dt_data_file *file, int64_t row, int64_t n, size_t row_bytes,
                               void *rows);

/* As dt_data_file_read_x, where not every row is a sample. */
dt_code dt_data_file_read_x_samples(dt_data_file *file, int64_t sample, int64_t n, void *out,
                                    dt_error *err);

/* As dt_columns_read and dt_columns_visit, of y and the weights of samples [sample, sample + n). The visitor gets
 * the number of the row, not of the sample. */
dt_code dt_data_file_read_samples(const dt_data_file *file, dt_columns *columns, int64_t sample,
                                  int64_t n, dt_values values, void *out, dt_error *err);
dt_code dt_data_file_visit_samples(const dt_data_file *file, int64_t sample, int64_t n,
                                   dt_text_visitor *visit, void *data, dt_error *err);

/* Where a value of y of a sample is. */
static inline dt_columns_place dt_data_file_find_target(const dt_data_file *file, int64_t sample,
                                                        int64_t column)
{
    return dt_columns_find(file->y, dt_data_file_target_row(file, sample), column);
}

/* Check values of rows [row, row + n), of x or of samples.
 *   samples  row is the number of a sample, of whose y or weights these values are
 *   gaps    NaN is accepted
 *   advice  the end of the message about NaN: what else can be done with it */
dt_code dt_data_file_check_finite(const dt_data_file *file, const dt_columns *columns, int64_t row,
                                  int64_t n, const float *values, bool gaps, bool samples,
                                  const char *advice, dt_error *err);

#endif
