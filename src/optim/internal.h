/* What the optimizers' files share: an update under way, and how it runs over a vector. */
#ifndef DT_OPTIM_INTERNAL_H
#define DT_OPTIM_INTERNAL_H

#include "optim/optim.h"

typedef struct {
    const dt_optimizer *optimizer;
    double lr, decay; /* of the weights under way */
    double scale;     /* the gradient is scale * gradient */
    const float *gradient;
    float *w;
    int64_t begin, n; /* the parameters that are this rank's to update */
} dt_update;

/* What is done to the parameters [begin, begin + n). Returns a number to be summed. */
typedef double dt_kernel(const dt_update *update, int64_t begin, int64_t n);

/* A kernel over the parameters [begin, begin + n), on all threads where that pays. They are cut
 * into blocks, by their number alone, and what the kernel returns of each is summed in their order:
 * the same bits for every number of threads. */
double dt_run_blocks(const dt_update *update, dt_kernel *kernel, int64_t begin, int64_t n);

/* The Euclidean norm of x [n]: the squares summed in double, in the same order always. */
double dt_sum_squares(const float *x, int64_t n); /* its square; on this thread */
double dt_norm_gradient(const dt_update *update, int64_t begin, int64_t n); /* scale counted in */
double dt_norm_weights(const dt_update *update, int64_t begin, int64_t n);

/* w - w is 0 for every finite w, NaN for all others; so are the sums that these return. */
double dt_sgd_step(const dt_update *update);
double dt_adam_step(const dt_update *update);
double dt_lars_step(const dt_update *update);
double dt_lamb_step(const dt_update *update);

/* A layer-wise optimizer, tensor by tensor. trust says how many times the learning rate a weight
 * matrix moves. The tensors of one dimension, biases and the parameters of norms, are neither
 * scaled nor decayed: in the papers' experiments, and in most implementations, so too. */
typedef double dt_trust(const dt_update *update, int64_t begin, int64_t n);
double dt_layerwise_step(const dt_update *update, dt_trust *trust, dt_kernel *kernel);

#endif
