/* LayerNorm, like torch.nn.LayerNorm over the outputs of a layer (eps 1e-5, affine). A row has
 * `width` values, and rows are `stride` values apart:
 *   xhat = (z - mean(z)) / sqrt(mean((z - mean(z))^2) + eps)
 *   out  = gamma xhat + beta
 * Gamma and beta are PyTorch's `weight` and `bias`. Not collective. */
#ifndef DT_MODEL_LAYER_NORM_H
#define DT_MODEL_LAYER_NORM_H

#include <stdint.h>

/* The forward pass: z becomes gamma * xhat(z + bias). The activation, which follows, adds beta.
 *   bias     [width] the bias of the layer
 *   gamma    [width]
 *   z        [in,out] [rows,width]
 *   xhat     [out] [rows,width]
 *   inv_std  [out] [rows] 1 / sqrt(variance + eps) */
void dt_layer_norm_forward(int64_t rows, int64_t width, int64_t stride, const float *bias,
                           const float *gamma, float *z, float *xhat, float *inv_std);

/* The backward pass: dy, the gradient of the outputs, becomes the gradient of the inputs.
 *   xhat, inv_std  the results of dt_layer_norm_forward
 *   dy             [in,out] [rows,width] */
void dt_layer_norm_backward(int64_t rows, int64_t width, int64_t stride, const float *gamma,
                            const float *xhat, const float *inv_std, float *dy);

#endif
