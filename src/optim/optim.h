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

/* A vector of the optimizer's state, with one value for each parameter. Its name is PyTorch's:
 * momentum_buffer, or exp_avg and exp_avg_sq. */
typedef struct {
    const char *name;
    float *values; /* [n] owned by the optimizer, or shared memory (dt_sharing) */
} dt_optimizer_vector;

typedef struct {
    dt_optimizer_options options;
    int64_t n;     /* parameters */
    int64_t steps; /* updates done */
    int n_vectors; /* 0: the optimizer has no state */
    dt_optimizer_vector vector[DT_OPTIMIZER_VECTORS];
    dt_sharing sharing; /* the ranks that share weights and state */
} dt_optimizer;

/* Return the number of vectors that an optimizer with these options has. Not collective. */
int dt_optimizer_vectors(const dt_optimizer_options *options);

/* Make an optimizer whose state is 0. The caller calls dt_optimizer_free.
 *   n        the number of parameters
 *   sharing  the ranks that share weights and state; then the call is collective over the world,
 *            and err is the same on all ranks. NULL: this rank shares nothing, and no function here
 *            is collective */
dt_code dt_optimizer_init(dt_optimizer *optimizer, const dt_optimizer_options *options, int64_t n,
                          const dt_sharing *sharing, dt_error *err);

/* Return whether a step needs the whole gradient on each rank, and not only the rank's part of it.
 * Not collective. */
bool dt_optimizer_wants_all(const dt_optimizer *optimizer);

/* Update the weights once. The formula of each optimizer is in its file. Collective over the ranks
 * that share weights and state: each of them updates a part. The arguments have the same bits on
 * every rank.
 *   scale     one over the weight of the batch; the gradient of the mean loss is scale * gradient
 *   gradient  [n] the sum over the samples of the batch
 *   weights   [in,out] [n]
 * Returns whether every weight is finite. */
bool dt_optimizer_step(dt_optimizer *optimizer, double lr, double scale, const float *gradient,
                       float *weights);

/* Free the state, unless it is in shared memory. Not collective. */
void dt_optimizer_free(dt_optimizer *optimizer);

/* Return the name that options and checkpoints use. Not collective. */
const char *dt_optimizer_name(dt_optim_kind kind);

#endif
