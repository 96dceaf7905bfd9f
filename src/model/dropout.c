#include "model/dropout.h"

#include "core/random.h"

enum {
    GROUP = 4,
    PIECE = 1024
}; /* units that share a random number; and that are drawn at a time */

void dt_dropout_apply(const dt_dropout *d, int layer, int64_t first, int64_t rows, int64_t width,
                      int64_t stride, float *a, float *act_grad)
{
    uint32_t drawn[PIECE], below = (uint32_t)(d->p * 0x1p32);
    float keep = (float)(1 / (1 - d->p));
    dt_random random = {.seed = d->seed, .purpose = DT_RANDOM_DROPOUT + 256 * (uint32_t)layer};
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += PIECE) {
            float *restrict to = a + r * stride + i, *restrict its = act_grad + r * stride + i;
            int64_t n = width - i < PIECE ? width - i : PIECE;
            random.stream = (uint32_t)(i / GROUP);
            dt_random_words(&random, (uint64_t)(first + r), (n + GROUP - 1) / GROUP, drawn);
#pragma omp simd
            for (int64_t k = 0; k < n; k++) {
                float times = drawn[k] < below ? 0 : keep;
                to[k] *= times;
                its[k] *= times;
            }
        }
}
