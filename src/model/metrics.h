/* Scores of a model, as scikit-learn defines them, over rows that are added in pieces and on
 * several ranks. Only integers are summed (counts, and sums of core/exact_sum.h), so the scores
 * have the same bits for any pieces and any number of ranks and threads. */
#ifndef DT_MODEL_METRICS_H
#define DT_MODEL_METRICS_H

#include <dtrain/options.h>
#include <dtrain/scores.h>
#include <dtrain/status.h>

typedef struct {
    dt_loss loss;
    dt_quantiles quantiles; /* of DT_LOSS_QUANTILE */
    int64_t outputs, targets;
    bool weighted; /* each row of y ends with a weight */
    bool masked;   /* what is NaN or a negative label in y does not count */
    const double *mean,
        *scale;    /* [targets] y and outputs are (value - mean) * scale; NULL: values */
    float *shift;  /* [targets] subtracted from y before squares are summed; only for numbers */
    int threads;   /* number of threads that may add */
    int64_t words; /* length of one thread's sums */
    int64_t *sums; /* [threads,words]; between two calls, all rows but the first are 0 */
} dt_metrics;

/* Start with no rows. Not collective. To be ended with dt_metrics_free, also after an error.
 *   quantiles  of DT_LOSS_QUANTILE; else ignored
 *   outputs    of the model
 *   shift      [targets] y of any row, the same on every rank. It is near enough to the mean for
 *              squares of differences to be precise. Ignored for classes and binary targets.
 *              Borrowed for the call */
dt_code dt_metrics_init(dt_metrics *metrics, dt_loss loss, const dt_quantiles *quantiles,
                        int64_t outputs, const float *shift, dt_error *err);

/* Take rows that have weights, or of which not all counts (model/loss.h). The scores are then those
 * of scikit-learn with sample_weight, over what counts; the mean loss is that of training. Not
 * collective; to be called before the first row is added. */
void dt_metrics_count(dt_metrics *metrics, bool weighted, bool masked);

/* Take outputs and y that are scaled: (value - mean) * scale. RMSE, MAE and R^2 are then of the
 * values, and the loss is that of the scaled ones. Not collective. To be called before the first
 * row is added.
 *   mean, scale  [targets] borrowed; NULL: they are not scaled */
void dt_metrics_unscale(dt_metrics *metrics, const double *mean, const double *scale);

/* Start again with no rows. Not collective. */
void dt_metrics_clear(dt_metrics *metrics);

/* Add n rows, n <= 2^30. Not collective.
 *   output  [n,outputs] outputs of the model, with its last bias
 *   y       [n] int32_t labels, or [n,targets] float; each followed by its weight if they have
 *           some */
void dt_metrics_add(dt_metrics *metrics, const float *output, const void *y, int64_t n);

/* Return this rank's sums, [words] integers. The caller sums them over all ranks in place, as
 * int64_t. Then they are the sums over all rows. At most 2^30 ranks. Not collective. */
int64_t *dt_metrics_sums(dt_metrics *metrics);

/* Return the scores of the rows added, of which there must be at least one. Not collective. */
dt_scores dt_metrics_scores(const dt_metrics *metrics);

/* Free the sums. Not collective. */
void dt_metrics_free(dt_metrics *metrics);

#endif
