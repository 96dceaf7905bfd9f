#include "train/totals.h"

#include "comm/comm.h"

/* A float counts exactly to 2^24, so the number of samples travels as two digits of 2^12 and 2^36:
 * the sum of each over 4096 ranks is still exact. */
enum { DIGIT = 1 << 12 };

void dt_totals_sum(const dt_world *world, float *gradient, int64_t n, dt_totals *totals)
{
    float *tail = gradient + n;
    if (world->size == 1)
        return;
    tail[0] = (float)totals->loss;
    tail[1] = (float)(totals->samples % DIGIT);
    tail[2] = (float)(totals->samples / DIGIT);
    tail[3] = totals->failed;
    dt_sum_float(world, gradient, n + DT_TOTALS_TAIL);
    totals->loss = (double)tail[0];
    totals->samples = (int64_t)tail[1] + (int64_t)tail[2] * DIGIT;
    totals->failed = tail[3] != 0;
}
