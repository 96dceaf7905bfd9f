#include "model/loss.h"

#include <math.h>
#include <stddef.h>

static void add_bias(int64_t K, const float *restrict bias, float *restrict output)
{
#pragma omp simd
    for (int64_t k = 0; k < K; k++)
        output[k] += bias[k];
}

static float find_max(int64_t K, const float *output)
{
    float max = output[0];
#pragma omp simd reduction(max : max)
    for (int64_t k = 1; k < K; k++)
        max = output[k] > max ? output[k] : max;
    return max;
}

/* output = exp(output - max); returns their sum. It is in double: beside the largest, which is 1,
 * float would lose what all the others come to. */
static double exp_row(int64_t K, float max, float *output)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < K; k++) {
        output[k] = expf(output[k] - max);
        sum += (double)output[k];
    }
    return sum;
}

/* log of the softmax's denominator, with output left as it is. */
static double log_sum_exp(int64_t K, const float *output)
{
    float max = find_max(K, output);
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < K; k++)
        sum += (double)expf(output[k] - max);
    /* cppcheck-suppress invalidFunctionArg ; K >= 1, so that sum is at least exp(0) */
    return (double)max + log(sum);
}

/* ---- Of a sample: the loss, and its gradient in place of the outputs ------------------------ */

static double mse_backward(int64_t K, const float *restrict y, float *restrict output)
{
    double sum = 0;
    float scale = 2 / (float)K;
    for (int64_t k = 0; k < K; k++) {
        float error = output[k] - y[k];
        sum += (double)error * (double)error;
        output[k] = scale * error;
    }
    return sum / (double)K;
}

static double mae_backward(int64_t K, const float *restrict y, float *restrict output)
{
    double sum = 0;
    float scale = 1 / (float)K;
    for (int64_t k = 0; k < K; k++) {
        float error = output[k] - y[k];
        sum += (double)fabsf(error);
        output[k] = scale * (float)((error > 0) - (error < 0));
    }
    return sum / (double)K;
}

static double huber_loss(double error)
{
    double size = fabs(error);
    return size < 1 ? 0.5 * size * size : size - 0.5;
}

static double huber_backward(int64_t K, const float *restrict y, float *restrict output)
{
    double sum = 0;
    float scale = 1 / (float)K;
    for (int64_t k = 0; k < K; k++) {
        float error = output[k] - y[k];
        sum += huber_loss((double)error);
        output[k] = scale * (error > 1 ? 1 : error < -1 ? -1 : error);
    }
    return sum / (double)K;
}

/* -y log s - (1 - y) log(1 - s), where s = 1 / (1 + exp(-z)), without an overflow. */
static double bce_loss(double z, double y)
{
    return (1 - y) * z + log1p(exp(-fabs(z))) + fmax(-z, 0);
}

/* w  [K]; NULL: all 1 */
static double bce_backward(int64_t K, const float *w, const float *restrict y,
                           float *restrict output)
{
    double sum = 0;
    float scale = 1 / (float)K;
    for (int64_t k = 0; k < K; k++) {
        float z = output[k], e = expf(-fabsf(z)), log_e = log1pf(e);
        float yes = w ? w[k] * y[k] : y[k], no = 1 - y[k];
        sum += (double)(no * (log_e + (z > 0 ? z : 0)) + yes * (log_e + (z < 0 ? -z : 0)));
        output[k] = scale * (no * (z < 0 ? e : 1) - yes * (z < 0 ? 1 : e)) / (1 + e);
    }
    return sum / (double)K;
}

/* error = y - o */
static double pinball_loss(double quantile, double error)
{
    return error > 0 ? quantile * error : (quantile - 1) * error;
}

/* y [targets], output [targets,quantiles] */
static double quantile_backward(int64_t targets, const dt_quantiles *q, const float *restrict y,
                                float *restrict output)
{
    double sum = 0, scale = 1 / (double)(targets * q->n);
    for (int64_t k = 0; k < targets; k++)
        for (int i = 0; i < q->n; i++) {
            float *o = output + k * q->n + i;
            double error = (double)y[k] - (double)*o, level = q->level[i];
            sum += pinball_loss(level, error);
            *o = (float)(scale * (error > 0 ? -level : error < 0 ? 1 - level : 0));
        }
    return sum * scale;
}

/* max(softplus(raw), 1e-6), without an overflow; NaN stays NaN. */
static double make_variance(double raw)
{
    static const double MIN_VARIANCE = 1e-6;
    double softplus = log1p(exp(-fabs(raw))) + (raw > 0 ? raw : 0);
    return softplus < MIN_VARIANCE ? MIN_VARIANCE : softplus;
}

static double gaussian_loss(double error, double variance)
{
    return 0.5 * (log(variance) + error * (error / variance));
}

