/* Clipping by the norm of the whole gradient, as torch.nn.utils.clip_grad_norm_ (norm 2). */
#ifndef DT_OPTIM_CLIP_H
#define DT_OPTIM_CLIP_H

#include <stdint.h>

/* The factor that limits the norm of the gradient to max_norm: min(1, max_norm / (norm + 1e-6)).
 * NaN if the gradient is not finite. The same bits on every rank and for every number of threads.
 *   gradient  [n] the gradient is scale * gradient */
double dt_clip_factor(const float *gradient, int64_t n, double scale, double max_norm);

#endif
