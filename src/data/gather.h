/* Copies rows from where they lie in memory into arrays for the model. */
#ifndef DT_DATA_GATHER_H
#define DT_DATA_GATHER_H

#include "data/dataset.h"

/* The address of a row: its x and its y, as in dt_window. */
typedef struct {
    const char *x, *y;
} dt_row_address;

/* Copy rows from any addresses. Not collective; several threads may call it at the same time.
 *   address  [n]
 *   x        [out] [n,features] scaled and normalised, as the model gets it; rows are `stride`
 *            values apart
 *   y        [out] [n,outputs] float or [n] int32_t labels */
void dt_gather_rows(const dt_dataset *dataset, const dt_row_address *address, int64_t n, float *x,
                    int64_t stride, void *y);

/* Rows that lie one behind the other, as a row source for the engine. They must stay where they
 * are. */
typedef struct {
    const dt_dataset *dataset;
    const char *x, *y;
} dt_contiguous_rows;

dt_row_source dt_contiguous_row_source(const dt_contiguous_rows *rows);

/* The same of samples that share rows of x: those of a map, from its number `first` on, in the rows
 * of a rank. */
typedef struct {
    const dt_dataset *dataset;
    const dt_sample_map *map;
    int64_t first;
    int rank;
    const char *x, *y; /* x of the rank; y of the sample `first` */
} dt_shared_rows;

dt_row_source dt_shared_row_source(const dt_shared_rows *rows);

#endif
