/* Standardisation: mean 0 and variance 1 for each feature. The moments of the training rows are
 * measured in one pass, to the same bits on any number of ranks and in pieces of any size: rows are
 * added up in groups that never change (DT_GROUP_ROWS rows of the file), and the sums of the groups
 * exactly (core/exact_sum.h). */
#ifndef DT_DATA_NORMALIZER_H
#define DT_DATA_NORMALIZER_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

/* Rows of the file [g * DT_GROUP_ROWS, (g + 1) * DT_GROUP_ROWS) are to be one rank's. */
enum { DT_GROUP_ROWS = 16 };

/* What the model sees of a value is (x - mean) * scale, computed in double and rounded to float: a
 * mean of float's precision would be a good part of a small deviation away from a large mean. */
typedef struct {
    int64_t features;
    double *mean;  /* [features] */
    double *scale; /* [features] 1 / standard deviation; 1 for a feature that is constant */
} dt_normalizer;

/* Mean 0 and scale 1, to be filled in. Not collective. *normalizer is NULL after an error. */
dt_code dt_normalizer_create(dt_normalizer **normalizer, int64_t features, dt_error *err);

/* Whether every scale is above 0, as all that was measured is. True if normalizer is NULL. */
bool dt_normalizer_divides(const dt_normalizer *normalizer);

/* Normalise rows of floats [rows,features] in place; nothing if normalizer is NULL. */
void dt_normalizer_apply(const dt_normalizer *normalizer, int64_t rows, float *x);

/* Every rank gets rank 0's. Collective.
 *   normalizer  [in,out] NULL on all ranks but 0, where it may be NULL: then it is everywhere */
dt_code dt_normalizer_broadcast(const dt_world *world, int64_t features, dt_normalizer **normalizer,
                                dt_error *err);

/* Takes NULL. */
void dt_normalizer_destroy(dt_normalizer *normalizer);

/* ---- Measuring ------------------------------------------------------------------------------ */

typedef struct dt_moments dt_moments;

/* Start with no rows. Not collective.
 *   shift  [features] the first row that will be added by any rank, the same on every rank: sums
 *          are of differences to it, which keeps them small and makes them 0 for a constant feature */
dt_code dt_moments_create(dt_moments **moments, int64_t features, const float *shift,
                          dt_error *err);

/* Add rows [row, row + n) of the file, on the rank's threads; pieces come in the order of the file.
 *   x     [n,features]
 *   skip  [n] rows that are not trained on; NULL: none */
void dt_moments_add(dt_moments *moments, int64_t row, int64_t n, const float *x, const bool *skip);

/* Afterwards each rank's moments are those of the rows of all ranks. Collective. */
void dt_moments_sum(const dt_world *world, dt_moments *moments);

/* Mean and scale of the rows added; population variance. Not collective. */
dt_code dt_moments_normalizer(dt_moments *moments, dt_normalizer **normalizer, dt_error *err);

/* Takes NULL. */
void dt_moments_destroy(dt_moments *moments);

/* A rank's rows in memory. */
typedef struct {
    int64_t features, begin, count; /* begin: of the file, a multiple of DT_GROUP_ROWS */
    bool x_is_bytes;
    const void *x;    /* [count,features] float, or uint8_t */
    const bool *skip; /* [count]; NULL: none */
} dt_shard_rows;

/* All of the above for rows that lie in memory on every rank. Collective; *normalizer is NULL after
 * an error, which is the same on every rank. */
dt_code dt_normalizer_measure(dt_normalizer **normalizer, const dt_world *world,
                              const dt_shard_rows *rows, dt_error *err);

#endif
