/* LARS: You, Gitman, Ginsburg, "Large batch training of convolutional networks" (2017),
 * arXiv:1708.03888, algorithm 1 with the trust coefficient of equation 6:
 *   g = scale gradient;  trust = eta |w| / (|g| + weight_decay |w|), for each weight matrix
 *   b = momentum b + lr trust (g + weight_decay w);  w -= b
 * eta is the paper's 0.001; to change it is to change --lr. Where |w| or |g| is 0, trust is 1.
 * Biases and the parameters of norms: trust 1, weight_decay 0. */
#include "optim/internal.h"

static const double ETA = 0.001;

static double lars_trust(const dt_update *u, int64_t begin, int64_t n)
{
    double w = dt_norm_weights(u, begin, n), g = dt_norm_gradient(u, begin, n);
    return w > 0 && g > 0 ? ETA * w / (g + u->decay * w) : 1;
}

static double lars_block(const dt_update *u, int64_t begin, int64_t n)
{
    float lr = (float)u->lr, scale = (float)u->scale, decay = (float)u->decay, finite = 0;
    float momentum = (float)u->optimizer->options.momentum;
    const float *restrict gradient = u->gradient + begin;
    float *restrict w = u->w + begin, *restrict b = u->optimizer->vector[0].values + begin;
#pragma omp simd reduction(+ : finite)
    for (int64_t i = 0; i < n; i++) {
        b[i] = momentum * b[i] + lr * (scale * gradient[i] + decay * w[i]);
        w[i] -= b[i];
        finite += w[i] - w[i];
    }
    return (double)finite;
}

double dt_lars_step(const dt_update *u)
{
    return dt_layerwise_step(u, lars_trust, lars_block);
}
