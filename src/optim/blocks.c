#include "optim/internal.h"

#include <math.h>

enum {
    PARALLEL_FROM = 1 << 17, /* parameters: below, one thread has them in its cache */
    MAX_BLOCKS = 256,
    MIN_BLOCK = 1 << 13,
    GRANULE = 64, /* floats of whole cache lines, so that no two threads write into one */
    LANES = 8,    /* sums side by side, for the processor's vectors */
};

static int64_t choose_block(int64_t n)
{
    int64_t block = (n / MAX_BLOCKS / GRANULE + 1) * GRANULE;
    return block < MIN_BLOCK ? MIN_BLOCK : block;
}

static double run_block(const dt_update *u, dt_kernel *kernel, int64_t begin, int64_t n,
                        int64_t block, int64_t b)
{
    int64_t rest = n - b * block;
    return kernel(u, begin + b * block, rest < block ? rest : block);
}

/* A parallel region of one thread costs as much as the step of a small model. */
double dt_run_blocks(const dt_update *u, dt_kernel *kernel, int64_t begin, int64_t n)
{
    double part[MAX_BLOCKS], sum = 0;
    int64_t block = choose_block(n), blocks = (n + block - 1) / block;
    if (n >= PARALLEL_FROM) {
#pragma omp parallel for
        for (int64_t b = 0; b < blocks; b++)
            part[b] = run_block(u, kernel, begin, n, block, b);
    } else {
        for (int64_t b = 0; b < blocks; b++)
            part[b] = run_block(u, kernel, begin, n, block, b);
    }
    for (int64_t b = 0; b < blocks; b++)
        sum += part[b];
    return sum;
}

double dt_sum_squares(const float *x, int64_t n)
{
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += (double)x[i + k] * (double)x[i + k];
    for (int k = 0; i + k < n; k++)
        lane[k] += (double)x[i + k] * (double)x[i + k];
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

static double sum_gradient_squares(const dt_update *u, int64_t begin, int64_t n)
{
    return dt_sum_squares(u->gradient + begin, n);
}

static double sum_weight_squares(const dt_update *u, int64_t begin, int64_t n)
{
    return dt_sum_squares(u->w + begin, n);
}

double dt_norm_gradient(const dt_update *u, int64_t begin, int64_t n)
{
    return u->scale * sqrt(dt_run_blocks(u, sum_gradient_squares, begin, n));
}

double dt_norm_weights(const dt_update *u, int64_t begin, int64_t n)
{
    return sqrt(dt_run_blocks(u, sum_weight_squares, begin, n));
}
