/* torch.nn.LayerNorm over the outputs of a layer (eps 1e-5, affine), in rows of width values,
 * stride apart:
 *   hat = (z - mean(z)) / sqrt(mean((z - mean(z))^2) + eps)
 *   out = gain hat + shift */
#ifndef DT_MODEL_LAYER_NORM_H
#define DT_MODEL_LAYER_NORM_H

#include <stdint.h>

/* z + bias, normalised, times gain; the shift is left to the activation that follows.
 *   z      [in,out] [rows,width]
 *   hat    [out] [rows,width]
 *   scale  [out] [rows] 1 / sqrt(variance + eps) */
void dt_layer_norm(int64_t rows, int64_t width, int64_t stride, const float *bias,
                   const float *gain, float *z, float *hat, float *scale);

/* From the gradient of the outputs to that of the inputs.
 *   hat, scale  what dt_layer_norm left
 *   delta       [in,out] [rows,width] */
void dt_layer_norm_back(int64_t rows, int64_t width, int64_t stride, const float *gain,
                        const float *hat, const float *scale, float *delta);

#endif
