/* Scores of a model, as scikit-learn defines them, over rows that come in pieces and on several
 * ranks. Only integers are added up (counts, and sums by core/exact_sum.h), so that neither the
 * pieces nor the number of ranks or threads change a bit of the scores. */
#ifndef DT_MODEL_METRICS_H
#define DT_MODEL_METRICS_H

#include <dtrain/options.h>
#include <dtrain/scores.h>
#include <dtrain/status.h>

typedef struct {
    dt_loss loss;
    int64_t outputs;
    float *shift;  /* [outputs] of numbers: squares are summed of y - shift */
    int threads;   /* that may add */
    int64_t words; /* in the sums of one of them */
    int64_t *sums; /* [threads,words], between two calls 0 but for the first */
} dt_metrics;

/* Start with no rows. Not collective. To be ended with dt_metrics_free, also after an error.
 *   shift  [outputs] y of any row, the same on every rank: near enough to the mean for squares of
 *          differences to it to be precise; ignored for classes and truths; borrowed for the call
 *          */
dt_code dt_metrics_init(dt_metrics *metrics, dt_loss loss, int64_t outputs, const float *shift,
                        dt_error *err);

/* Forget all rows. */
void dt_metrics_clear(dt_metrics *metrics);

/* Add n rows, n <= 2^30.
 *   output  [n,outputs] of the model, with its last bias
 *   y       [n] int32_t labels, or [n,outputs] float */
void dt_metrics_add(dt_metrics *metrics, const float *output, const void *y, int64_t n);

/* The sums, words of them: added up over all ranks as int64 they are those of all rows. At most
 * 2^30 ranks. */
int64_t *dt_metrics_sums(dt_metrics *metrics);

/* Of at least one row. */
dt_scores dt_metrics_scores(const dt_metrics *metrics);

void dt_metrics_free(dt_metrics *metrics);

#endif
