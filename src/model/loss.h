/* Loss and gradient of a block of samples, summed (not averaged) over the samples. The caller
 * divides by the weight of the global batch. K is the number of outputs. Not collective. */
#ifndef DT_MODEL_LOSS_H
#define DT_MODEL_LOSS_H

#include <dtrain/options.h>
#include <stdbool.h>
#include <stdint.h>

/* Return whether y is labels of classes, [rows] int32_t, each in 0..K-1. Else y is [rows,targets]
 * float. A negative label, and a target that is NaN, do not count. Where samples have weights, each
 * row of y ends with its weight, a float. */
static inline bool dt_loss_takes_labels(dt_loss loss)
{
    return loss == DT_LOSS_CROSS_ENTROPY;
}

/* Return whether each output is a class, of which a sample has one; or, of soft-cross-entropy, a
 * probability for each: y is [rows,K] float. */
static inline bool dt_loss_is_of_classes(dt_loss loss)
{
    return loss == DT_LOSS_CROSS_ENTROPY || loss == DT_LOSS_SOFT_CROSS_ENTROPY;
}

/* Return the number of outputs that a model has for each target, that is for each value in a row of
 * y or each class. */
static inline int64_t dt_outputs_per_target(dt_loss loss, const dt_quantiles *quantiles)
{
    return loss == DT_LOSS_QUANTILE ? quantiles->n : loss == DT_LOSS_GAUSSIAN_NLL ? 2 : 1;
}

/* Return the bytes of y of one sample.
 *   weighted  it ends with a weight */
static inline int64_t dt_target_bytes(dt_loss loss, int64_t targets, bool weighted)
{
    return ((dt_loss_takes_labels(loss) ? 1 : targets) + weighted) * (int64_t)sizeof(float);
}

/* A sum of samples' weights in whole units. It is exact, so it does not depend on the order of the
 * samples. At most 2^126. */
typedef __int128 dt_weight;

/* The options of a loss. All but the quantiles are for training alone. */
typedef struct {
    dt_quantiles quantiles; /* of DT_LOSS_QUANTILE */
    const float *weight;    /* [K] cross-entropy: weight of each class; bce: weight of samples that
                               are true in the output; borrowed; NULL: all are 1 */
    const dt_weight *units; /* [K] cross-entropy: weight of each class in units; borrowed; NULL:
                               all are 1 */
    float smoothing;        /* cross-entropy: this share of a label is spread over all classes */
    bool masked;            /* some labels or targets do not count */
    bool weighted;          /* each row of y ends with the weight of the sample */
    double weight_unit;     /* of weighted samples: the value of a unit; a power of two */
} dt_criterion;

/* Return the sum of the samples' weights, in units of dt_loss_unit. The mean loss of a batch is the
 * sum of its samples' losses divided by the sum of their weights. A sample of which only some
 * targets count has that part of its weight. */
dt_weight dt_loss_weight(dt_loss loss, const dt_criterion *criterion, int64_t rows, int64_t targets,
                         const void *y);

/* Return the value of a unit of dt_loss_weight.
 *   class_unit  the value of a unit of criterion->units */
double dt_loss_unit(dt_loss loss, const dt_criterion *criterion, int64_t targets,
                    double class_unit);

/* Compute the loss and its gradient. These are the losses of one sample with the outputs o. Their
 * mean over the samples is PyTorch's loss:
 *   mse            mean over the K outputs of (o - y)^2                         torch.nn.MSELoss
 *   mae            mean of |o - y|; the derivative at 0 is 0                    L1Loss
 *   huber          mean of e^2 / 2 for |e| < 1, else |e| - 1/2; e = o - y       HuberLoss
 *   bce            mean of -y log s - (1 - y) log(1 - s); s = sigmoid(o)        BCEWithLogitsLoss
 *   cross-entropy  -log softmax(o)[label]                                       CrossEntropyLoss
 *   soft-cross-entropy  -sum_k y[k] log softmax(o)[k]    CrossEntropyLoss with class probabilities
 * Of T targets, each of which has several outputs:
 *   quantile       mean over targets and quantiles q of max(q (y - o), (q - 1) (y - o)), where o is
 *                  an output [T,M]; its derivative at 0 is 0  scikit-learn's mean_pinball_loss
 *   gaussian-nll   mean over targets of (log v + (m - y)^2 / v) / 2    torch.nn.GaussianNLLLoss
 *                  The outputs are T means m, then T numbers s: v = max(softplus(s), 1e-6). As in
 *                  PyTorch, the gradient of v is passed on to s where v is that bound, too.
 *
 * With weights w and smoothing e (PyTorch's weight, pos_weight, label_smoothing) they are
 *   bce            mean over the K outputs of -w y log s - (1 - y) log(1 - s)
 *   cross-entropy  -(1 - e) w[label] log p[label] - e / K sum_k w[k] log p[k], where p = softmax(o)
 * and the mean of the latter over samples is one of weights: its divisor is the sum of w[label].
 *   soft-cross-entropy  -sum_k w[k] ((1 - e) y[k] + e / K) log p[k], whose divisor is the samples
 * A sample with a probability that is NaN does not count.
 * Targets that do not count are left out of the sums over k, whose divisor K stays; the weight of a
 * sample multiplies its loss and its gradient. So with masks m and weights v the mean of a batch is
 * sum(v m l) / sum(v m), where l is the loss of one target.
 *
 *   output    [rows,K] without the bias of the last layer
 *   bias      [K]
 *   y         [rows,targets] float, or [rows] int32_t labels in 0..K-1
 *   output    [out] d loss / d (output + bias) for each sample, not divided by anything
 * Returns the sum of the samples' losses. */
double dt_loss_backward(dt_loss loss, const dt_criterion *criterion, int64_t rows, int64_t K,
                        const float *bias, const void *y, float *output);

/* Return the loss of one sample, without weights and smoothing. A label for which the model has
 * no output has an infinite loss. What does not count is left out of the sum.
 *   quantiles  of DT_LOSS_QUANTILE; else ignored
 *   y          y of the sample
 *   output     [K] outputs, with the bias */
double dt_loss_row(dt_loss loss, const dt_quantiles *quantiles, int64_t K, const void *y,
                   const float *output);

/* Return the index of the largest of K outputs; if several are equal, the first of them. */
int64_t dt_argmax(int64_t K, const float *output);

/* Compute output = softmax(output) for each row.
 *   output  [in,out] [rows,K] */
void dt_softmax(int64_t rows, int64_t K, float *output);

/* Make the mean and the standard deviation of each target of a sample from the outputs of
 * gaussian-nll.
 *   output  [2,targets] means, and the numbers s
 *   pair    [out] [targets,2] */
void dt_means_and_deviations(int64_t targets, const float *output, float *pair);

/* output = 1 / (1 + exp(-output))
 *   output  [in,out] [n] */
void dt_sigmoid(int64_t n, float *output);

#endif
