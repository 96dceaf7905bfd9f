/* Which rows of a data set are held out for validation. The choice is the same for any number of
 * ranks, and any rank can compute it for any row alone.
 *
 *   a fraction  seeded: rows are taken in groups of 1024, and each group holds out its even share,
 *               chosen at random within the group
 *   a fold      the K-th of N parts that are chosen so, and have no row in common
 *   the last    so many rows at the end of each file
 *
 * Not collective. */
#ifndef DT_DATA_HOLDOUT_H
#define DT_DATA_HOLDOUT_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rows; /* of the data set */
    int64_t held; /* rows that are held out; 0: none */
    uint64_t seed;
    int64_t skipped; /* rows of the folds before this one */
    /* Of the last rows of each file; NULL: rows are chosen at random. */
    int64_t files;
    const int64_t *begin; /* [files + 1] first row of each; borrowed */
    int64_t *before;      /* [files + 1] rows held out of the files before each; owned */
} dt_holdout;

/* Hold out this fraction of the rows, from 0 to below 1. */
static inline dt_holdout dt_holdout_of(int64_t rows, double fraction, uint64_t seed)
{
    return (dt_holdout){
        .rows = rows, .held = (int64_t)((double)rows * fraction + 0.5), .seed = seed};
}

/* Hold out fold k of n, 0 <= k < n. */
dt_holdout dt_holdout_fold(int64_t rows, int64_t k, int64_t n, uint64_t seed);

/* Hold out this fraction of the rows of each file, the last ones. To be ended with dt_holdout_free,
 * also after an error. */
dt_code dt_holdout_last(dt_holdout *holdout, int64_t files, const int64_t *begin, double fraction,
                        dt_error *err);

/* Which of the rows [row, row + n) are held out.
 *   held  [out] [n] */
void dt_holdout_mark(const dt_holdout *holdout, int64_t row, int64_t n, bool *held);

/* The number of held-out rows before a row; row <= rows. */
int64_t dt_holdout_before(const dt_holdout *holdout, int64_t row);

/* Also for a holdout that is all zero. */
void dt_holdout_free(dt_holdout *holdout);

#endif
