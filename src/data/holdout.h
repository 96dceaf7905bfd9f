/* Which rows of a data set are held out for validation: a seeded choice, the same for any number of
 * ranks, that any rank can make for any row alone. Rows are taken in groups of 1024; each group
 * gives its even share, chosen at random within it. Not collective. */
#ifndef DT_DATA_HOLDOUT_H
#define DT_DATA_HOLDOUT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rows; /* of the data set */
    int64_t held; /* of them held out; 0: none */
    uint64_t seed;
} dt_holdout;

/* A share of the rows, 0 to below 1. */
static inline dt_holdout dt_holdout_of(int64_t rows, double share, uint64_t seed)
{
    return (dt_holdout){.rows = rows, .held = (int64_t)((double)rows * share + 0.5), .seed = seed};
}

/* Say of rows [row, row + n) whether they are held out.
 *   held  [out] [n] */
void dt_holdout_mark(const dt_holdout *holdout, int64_t row, int64_t n, bool *held);

/* How many of the rows before a row are held out; row <= rows. */
int64_t dt_holdout_before(const dt_holdout *holdout, int64_t row);

#endif
