/* torch.optim.Adam (amsgrad off) and torch.optim.AdamW, which differ in the decay alone:
 *   Adam:   g = scale gradient + weight_decay w          AdamW:  g = scale gradient
 *                                                                w -= lr weight_decay w
 *   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *   w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * in float, the numbers that are the same for all weights in double, as PyTorch has it. */
#include "optim/internal.h"

#include <math.h>

static double adam_block(const dt_update *u, int64_t begin, int64_t n)
{
    const dt_optimizer *o = u->optimizer;
    bool decoupled = o->options.kind == DT_OPTIM_ADAMW;
    double steps = (double)o->steps, beta1 = o->options.beta1, beta2 = o->options.beta2;
    float scale = (float)u->scale, decay = decoupled ? 0 : (float)u->decay;
    float keep = decoupled ? (float)(1 - u->lr * u->decay) : 1;
    float m_keep = (float)beta1, m_new = (float)(1 - beta1);
    float v_keep = (float)beta2, v_new = (float)(1 - beta2), eps = (float)o->options.eps;
    float rate = (float)(u->lr / (1 - pow(beta1, steps)));
    float root = (float)sqrt(1 - pow(beta2, steps)), finite = 0;
    const float *restrict gradient = u->gradient + begin;
    float *restrict w = u->w + begin, *restrict m = o->vector[0].values + begin,
                    *restrict v = o->vector[1].values + begin;
#pragma omp simd reduction(+ : finite)
    for (int64_t i = 0; i < n; i++) {
        float g = scale * gradient[i] + decay * w[i];
        m[i] = m_keep * m[i] + m_new * g;
        v[i] = v_keep * v[i] + v_new * g * g;
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) / root + eps);
        finite += w[i] - w[i];
    }
    return (double)finite;
}

double dt_adam_step(const dt_update *u)
{
    return dt_run_blocks(u, adam_block, u->begin, u->n);
}
