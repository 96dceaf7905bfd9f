/* Declarations that only the files of the optimizers use: an update, and a loop that runs a kernel
 * over the parameters. Not collective. */
#ifndef DT_OPTIM_INTERNAL_H
#define DT_OPTIM_INTERNAL_H

#include "optim/optim.h"

typedef struct {
    const dt_optimizer *optimizer;
    double lr, decay; /* learning rate and weight decay for the weights of this update */
    double scale;     /* the gradient is scale * gradient */
    const float *gradient;
    float *w;
    int64_t begin, n; /* this rank updates the parameters [begin, begin + n) */
} dt_update;

/* A kernel updates or reads the parameters [begin, begin + n). It returns a number that is summed
 * over all blocks. */
typedef double dt_kernel(const dt_update *update, int64_t begin, int64_t n);

/* Run a kernel over the parameters [begin, begin + n), on all threads if that is faster. The
 * division into blocks depends only on n, and the results of the kernel are summed in the order of
 * the blocks. So the sum has the same bits for any number of threads. Returns the sum. */
double dt_run_blocks(const dt_update *update, dt_kernel *kernel, int64_t begin, int64_t n);

/* Return the sum of squares of x [n]; or the Euclidean norm of scale * gradient, or of the weights,
 * over the parameters [begin, begin + n). The squares are summed in double, always in the same
 * order. dt_sum_squares runs on the calling thread only. */
double dt_sum_squares(const float *x, int64_t n);
double dt_norm_gradient(const dt_update *update, int64_t begin, int64_t n);
double dt_norm_weights(const dt_update *update, int64_t begin, int64_t n);

/* Do one step of an optimizer. Returns the sum of w - w over the updated weights, which is 0 if all
 * are finite, and otherwise NaN. */
double dt_sgd_step(const dt_update *update);
double dt_adam_step(const dt_update *update);
double dt_lars_step(const dt_update *update);
double dt_lamb_step(const dt_update *update);

/* Do one step of a layer-wise optimizer, tensor by tensor. `trust` returns the factor of the
 * learning rate for a weight matrix. Tensors of one dimension (biases and the parameters of norms)
 * have factor 1 and no decay, as in the papers' experiments and in most implementations. */
typedef double dt_trust(const dt_update *update, int64_t begin, int64_t n);
double dt_layerwise_step(const dt_update *update, dt_trust *trust, dt_kernel *kernel);

#endif