/* The derivative of softplus is the sigmoid. The gradient is in double, since near the minimum the
 * terms of the variance's cancel.
 *   y       [targets]
 *   output  [2,targets] means, and what variances are made of */
static double gaussian_backward(int64_t targets, const float *restrict y, float *restrict output)
{
    double sum = 0, scale = 1 / (double)targets;
    for (int64_t k = 0; k < targets; k++) {
        double error = (double)output[k] - (double)y[k], raw = (double)output[targets + k];
        double variance = make_variance(raw), slope = 1 / (1 + exp(-raw));
        double ratio = error / variance;
        sum += gaussian_loss(error, variance);
        output[k] = (float)(scale * ratio);
        output[targets + k] = (float)(scale * 0.5 * (1 / variance - ratio * ratio) * slope);
    }
    return sum * scale;
}

static double cross_entropy_backward(int64_t K, int32_t label, float *output)
{
    float max = find_max(K, output);
    double chosen = (double)output[label] - (double)max;
    double sum = exp_row(K, max, output), share = 1 / sum;
    float scale = (float)share, gradient = (float)((double)output[label] * share - 1);
#pragma omp simd
    for (int64_t k = 0; k < K; k++)
        output[k] *= scale;
    output[label] = gradient;
    return log(sum) - chosen;
}

/* With weights w ([K]; NULL: all 1) and smoothing: see dt_criterion. The gradient is in double, since
 * its terms may cancel: beside a light class, a heavy one that is surely right has none. */
static double smooth_entropy_backward(int64_t K, const dt_criterion *c, int32_t label,
                                      float *output)
{
    float max = find_max(K, output);
    double spread = (double)c->smoothing / (double)K;
    float own = c->weight ? c->weight[label] : 1;
    double all = 0, apart = 0; /* sums of w and of w (max - o) */
    for (int64_t k = 0; k < K; k++) {
        double w = c->weight ? (double)c->weight[k] : 1;
        all += w;
        apart += w * ((double)max - (double)output[k]);
    }
    double w = (1 - (double)c->smoothing) * (double)own;
    double chosen = (double)max - (double)output[label];
    double sum = exp_row(K, max, output);
    double log_sum = log(sum), label_mass = w + spread * all;
    double share = label_mass / sum;
    double gradient = share * (double)output[label] - w - spread * (double)own;
    for (int64_t k = 0; k < K; k++) {
        double weight = c->weight ? (double)c->weight[k] : 1;
        output[k] = (float)(share * (double)output[k] - spread * weight);
    }
    output[label] = (float)gradient;
    return label_mass * log_sum + w * chosen + spread * apart;
}

/* The same of probabilities y [K], which are that share of a label each. */
static double soft_entropy_backward(int64_t K, const dt_criterion *c, const float *restrict y,
                                    float *restrict output)
{
    float max = find_max(K, output);
    double spread = (double)c->smoothing / (double)K, share = 1 - (double)c->smoothing;
    double mass = 0, apart = 0; /* sums of m and of m (max - o), m = w ((1 - e) y + e / K) */
    for (int64_t k = 0; k < K; k++) {
        double m = (c->weight ? (double)c->weight[k] : 1) * (share * (double)y[k] + spread);
        mass += m;
        apart += m * ((double)max - (double)output[k]);
    }
    double sum = exp_row(K, max, output);
    for (int64_t k = 0; k < K; k++) {
        double m = (c->weight ? (double)c->weight[k] : 1) * (share * (double)y[k] + spread);
        output[k] = (float)(mass / sum * (double)output[k] - m);
    }
    return mass * log(sum) + apart;
}

static double row_backward(dt_loss loss, const dt_criterion *c, int64_t K, const void *y,
                           float *output)
{
    switch (loss) {
    case DT_LOSS_CROSS_ENTROPY:
        return c->weight || c->smoothing > 0
                   ? smooth_entropy_backward(K, c, *(const int32_t *)y, output)
                   : cross_entropy_backward(K, *(const int32_t *)y, output);
    case DT_LOSS_SOFT_CROSS_ENTROPY:
        return soft_entropy_backward(K, c, y, output);
    case DT_LOSS_MAE:
        return mae_backward(K, y, output);
    case DT_LOSS_HUBER:
        return huber_backward(K, y, output);
    case DT_LOSS_BCE:
        return bce_backward(K, c->weight, y, output);
    case DT_LOSS_QUANTILE:
        return quantile_backward(K / c->quantiles.n, &c->quantiles, y, output);
    case DT_LOSS_GAUSSIAN_NLL:
        return gaussian_backward(K / 2, y, output);
    default:
        return mse_backward(K, y, output);
    }
}

/* ---- Of samples with weights, and of which not all counts ------------------------------------ */

static bool has_gap(int64_t K, const float *y)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < K; k++)
        sum += y[k] - y[k];
    return isnan(sum);
}

