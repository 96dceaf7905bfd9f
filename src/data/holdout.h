/* Which rows of a data set are held out for validation. The choice is seeded and the same for any
 * number of ranks; any rank can compute it for any row alone. Rows are taken in groups of 1024;
 * each group holds out its even share, chosen at random within the group. Not collective. */
#ifndef DT_DATA_HOLDOUT_H
#define DT_DATA_HOLDOUT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rows; /* of the data set */
    int64_t held; /* rows that are held out; 0: none */
    uint64_t seed;
} dt_holdout;

/* Hold out this fraction of the rows, from 0 to below 1. */
static inline dt_holdout dt_holdout_of(int64_t rows, double fraction, uint64_t seed)
{
    return (dt_holdout){
        .rows = rows, .held = (int64_t)((double)rows * fraction + 0.5), .seed = seed};
}

/* Which of the rows [row, row + n) are held out.
 *   held  [out] [n] */
void dt_holdout_mark(const dt_holdout *holdout, int64_t row, int64_t n, bool *held);

/* The number of held-out rows before a row; row <= rows. */
int64_t dt_holdout_before(const dt_holdout *holdout, int64_t row);

#endif
