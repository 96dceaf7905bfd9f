/* One update each: see dt_optimizer_step. They return 0, or NaN where a weight is not finite. */
#ifndef DT_OPTIM_INTERNAL_H
#define DT_OPTIM_INTERNAL_H

#include "optim/optim.h"

enum { DT_OPTIM_PARALLEL_FROM = 1 << 17 }; /* parameters: below, one thread has them in its cache */

/* torch.optim.SGD, dampening 0:
 *   g = scale gradient + weight_decay w;  b = momentum b + g
 *   w -= lr (nesterov ? g + momentum b : b) */
float dt_sgd_step(dt_optimizer *o, double lr, double scale, const float *gradient, float *w);

#endif
