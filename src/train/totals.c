#include "train/totals.h"

#include "comm/comm.h"

/* A float counts exactly to 2^24, so the number of samples travels as two digits of 2^12 and 2^36:
 * the sum of each over 4096 ranks is still exact. */
enum { DIGIT = 1 << 12 };

void dt_totals_sum(const dt_world *world, float *gradient, int64_t n, int64_t batch_size,
                   dt_totals *totals)
{
    float *tail = gradient + n;
    double mean = totals->loss / (double)batch_size;
    if (world->size == 1)
        return;
    tail[0] = (float)mean;
    tail[1] = (float)(mean - (double)tail[0]); /* what the float lost */
    tail[2] = (float)(totals->samples % DIGIT);
    tail[3] = (float)(totals->samples / DIGIT);
    tail[4] = totals->failed;
    dt_sum_float(world, gradient, n + DT_TOTALS_TAIL);
    totals->loss = ((double)tail[0] + (double)tail[1]) * (double)batch_size;
    totals->samples = (int64_t)tail[2] + (int64_t)tail[3] * DIGIT;
    totals->failed = tail[4] != 0;
}
