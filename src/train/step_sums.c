#include "train/step_sums.h"

#include <string.h>

/* A float counts exactly to 2^24, so whole numbers travel as digits below 2^12: the sum of each
 * over 4096 ranks is still exact. */
enum { DIGIT_BITS = 12, SAMPLES_DIGITS = 2, WEIGHT_DIGITS = 11, FLAGS = 2 };

static void put_count(int32_t *digit, int n, dt_weight count)
{
    for (int i = 0; i < n; i++, count >>= DIGIT_BITS)
        digit[i] = (int32_t)(i < n - 1 ? count & ((1 << DIGIT_BITS) - 1) : count);
}

static dt_weight get_count(const int32_t *digit, int n)
{
    dt_weight count = 0;
    for (int i = 0; i < n; i++)
        count += (dt_weight)digit[i] << (DIGIT_BITS * i);
    return count;
}

/* All but the loss as whole numbers. Of flags and reasons the sum counts ranks. */
static void put_counts(const dt_step_sums *t, int32_t count[DT_STEP_SUMS_COUNTS])
{
    count[0] = t->failed;
    count[1] = t->due;
    put_count(count + FLAGS, SAMPLES_DIGITS, t->samples);
    put_count(count + FLAGS + SAMPLES_DIGITS, WEIGHT_DIGITS, t->weight);
    for (int i = 0; i < DT_STOP_REASONS; i++)
        count[FLAGS + SAMPLES_DIGITS + WEIGHT_DIGITS + i] = t->stop == i;
}

static void get_counts(dt_step_sums *t, const int32_t count[DT_STEP_SUMS_COUNTS])
{
    t->failed = count[0] != 0;
    t->due = count[1] != 0;
    t->samples = (int64_t)get_count(count + FLAGS, SAMPLES_DIGITS);
    t->weight = get_count(count + FLAGS + SAMPLES_DIGITS, WEIGHT_DIGITS);
    t->stop = -1;
    for (int i = DT_STOP_REASONS - 1; i >= 0; i--)
        if (count[FLAGS + SAMPLES_DIGITS + WEIGHT_DIGITS + i] != 0)
            t->stop = i;
}

void dt_step_sums_reduce(dt_reducer *values, const dt_sum *sum, int64_t batch_size,
                         dt_step_sums *sums)
{
    float *to = dt_reducer_values(values), *loss = to + DT_STEP_SUMS_COUNTS;
    int32_t count[DT_STEP_SUMS_COUNTS];
    double mean = sums->loss / (double)batch_size;
    put_counts(sums, count);
    for (int i = 0; i < DT_STEP_SUMS_COUNTS; i++)
        to[i] = (float)count[i];
    loss[0] = (float)mean;
    loss[1] = (float)(mean - (double)(float)mean); /* what the float lost */
    dt_reducer_sum(values, sum);
    for (int i = 0; i < DT_STEP_SUMS_COUNTS; i++)
        count[i] = (int32_t)to[i];
    get_counts(sums, count);
    sums->loss = ((double)loss[0] + (double)loss[1]) * (double)batch_size;
}

/* A block's loss is one rank's: added to zeros its bits stay what they are. */
void dt_step_sums_reduce_exact(dt_reducer *values, const dt_sum *sum, double *loss, int64_t blocks,
                               dt_step_sums *sums)
{
    int32_t *to = dt_reducer_values(values);
    put_counts(sums, to);
    memcpy(to + DT_STEP_SUMS_COUNTS, loss, (size_t)blocks * sizeof *loss);
    dt_reducer_sum(values, sum);
    memcpy(loss, to + DT_STEP_SUMS_COUNTS, (size_t)blocks * sizeof *loss);
    get_counts(sums, to);
    sums->loss = 0;
    for (int64_t b = 0; b < blocks; b++)
        sums->loss += loss[b];
}
