/* What the files of the optimizers share: an update, and how a kernel runs over the vector. */
#ifndef DT_OPTIM_INTERNAL_H
#define DT_OPTIM_INTERNAL_H

#include "optim/optim.h"

typedef struct {
    const dt_optimizer *optimizer;
    double lr, decay; /* for the weights that are updated now */
    double scale;     /* the gradient is scale * gradient */
    const float *gradient;
    float *w;
    int64_t begin, n; /* this rank updates the parameters [begin, begin + n) */
} dt_update;

/* A kernel updates or reads the parameters [begin, begin + n). Returns a number that is summed. */
typedef double dt_kernel(const dt_update *update, int64_t begin, int64_t n);

/* Run a kernel over the parameters [begin, begin + n), on all threads if that pays. The parameters
 * are divided into blocks, by their number alone, and the kernel's results are summed in the order
 * of the blocks: the same bits for every number of threads. Returns the sum. */
double dt_run_blocks(const dt_update *update, dt_kernel *kernel, int64_t begin, int64_t n);

/* The sum of squares of x [n], on this thread, and Euclidean norms. Squares are summed in double,
 * always in the same order. */
double dt_sum_squares(const float *x, int64_t n);
double dt_norm_gradient(const dt_update *update, int64_t begin,
                        int64_t n); /* of scale * gradient */
double dt_norm_weights(const dt_update *update, int64_t begin, int64_t n);

/* One step of each optimizer. The result is the sum of w - w over all weights: 0 if all are finite,
 * else NaN. */
double dt_sgd_step(const dt_update *update);
double dt_adam_step(const dt_update *update);
double dt_lars_step(const dt_update *update);
double dt_lamb_step(const dt_update *update);

/* One step of a layer-wise optimizer, tensor by tensor. `trust` returns the factor of the learning
 * rate for a weight matrix. Tensors of one dimension (biases and the parameters of norms) have
 * factor 1 and no decay, as in the papers' experiments and in most implementations. */
typedef double dt_trust(const dt_update *update, int64_t begin, int64_t n);
double dt_layerwise_step(const dt_update *update, dt_trust *trust, dt_kernel *kernel);

#endif
