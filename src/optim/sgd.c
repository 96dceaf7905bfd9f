#include "optim/internal.h"

/* w - w is 0 for every finite w, NaN for all others; so is the sum that these return. */
static float plain(const dt_optimizer *o, float lr, float scale, const float *restrict gradient,
                   float *restrict w)
{
    float decay = (float)o->options.weight_decay, finite = 0;
#pragma omp parallel for simd reduction(+ : finite) if (parallel : o->n >= DT_OPTIM_PARALLEL_FROM)
    for (int64_t i = 0; i < o->n; i++) {
        w[i] -= lr * (scale * gradient[i] + decay * w[i]);
        finite += w[i] - w[i];
    }
    return finite;
}

static float with_momentum(const dt_optimizer *o, float lr, float scale,
                           const float *restrict gradient, float *restrict w)
{
    float decay = (float)o->options.weight_decay, momentum = (float)o->options.momentum, finite = 0;
    float ahead = o->options.nesterov ? 1 : 0, carried = o->options.nesterov ? momentum : 1;
    float *restrict b = o->vector[0].values;
#pragma omp parallel for simd reduction(+ : finite) if (parallel : o->n >= DT_OPTIM_PARALLEL_FROM)
    for (int64_t i = 0; i < o->n; i++) {
        float g = scale * gradient[i] + decay * w[i];
        b[i] = momentum * b[i] + g;
        w[i] -= lr * (ahead * g + carried * b[i]);
        finite += w[i] - w[i];
    }
    return finite;
}

float dt_sgd_step(dt_optimizer *o, double lr, double scale, const float *gradient, float *w)
{
    return (o->n_vectors ? with_momentum : plain)(o, (float)lr, (float)scale, gradient, w);
}
