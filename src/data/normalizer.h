/* Scaling of the features: to mean 0 and variance 1, to the range from 0 to 1, or as a file says; and
 * what takes the place of a missing value. The moments of the training rows are measured in one
 * pass. They have the same bits on any number of ranks, and however many rows are
 * added at a time: rows are added up in groups that never change (DT_GROUP_ROWS rows of the file),
 * and the sums of the groups are added exactly (core/exact_sum.h). */
#ifndef DT_DATA_NORMALIZER_H
#define DT_DATA_NORMALIZER_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

/* One rank must have all rows [g * DT_GROUP_ROWS, (g + 1) * DT_GROUP_ROWS) of the file. */
enum { DT_GROUP_ROWS = 16 };

/* The model gets (x - mean) * scale, computed in double and rounded to float. If the mean were a
 * float, its rounding error could be a large part of a small deviation from a large mean. */
typedef struct {
    int64_t features;
    double *mean;  /* [features] */
    double *scale; /* [features] 1 / standard deviation; 1 for a constant feature */
    double *fill;  /* [features] what a NaN becomes before it is scaled; NULL: it stays */
} dt_normalizer;

/* Create one with mean 0 and scale 1. Not collective. *normalizer is NULL after an error. */
dt_code dt_normalizer_create(dt_normalizer **normalizer, int64_t features, dt_error *err);

/* Replace NaN, for now by the mean 0 of each feature. Not collective. */
dt_code dt_normalizer_add_fill(dt_normalizer *normalizer, dt_error *err);

/* Create one whose features are those of `from`, so many times one behind the other. Not
 * collective. */
dt_code dt_normalizer_repeat(dt_normalizer **normalizer, const dt_normalizer *from, int64_t times,
                             dt_error *err);

/* Read mean and standard deviation of the features from datasets of a file. A deviation of 0 counts
 * as 1, as in scikit-learn. Collective; an error is the same on every rank.
 *   path        file with the datasets "mean" and "std", each of as many numbers as there are
 *               features
 *   normalizer  [out] NULL after an error */
dt_code dt_normalizer_read(dt_normalizer **normalizer, const dt_world *world, const char *path,
                           int64_t features, dt_error *err);

/* The same for targets, from the datasets "y_mean" and "y_std" if these are there. */
dt_code dt_normalizer_read_targets(dt_normalizer **normalizer, const dt_world *world,
                                   const char *path, int64_t targets, dt_error *err);

/* Whether every scale is above 0, as every measured scale is. True if normalizer is NULL. */
bool dt_normalizer_divides(const dt_normalizer *normalizer);

/* Normalise x [rows,features] in place. Does nothing if normalizer is NULL. */
void dt_normalizer_apply(const dt_normalizer *normalizer, int64_t rows, float *x);

/* The same for targets [rows,features], which lie `stride` values apart; NaN stays. */
void dt_normalizer_apply_targets(const dt_normalizer *normalizer, int64_t rows, int64_t stride,
                                 float *y);

/* The value that has become this one, of a feature; the value itself if normalizer is NULL. */
double dt_normalizer_undo(const dt_normalizer *normalizer, int64_t feature, double value);

/* Rank 0 sends its normalizer to all ranks. Collective.
 *   normalizer  [in,out] NULL on all ranks except 0; if it is NULL on rank 0, it stays NULL */
dt_code dt_normalizer_broadcast(const dt_world *world, int64_t features, dt_normalizer **normalizer,
                                dt_error *err);

/* Takes NULL. */
void dt_normalizer_destroy(dt_normalizer *normalizer);

/* ---- Measuring ------------------------------------------------------------------------------ */

typedef struct dt_moments dt_moments;

/* Start with no rows. Not collective.
 *   shift  [features] the first row that any rank will add, the same on every rank. The sums are of
 *          differences from it: these are small, and exactly 0 for a constant feature */
dt_code dt_moments_create(dt_moments **moments, int64_t features, const float *shift,
                          dt_error *err);

/* Before the first row: leave out NaN, and measure ranges. Not collective. */
dt_code dt_moments_leave_out(dt_moments *moments, dt_error *err);
dt_code dt_moments_want_ranges(dt_moments *moments, dt_error *err);

/* Add rows [row, row + n) of the file, on the rank's threads. The calls are in the order of the
 * file.
 *   x     [n,features]
 *   skip  [n] true for rows that are not trained on; NULL: none */
void dt_moments_add(dt_moments *moments, int64_t row, int64_t n, const float *x, const bool *skip);

/* Afterwards every rank has the moments of the rows of all ranks. Collective. */
void dt_moments_sum(const dt_world *world, dt_moments *moments);

/* What is to become of the features. */
typedef enum {
    DT_SCALE_NONE,
    DT_SCALE_STANDARD, /* mean 0 and population variance 1 */
    DT_SCALE_MINMAX,   /* from 0 to 1; a constant feature becomes 0 */
} dt_scaling;

/* The normalizer of the added rows. If NaN was left out, it is filled with the mean. Not
 * collective. */
dt_code dt_moments_normalizer(dt_moments *moments, dt_scaling scaling, dt_normalizer **normalizer,
                              dt_error *err);

/* Takes NULL. */
void dt_moments_destroy(dt_moments *moments);

#endif
