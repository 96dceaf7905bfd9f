/* Clips the gradient by its norm, like torch.nn.utils.clip_grad_norm_ (norm 2). Not collective. */
#ifndef DT_OPTIM_CLIP_H
#define DT_OPTIM_CLIP_H

#include <stdint.h>

/* Return the factor that limits the norm of the gradient to max_norm: min(1, max_norm / (norm +
 * 1e-6)). It is NaN if the gradient is not finite. It has the same bits on every rank and for any
 * number of threads.
 *   gradient  [n] the norm is that of scale * gradient */
double dt_clip_factor(const float *gradient, int64_t n, double scale, double max_norm);

#endif
