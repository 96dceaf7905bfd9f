/* LAMB: You et al., "Large batch optimization for deep learning: training BERT in 76 minutes" (ICLR
 * 2020), arXiv:1904.00962, algorithm 2 with phi(z) = z:
 *   g = scale gradient;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *   r = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay w
 *   w -= lr trust r, where trust = |w| / |r| for each weight matrix
 * Where |w| or |r| is 0, trust is 1. Biases and the parameters of norms: trust 1, weight_decay 0.
 */
#include "optim/internal.h"

#include <math.h>

enum { PIECE = 1024 }; /* floats of r at a time: they stay in the first cache */

static double update_moments(const dt_update *u, int64_t begin, int64_t n)
{
    const dt_optimizer *o = u->optimizer;
    double beta1 = o->options.beta1, beta2 = o->options.beta2;
    float scale = (float)u->scale, m_keep = (float)beta1, m_new = (float)(1 - beta1);
    float v_keep = (float)beta2, v_new = (float)(1 - beta2);
    const float *restrict gradient = u->gradient + begin;
    float *restrict m = o->vector[0].values + begin, *restrict v = o->vector[1].values + begin;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float g = scale * gradient[i];
        m[i] = m_keep * m[i] + m_new * g;
        v[i] = v_keep * v[i] + v_new * g * g;
    }
    return 0;
}

static void compute_direction(const dt_update *u, int64_t begin, int64_t n, float *restrict r)
{
    const dt_optimizer *o = u->optimizer;
    double steps = (double)o->steps;
    float first = (float)(1 / (1 - pow(o->options.beta1, steps)));
    float root = (float)sqrt(1 - pow(o->options.beta2, steps));
    float eps = (float)o->options.eps, decay = (float)u->decay;
    const float *restrict w = u->w + begin, *restrict m = o->vector[0].values + begin,
                          *restrict v = o->vector[1].values + begin;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        r[i] = first * m[i] / (sqrtf(v[i]) / root + eps) + decay * w[i];
}

static double sum_direction_squares(const dt_update *u, int64_t begin, int64_t n)
{
    double sum = 0;
    float r[PIECE];
    for (int64_t i = 0; i < n; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        compute_direction(u, begin + i, piece, r);
        sum += dt_sum_squares(r, piece);
    }
    return sum;
}

static double lamb_trust(const dt_update *u, int64_t begin, int64_t n)
{
    dt_run_blocks(u, update_moments, begin, n);
    double w = dt_norm_weights(u, begin, n),
           r = sqrt(dt_run_blocks(u, sum_direction_squares, begin, n));
    return w > 0 && r > 0 ? w / r : 1;
}

static double lamb_block(const dt_update *u, int64_t begin, int64_t n)
{
    float lr = (float)u->lr, finite = 0, r[PIECE];
    for (int64_t i = 0; i < n; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        float *restrict w = u->w + begin + i;
        compute_direction(u, begin + i, piece, r);
#pragma omp simd reduction(+ : finite)
        for (int64_t k = 0; k < piece; k++) {
            w[k] -= lr * r[k];
            finite += w[k] - w[k];
        }
    }
    return (double)finite;
}

double dt_lamb_step(const dt_update *u)
{
    return dt_layerwise_step(u, lamb_trust, lamb_block);
}
