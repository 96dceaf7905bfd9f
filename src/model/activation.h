/* Activation functions, as PyTorch defines them: ReLU, Tanh, Sigmoid, and GELU in its exact form
 * x Phi(x). Each works in place on a block of rows. Not collective. */
#ifndef DT_MODEL_ACTIVATION_H
#define DT_MODEL_ACTIVATION_H

#include <dtrain/options.h>
#include <stdint.h>

/* Compute a = f(z + bias). Rows of all arrays are `stride` values apart.
 *   z         [in,out] [rows,width] the layer's products; a on return
 *   bias      [width]
 *   act_grad  [out] [rows,width] f'(z + bias); NULL: not wanted. GELU needs it, since its f' cannot
 *             be computed from a */
void dt_activation_forward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                           const float *bias, float *z, float *act_grad);

/* Multiply dy by f'. Rows of all arrays are `stride` values apart.
 *   a, act_grad  [rows,width] the results of dt_activation_forward; act_grad NULL: f' is computed
 *                from a
 *   dy           [in,out] [rows,width] */
void dt_activation_backward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                            const float *a, const float *act_grad, float *dy);

#endif