/* Each target by itself; the outputs of one that is NaN have no gradient. The outputs of a target
 * are side by side, except that all variances are behind all means. */
static double gap_backward(dt_loss loss, const dt_criterion *c, int64_t K, const float *y,
                           float *output)
{
    float own[DT_MAX_QUANTILES], scale;
    double sum = 0;
    int64_t each = dt_outputs_per_target(loss, &c->quantiles), targets = K / each;
    bool apart = loss == DT_LOSS_GAUSSIAN_NLL;
    scale = 1 / (float)targets;
    for (int64_t k = 0; k < targets; k++) {
        dt_criterion of = {.weight = c->weight ? c->weight + k : NULL, .quantiles = c->quantiles};
        bool counts = !isnan(y[k]);
        for (int64_t i = 0; i < each; i++)
            own[i] = output[apart ? i * targets + k : k * each + i];
        sum += counts ? row_backward(loss, &of, each, y + k, own) : 0;
        for (int64_t i = 0; i < each; i++)
            output[apart ? i * targets + k : k * each + i] = counts ? scale * own[i] : 0;
    }
    return sum / (double)targets;
}

static double counted_backward(dt_loss loss, const dt_criterion *c, int64_t K, const void *y,
                               float *output)
{
    bool labels = dt_loss_takes_labels(loss);
    int64_t targets = K / dt_outputs_per_target(loss, &c->quantiles);
    float weight = c->weighted ? ((const float *)y)[labels ? 1 : targets] : 1;
    double sum = 0;
    if (labels && *(const int32_t *)y < 0)
        weight = 0;
    else if (loss == DT_LOSS_SOFT_CROSS_ENTROPY && c->masked && has_gap(K, y))
        weight = 0;
    else if (!labels && c->masked && has_gap(targets, y))
        sum = gap_backward(loss, c, K, y, output);
    else
        sum = row_backward(loss, c, K, y, output);
    for (int64_t k = 0; k < K && weight != 1; k++)
        output[k] = weight == 0 ? 0 : weight * output[k];
    return weight == 0 ? 0 : (double)weight * sum;
}

