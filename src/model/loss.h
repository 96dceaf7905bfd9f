/* Losses of a block of samples and their gradients: the sum over the samples, so that the caller
 * divides by the size of the global batch, whatever part of it is here. */
#ifndef DT_MODEL_LOSS_H
#define DT_MODEL_LOSS_H

#include <dtrain/options.h>
#include <stdint.h>

/* mse: the mean over the K outputs of (o - y)^2, as torch.nn.MSELoss with one mean over samples and
 * outputs. cross-entropy: -log softmax(o)[label], as torch.nn.CrossEntropyLoss.
 *   output    [rows,K] without the bias of the last layer
 *   bias      [K]
 *   y         [rows,K] float targets, or [rows] int32_t labels in 0..K-1
 *   output    [out] d loss / d (output + bias) for each sample, not divided by anything
 * Returns the sum of the samples' losses. */
double dt_loss_back(dt_loss loss, int64_t rows, int64_t K, const float *bias, const void *y,
                    float *output);

/* The same sum without a gradient; output [out] holds the outputs with the bias. A label that the
 * model has no output for has an infinite loss. */
double dt_loss_sum(dt_loss loss, int64_t rows, int64_t K, const float *bias, const void *y,
                   float *output);

/* How many rows have their largest output at their label. */
int64_t dt_count_correct(int64_t rows, int64_t K, const float *output, const int32_t *label);

/* Index of the largest of K outputs, the first of equal ones. */
int64_t dt_argmax(int64_t K, const float *output);

/* output = softmax(output), rows of K. */
void dt_softmax(int64_t rows, int64_t K, float *output);

#endif
