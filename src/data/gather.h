/* Rows from where they lie in memory to where the model sees them. */
#ifndef DT_DATA_GATHER_H
#define DT_DATA_GATHER_H

#include "data/dataset.h"

/* Where a row lies: its x and its y, as in dt_window. */
typedef struct {
    const char *x, *y;
} dt_row_address;

/* Copy rows from anywhere. Not collective; for threads at once.
 *   place  [n]
 *   x      [out] [n,features] rows stride values apart, scaled and normalised as the model sees
 *          them
 *   y      [out] [n,outputs] float or [n] int32_t labels */
void dt_gather_rows(const dt_dataset *dataset, const dt_row_address *address, int64_t n, float *x,
                    int64_t stride, void *y);

/* Rows that lie one behind the other: as a feed for the engine, while they stay where they are. */
typedef struct {
    const dt_dataset *dataset;
    const char *x, *y;
} dt_contiguous_rows;

dt_row_source dt_contiguous_row_source(const dt_contiguous_rows *rows);

#endif
