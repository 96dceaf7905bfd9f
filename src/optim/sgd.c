#include "core/memory.h"
#include "optim/optim.h"

#include <stdlib.h>
#include <string.h>

enum { PARALLEL_FROM = 1 << 17 }; /* parameters: below, one thread has them in its cache */

dt_code dt_optimizer_init(dt_optimizer *o, const dt_sgd_options *options, int64_t n, dt_error *err)
{
    *o = (dt_optimizer){.options = *options, .n = n};
    if (options->momentum != 0) {
        o->momentum = dt_alloc(n, sizeof *o->momentum, "the momentum buffer", err);
        if (o->momentum)
            memset(o->momentum, 0, (size_t)n * sizeof *o->momentum);
    }
    return err->code;
}

void dt_optimizer_free(dt_optimizer *o)
{
    free(o->momentum);
    o->momentum = NULL;
}

/* w - w is 0 for every finite w, NaN for all others; so is the sum that these return. */
static float plain(const dt_optimizer *o, float lr, float scale, const float *restrict gradient,
                   float *restrict w)
{
    float decay = (float)o->options.weight_decay, finite = 0;
#pragma omp parallel for simd reduction(+ : finite) if (parallel : o->n >= PARALLEL_FROM)
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
    float *restrict b = o->momentum;
#pragma omp parallel for simd reduction(+ : finite) if (parallel : o->n >= PARALLEL_FROM)
    for (int64_t i = 0; i < o->n; i++) {
        float g = scale * gradient[i] + decay * w[i];
        b[i] = momentum * b[i] + g;
        w[i] -= lr * (ahead * g + carried * b[i]);
        finite += w[i] - w[i];
    }
    return finite;
}

bool dt_optimizer_step(dt_optimizer *o, double lr, double scale, const float *gradient,
                       float *weights)
{
    float (*update)(const dt_optimizer *, float, float, const float *, float *) =
        o->momentum ? with_momentum : plain;
    return update(o, (float)lr, (float)scale, gradient, weights) == 0;
}
