/* torch.nn.Dropout: in training each activation is 0 with probability p, else divided by 1 - p.
 * What is dropped is a function of the seed, the sample's number in the run, the layer and the unit
 * alone, so that no number of ranks or threads changes it. */
#ifndef DT_MODEL_DROPOUT_H
#define DT_MODEL_DROPOUT_H

#include <stdint.h>

typedef struct {
    double p; /* 0 <= p < 1; 0: no dropout */
    uint64_t seed;
} dt_dropout;

/* Rows of width values, stride apart, of the samples first, first + 1, ...
 *   layer  of hidden layers, from 0
 *   a      [in,out] [rows,width] activations
 *   slope  [in,out] [rows,width] their derivatives, to which the same is done */
void dt_dropout_apply(const dt_dropout *dropout, int layer, int64_t first, int64_t rows,
                      int64_t width, int64_t stride, float *a, float *slope);

#endif
