/* torch.optim.SGD, dampening 0:
 *   g = scale gradient + weight_decay w;  b = momentum b + g
 *   w -= lr (nesterov ? g + momentum b : b) */
#include "optim/internal.h"

static double plain_block(const dt_update *u, int64_t begin, int64_t n)
{
    float lr = (float)u->lr, scale = (float)u->scale, decay = (float)u->decay, finite = 0;
    const float *restrict gradient = u->gradient + begin;
    float *restrict w = u->w + begin;
#pragma omp simd reduction(+ : finite)
    for (int64_t i = 0; i < n; i++) {
        w[i] -= lr * (scale * gradient[i] + decay * w[i]);
        finite += w[i] - w[i];
    }
    return (double)finite;
}

static double with_momentum(const dt_update *u, int64_t begin, int64_t n)
{
    const dt_optimizer_options *o = &u->optimizer->options;
    float lr = (float)u->lr, scale = (float)u->scale, decay = (float)u->decay, finite = 0;
    float momentum = (float)o->momentum;
    float ahead = o->nesterov ? 1 : 0, carried = o->nesterov ? momentum : 1;
    const float *restrict gradient = u->gradient + begin;
    float *restrict w = u->w + begin, *restrict b = u->optimizer->vector[0].values + begin;
#pragma omp simd reduction(+ : finite)
    for (int64_t i = 0; i < n; i++) {
        float g = scale * gradient[i] + decay * w[i];
        b[i] = momentum * b[i] + g;
        w[i] -= lr * (ahead * g + carried * b[i]);
        finite += w[i] - w[i];
    }
    return (double)finite;
}

double dt_sgd_step(const dt_update *u)
{
    return dt_run_blocks(u, u->optimizer->n_vectors ? with_momentum : plain_block, u->begin, u->n);
}
