/* Dropout, like torch.nn.Dropout: in training, each activation becomes 0 with probability p, and
 * otherwise is divided by 1 - p. The choice depends only on the seed, the number of the sample in
 * the run, the layer and the unit, so it is the same for any number of ranks and threads. Not
 * collective. */
#ifndef DT_MODEL_DROPOUT_H
#define DT_MODEL_DROPOUT_H

#include <stdint.h>

typedef struct {
    double p; /* 0 <= p < 1; 0: no dropout */
    uint64_t seed;
} dt_dropout;

/* Apply dropout to the rows of the samples first, first + 1, ... Rows are `stride` values apart.
 *   layer     the number of the hidden layer, from 0
 *   a         [in,out] [rows,width] activations
 *   act_grad  [in,out] [rows,width] their derivatives, which are multiplied by the same factors */
void dt_dropout_apply(const dt_dropout *dropout, int layer, int64_t first, int64_t rows,
                      int64_t width, int64_t stride, float *a, float *act_grad);

#endif
