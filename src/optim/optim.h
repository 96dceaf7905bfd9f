/* Optimizers over the flat vector of parameters, with PyTorch's formulas. */
#ifndef DT_OPTIM_H
#define DT_OPTIM_H

#include "core/sharing.h"
#include "model/model.h"
#include <dtrain/options.h>
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    dt_optim_kind kind;
    double momentum, weight_decay, beta1, beta2, eps;
    bool nesterov;
    const dt_model *model; /* its tensors, for lars and lamb; borrowed */
} dt_optimizer_options;

enum { DT_OPTIMIZER_VECTORS = 2 };

/* A vector of the optimizer's state, with one value for each parameter, under PyTorch's name:
 * momentum_buffer, or exp_avg and exp_avg_sq. */
typedef struct {
    const char *name;
    float *values; /* [n] owned by the optimizer, or by those who share it */
} dt_optimizer_vector;

typedef struct {
    dt_optimizer_options options;
    int64_t n;     /* parameters */
    int64_t steps; /* updates done */
    int n_vectors; /* 0: the optimizer has no state */
    dt_optimizer_vector vector[DT_OPTIMIZER_VECTORS];
    dt_sharing sharing; /* of weights and state */
} dt_optimizer;

/* The number of vectors that an optimizer with these options has. */
int dt_optimizer_vectors(const dt_optimizer_options *options);

/* To be ended with dt_optimizer_free.
 *   sharing  the ranks that have weights and state together; then the call is collective over the
 *            world, and err is the same on all ranks. NULL: they are this rank's alone, and no call
 *            here is collective */
dt_code dt_optimizer_init(dt_optimizer *optimizer, const dt_optimizer_options *options, int64_t n,
                          const dt_sharing *sharing, dt_error *err);

/* Whether a step reads the whole gradient on each rank that shares, not only the rank's part. */
bool dt_optimizer_wants_all(const dt_optimizer *optimizer);

/* One update of the weights; the formula of each optimizer is in its file.
 *   scale     the gradient is scale * gradient: one over the number of samples
 *   gradient  [n] the sum over the samples of the batch
 *   weights   [in,out] [n]
 * Every rank computes the same from the same bits. Collective over the ranks that share, each of
 * which updates a part. Returns whether every weight is finite. */
bool dt_optimizer_step(dt_optimizer *optimizer, double lr, double scale, const float *gradient,
                       float *weights);

void dt_optimizer_free(dt_optimizer *optimizer);

const char *dt_optimizer_name(dt_optim_kind kind);

#endif
