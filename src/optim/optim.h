/* Optimizers over the flat vector of parameters, as PyTorch computes them. */
#ifndef DT_OPTIM_H
#define DT_OPTIM_H

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double momentum, weight_decay;
    bool nesterov;
} dt_sgd_options;

typedef struct {
    dt_sgd_options options;
    int64_t n;       /* parameters */
    float *momentum; /* [n] the momentum buffer; NULL where momentum is 0; owned */
} dt_optimizer;

/* Not collective. To be ended with dt_optimizer_free. */
dt_code dt_optimizer_init(dt_optimizer *optimizer, const dt_sgd_options *options, int64_t n,
                          dt_error *err);

/* One update (torch.optim.SGD, dampening 0):
 *   g = scale gradient + weight_decay w;  b = momentum b + g;  w -= lr (nesterov ? g + momentum b :
 * b) gradient  [n] the sum over the samples of the batch; scale is one over their number weights
 * [in,out] [n] Not collective: every rank computes the same from the same bits. Returns whether
 * every weight is finite. */
bool dt_optimizer_step(dt_optimizer *optimizer, double lr, double scale, const float *gradient,
                       float *weights);

void dt_optimizer_free(dt_optimizer *optimizer);

#endif
