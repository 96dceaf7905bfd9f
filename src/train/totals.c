#include "train/totals.h"

#include "comm/comm.h"

/* A float counts exactly to 2^24, so whole numbers travel as digits below 2^12: the sum of each
 * over 4096 ranks is still exact. */
enum { DIGIT_BITS = 12, SAMPLES_DIGITS = 2, WEIGHT_DIGITS = 5 };

static void put_count(float *digit, int n, int64_t count)
{
    for (int i = 0; i < n; i++, count >>= DIGIT_BITS)
        digit[i] = (float)(i < n - 1 ? count & ((1 << DIGIT_BITS) - 1) : count);
}

static int64_t get_count(const float *digit, int n)
{
    int64_t count = 0;
    for (int i = 0; i < n; i++)
        count += (int64_t)digit[i] << (DIGIT_BITS * i);
    return count;
}

void dt_totals_sum(const dt_world *world, float *gradient, int64_t n, int64_t batch_size,
                   dt_totals *totals)
{
    float *tail = gradient + n;
    double mean = totals->loss / (double)batch_size;
    if (world->size == 1)
        return;
    tail[0] = (float)mean;
    tail[1] = (float)(mean - (double)tail[0]); /* what the float lost */
    tail[2] = totals->failed;
    put_count(tail + 3, SAMPLES_DIGITS, totals->samples);
    put_count(tail + 3 + SAMPLES_DIGITS, WEIGHT_DIGITS, totals->weight);
    float *flags = tail + 3 + SAMPLES_DIGITS + WEIGHT_DIGITS;
    flags[0] = totals->due;
    for (int i = 0; i < DT_STOP_SIGNALS; i++)
        flags[1 + i] = totals->stop == i; /* counts of ranks, which a float holds */
    dt_sum_float(world, gradient, n + DT_TOTALS_TAIL);
    totals->loss = ((double)tail[0] + (double)tail[1]) * (double)batch_size;
    totals->failed = tail[2] != 0;
    totals->samples = get_count(tail + 3, SAMPLES_DIGITS);
    totals->weight = get_count(tail + 3 + SAMPLES_DIGITS, WEIGHT_DIGITS);
    totals->due = flags[0] != 0;
    totals->stop = -1;
    for (int i = DT_STOP_SIGNALS - 1; i >= 0; i--)
        totals->stop = flags[1 + i] != 0 ? i : totals->stop;
}