/* mse of one output: LANES samples at a time, each of which has a sum. */
static double errors_backward(int64_t rows, float bias, const float *restrict y,
                              float *restrict output)
{
    enum { LANES = 8 };
    double lane[LANES] = {0};
    int64_t r = 0;
    for (; r + LANES <= rows; r += LANES)
        for (int i = 0; i < LANES; i++) {
            float error = output[r + i] + bias - y[r + i];
            lane[i] += (double)error * (double)error;
            output[r + i] = 2 * error;
        }
    for (int i = 0; r < rows; r++, i++) {
        float error = output[r] + bias - y[r];
        lane[i] += (double)error * (double)error;
        output[r] = 2 * error;
    }
    for (int n = LANES / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            lane[i] += lane[i + n];
    return lane[0];
}

double dt_loss_backward(dt_loss loss, const dt_criterion *c, int64_t rows, int64_t K,
                        const float *bias, const void *y, float *output)
{
    double sum = 0;
    bool plain = !c->weighted && !c->masked;
    if (loss == DT_LOSS_MSE && K == 1 && plain)
        return errors_backward(rows, *bias, y, output);
    int64_t targets = K / dt_outputs_per_target(loss, &c->quantiles);
    int64_t y_bytes = dt_target_bytes(loss, targets, c->weighted);
    for (int64_t r = 0; r < rows; r++) {
        float *row = output + r * K;
        const char *target = (const char *)y + r * y_bytes;
        add_bias(K, bias, row);
        sum += plain ? row_backward(loss, c, K, target, row)
                     : counted_backward(loss, c, K, target, row);
    }
    return sum;
}

static int64_t count_targets(int64_t targets, const float *y)
{
    int64_t n = 0;
    for (int64_t k = 0; k < targets; k++)
        n += !isnan(y[k]);
    return n;
}

/* Weights are multiples of a unit only about: a power of two, 2^-60 of the largest. */
static dt_weight units_of(const dt_criterion *c, double weight)
{
    return (dt_weight)llrint(weight / c->weight_unit);
}

/* Of one sample. */
static dt_weight row_weight(dt_loss loss, const dt_criterion *c, int64_t targets, const void *y)
{
    const float *values = y;
    int32_t label = *(const int32_t *)y;
    if (loss == DT_LOSS_SOFT_CROSS_ENTROPY && c->masked && has_gap(targets, values))
        return 0;
    if (loss == DT_LOSS_SOFT_CROSS_ENTROPY)
        return c->weighted ? units_of(c, (double)values[targets]) : 1;
    if (!dt_loss_takes_labels(loss))
        return (c->weighted ? units_of(c, (double)values[targets]) : 1) *
               (c->masked ? count_targets(targets, values) : targets);
    if (label < 0)
        return 0;
    if (c->weighted)
        return units_of(c, (double)values[1] * (c->weight ? (double)c->weight[label] : 1));
    return c->units ? c->units[label] : 1;
}

dt_weight dt_loss_weight(dt_loss loss, const dt_criterion *c, int64_t rows, int64_t targets,
                         const void *y)
{
    dt_weight sum = 0;
    if (!c->units && !c->weighted && !c->masked)
        return rows;
    int64_t y_bytes = dt_target_bytes(loss, targets, c->weighted);
    for (int64_t r = 0; r < rows; r++)
        sum += row_weight(loss, c, targets, (const char *)y + r * y_bytes);
    return sum;
}

double dt_loss_unit(dt_loss loss, const dt_criterion *c, int64_t targets, double class_unit)
{
    double unit = c->weighted ? c->weight_unit : class_unit;
    bool by_target = !dt_loss_is_of_classes(loss) && (c->weighted || c->masked);
    return by_target ? unit / (double)targets : unit;
}

/* ---- Of a sample: the loss alone ------------------------------------------------------------ */

static double cross_entropy_loss(int64_t K, int32_t label, const float *output)
{
    if (label < 0)
        return 0;
    return label < K ? log_sum_exp(K, output) - (double)output[label] : HUGE_VAL;
}

/* What does not count has no loss. */
static double soft_entropy_loss(int64_t K, const float *y, const float *output)
{
    double log_sum = log_sum_exp(K, output), sum = 0;
    if (has_gap(K, y))
        return 0;
    for (int64_t k = 0; k < K; k++)
        sum += (double)y[k] * (log_sum - (double)output[k]);
    return sum;
}

static double mean_loss(dt_loss loss, int64_t K, const float *y, const float *output)
{
    double sum = 0;
    for (int64_t k = 0; k < K; k++) {
        double error = (double)output[k] - (double)y[k];
        sum += isnan(y[k])             ? 0
               : loss == DT_LOSS_BCE   ? bce_loss((double)output[k], (double)y[k])
               : loss == DT_LOSS_HUBER ? huber_loss(error)
               : loss == DT_LOSS_MAE   ? fabs(error)
                                       : error * error;
    }
    return sum / (double)K;
}

static double mean_quantile_loss(int64_t targets, const dt_quantiles *q, const float *y,
                                 const float *output)
{
    double sum = 0;
    for (int64_t k = 0; k < targets; k++)
        for (int i = 0; i < q->n && !isnan(y[k]); i++)
            sum += pinball_loss(q->level[i], (double)y[k] - (double)output[k * q->n + i]);
    return sum / (double)(targets * q->n);
}

static double mean_gaussian_loss(int64_t targets, const float *y, const float *output)
{
    double sum = 0;
    for (int64_t k = 0; k < targets; k++)
        if (!isnan(y[k]))
            sum += gaussian_loss((double)output[k] - (double)y[k],
                                 make_variance((double)output[targets + k]));
    return sum / (double)targets;
}

double dt_loss_row(dt_loss loss, const dt_quantiles *quantiles, int64_t K, const void *y,
                   const float *output)
{
    switch (loss) {
    case DT_LOSS_CROSS_ENTROPY:
        return cross_entropy_loss(K, *(const int32_t *)y, output);
    case DT_LOSS_SOFT_CROSS_ENTROPY:
        return soft_entropy_loss(K, y, output);
    case DT_LOSS_QUANTILE:
        return mean_quantile_loss(K / quantiles->n, quantiles, y, output);
    case DT_LOSS_GAUSSIAN_NLL:
        return mean_gaussian_loss(K / 2, y, output);
    default:
        return mean_loss(loss, K, y, output);
    }
}

/* ---- What is made of outputs ---------------------------------------------------------------- */

int64_t dt_argmax(int64_t K, const float *output)
{
    int64_t best = 0;
    for (int64_t k = 1; k < K; k++)
        if (output[k] > output[best])
            best = k;
    return best;
}

void dt_softmax(int64_t rows, int64_t K, float *output)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = output + r * K;
        float scale = (float)(1 / exp_row(K, find_max(K, row), row));
#pragma omp simd
        for (int64_t k = 0; k < K; k++)
            row[k] *= scale;
    }
}

void dt_means_and_deviations(int64_t targets, const float *output, float *pair)
{
    for (int64_t k = 0; k < targets; k++) {
        pair[2 * k] = output[k];
        pair[2 * k + 1] = (float)sqrt(make_variance((double)output[targets + k]));
    }
}

void dt_sigmoid(int64_t n, float *output)
{
    for (int64_t i = 0; i < n; i++)
        output[i] = 1 / (1 + expf(-output[i]));
}
