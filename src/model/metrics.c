#include "model/metrics.h"

#include "core/exact_sum.h"
#include "core/memory.h"
#include "core/quantiles.h"
#include "model/loss.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_TO_WAKE = 1 << 10 }; /* outputs: fewer are added before other threads are awake */

/* Of one target that is a number. */
typedef struct {
    dt_exact error;           /* squares of prediction - y */
    dt_exact size;            /* absolute values of prediction - y */
    dt_exact shifted, square; /* of y - shift */
    dt_exact weight;          /* of the rows whose target counts */
} moments;

/* What a thread's rows add up to: int64_t throughout. */
typedef struct {
    int64_t samples;
    int64_t right;          /* rows, or outputs, told right */
    int64_t actual;         /* rows of class 1 */
    int64_t predicted;      /* rows that were predicted as class 1 */
    int64_t true_positives; /* rows that are both */
    int64_t broken;         /* losses and errors that are not finite */
    dt_exact loss;
    /* The same by weight, where rows have weights or not all of them count. */
    dt_exact weight; /* of rows; of targets where each of them may count or not */
    dt_exact weight_right, weight_actual, weight_predicted, weight_true;
    moments of[]; /* [targets] of numbers */
} sums;

/* Whether weights are summed, and not rows counted. */
static bool is_counted(const dt_metrics *m)
{
    return m->weighted || m->masked;
}

static bool is_numbers(const dt_metrics *m)
{
    return !dt_loss_is_of_classes(m->loss) && m->loss != DT_LOSS_BCE;
}

static bool is_two_classes(const dt_metrics *m)
{
    return m->loss == DT_LOSS_BCE ? m->outputs == 1
                                  : dt_loss_is_of_classes(m->loss) && m->outputs == 2;
}

static sums *of_thread(const dt_metrics *m, int thread)
{
    return (sums *)(void *)(m->sums + thread * m->words);
}

dt_code dt_metrics_init(dt_metrics *m, dt_loss loss, const dt_quantiles *quantiles, int64_t outputs,
                        const float *shift, dt_error *err)
{
    int64_t targets = outputs / dt_outputs_per_target(loss, quantiles);
    *m = (dt_metrics){
        .loss = loss, .outputs = outputs, .targets = targets, .threads = omp_get_max_threads()};
    if (loss == DT_LOSS_QUANTILE)
        m->quantiles = *quantiles;
    size_t bytes = sizeof(sums) + (is_numbers(m) ? (size_t)targets * sizeof(moments) : 0);
    m->words = (int64_t)(bytes / sizeof(int64_t));
    m->sums = dt_alloc(m->threads * m->words, sizeof(int64_t), "sums of errors", err);
    m->shift = dt_alloc(targets, sizeof *m->shift, "sums of errors", err);
    if (err->code)
        return err->code;
    memset(m->sums, 0, (size_t)(m->threads * m->words) * sizeof *m->sums);
    for (int64_t k = 0; k < targets && is_numbers(m); k++)
        m->shift[k] = isfinite(shift[k]) ? shift[k] : 0;
    return DT_OK;
}

void dt_metrics_count(dt_metrics *m, bool weighted, bool masked)
{
    m->weighted = weighted;
    m->masked = masked;
}

void dt_metrics_unscale(dt_metrics *m, const double *mean, const double *scale)
{
    m->mean = mean;
    m->scale = scale;
}

void dt_metrics_clear(dt_metrics *m)
{
    memset(m->sums, 0, (size_t)m->words * sizeof *m->sums);
}

void dt_metrics_free(dt_metrics *m)
{
    free(m->sums);
    free(m->shift);
    m->sums = NULL;
    m->shift = NULL;
}

/* ---- Adding rows ---------------------------------------------------------------------------- */

/* What is too small for an exact sum does not count; what is too large is as good as infinite. */
static void add_term(dt_exact *sum, double term, int64_t *broken)
{
    double size = fabs(term);
    if (!(size < 0x1p290))
        ++*broken;
    else if (size > 0x1p-260)
        dt_exact_add(sum, term);
}

/* The class of a row: of probabilities, the largest; negative: it does not count. */
static int32_t class_of(const dt_metrics *m, const void *y)
{
    const float *probability = y;
    if (dt_loss_takes_labels(m->loss))
        return *(const int32_t *)y;
    for (int64_t k = 0; k < m->outputs; k++)
        if (isnan(probability[k]))
            return -1;
    return (int32_t)dt_argmax(m->outputs, probability);
}

static void add_class(const dt_metrics *m, const float *output, int32_t label, sums *s)
{
    int64_t found = dt_argmax(m->outputs, output);
    s->right += found == label;
    s->actual += label == 1;
    s->predicted += found == 1;
    s->true_positives += label == 1 && found == 1;
}

static void add_binary(const dt_metrics *m, const float *output, const float *y, sums *s)
{
    for (int64_t k = 0; k < m->outputs; k++) {
        bool predicted = output[k] > 0, actual = y[k] > 0.5f;
        s->right += predicted == actual;
        s->actual += actual;
        s->predicted += predicted;
        s->true_positives += predicted && actual;
    }
}

/* What a scaled number of target k stands for. */
static double value_of(const dt_metrics *m, int64_t k, float scaled)
{
    return m->scale ? (double)scaled / m->scale[k] + m->mean[k] : (double)scaled;
}

/* The output that predicts target k: the mean, or the quantile nearest to 0.5. */
static int64_t find_prediction(const dt_metrics *m, int64_t k)
{
    return m->loss == DT_LOSS_QUANTILE ? k * m->quantiles.n + dt_quantiles_median(&m->quantiles)
                                       : k;
}

static void add_numbers(const dt_metrics *m, const float *output, const float *y, sums *s)
{
    for (int64_t k = 0; k < m->targets; k++) {
        double value = value_of(m, k, y[k]);
        double error = value_of(m, k, output[find_prediction(m, k)]) - value;
        double shifted = value - (double)m->shift[k];
        add_term(&s->of[k].error, error * error, &s->broken);
        add_term(&s->of[k].size, fabs(error), &s->broken);
        add_term(&s->of[k].shifted, shifted, &s->broken);
        add_term(&s->of[k].square, shifted * shifted, &s->broken);
    }
}

/* ---- Adding rows by weight ------------------------------------------------------------------ */

static void add_answer(double weight, bool right, bool actual, bool predicted, sums *s)
{
    add_term(&s->weight, weight, &s->broken);
    if (right)
        add_term(&s->weight_right, weight, &s->broken);
    if (actual)
        add_term(&s->weight_actual, weight, &s->broken);
    if (predicted)
        add_term(&s->weight_predicted, weight, &s->broken);
    if (actual && predicted)
        add_term(&s->weight_true, weight, &s->broken);
}

/* A number that counts. */
static void add_number(const dt_metrics *m, int64_t k, double output, double y, double weight,
                       sums *s)
{
    double error = output - y, shifted = y - (double)m->shift[k];
    moments *of = &s->of[k];
    add_term(&s->weight, weight, &s->broken);
    add_term(&of->weight, weight, &s->broken);
    add_term(&of->error, weight * (error * error), &s->broken);
    add_term(&of->size, weight * fabs(error), &s->broken);
    add_term(&of->shifted, weight * shifted, &s->broken);
    add_term(&of->square, weight * (shifted * shifted), &s->broken);
}

/* A row that has a weight, or of which not all counts. */
static void add_counted(const dt_metrics *m, const float *output, const void *y, sums *s)
{
    bool labels = dt_loss_takes_labels(m->loss), classes = dt_loss_is_of_classes(m->loss);
    const float *target = y;
    int32_t label = classes ? class_of(m, y) : 0;
    double weight = m->weighted ? (double)target[labels ? 1 : m->targets] : 1;
    add_term(&s->loss, weight * dt_loss_row(m->loss, &m->quantiles, m->outputs, y, output),
             &s->broken);
    if (classes && label >= 0) {
        int64_t found = dt_argmax(m->outputs, output);
        add_answer(weight, found == label, label == 1, found == 1, s);
    }
    for (int64_t k = 0; k < m->targets && !classes; k++) {
        if (isnan(target[k]))
            continue;
        float predicted_value = output[find_prediction(m, k)];
        bool actual = target[k] > 0.5f, predicted = predicted_value > 0;
        if (m->loss == DT_LOSS_BCE)
            add_answer(weight, actual == predicted, actual, predicted, s);
        else
            add_number(m, k, value_of(m, k, predicted_value), value_of(m, k, target[k]), weight, s);
    }
}

static void add_row(const dt_metrics *m, const float *output, const void *y, sums *s)
{
    s->samples++;
    if (is_counted(m)) {
        add_counted(m, output, y, s);
        return;
    }
    add_term(&s->loss, dt_loss_row(m->loss, &m->quantiles, m->outputs, y, output), &s->broken);
    if (dt_loss_is_of_classes(m->loss))
        add_class(m, output, class_of(m, y), s);
    else if (m->loss == DT_LOSS_BCE)
        add_binary(m, output, y, s);
    else
        add_numbers(m, output, y, s);
}

static void carry_sums(const dt_metrics *m, sums *s)
{
    dt_exact_carry(&s->loss);
    dt_exact_carry(&s->weight);
    dt_exact_carry(&s->weight_right);
    dt_exact_carry(&s->weight_actual);
    dt_exact_carry(&s->weight_predicted);
    dt_exact_carry(&s->weight_true);
    for (int64_t k = 0; k < m->targets && is_numbers(m); k++) {
        dt_exact_carry(&s->of[k].error);
        dt_exact_carry(&s->of[k].size);
        dt_exact_carry(&s->of[k].shifted);
        dt_exact_carry(&s->of[k].square);
        dt_exact_carry(&s->of[k].weight);
    }
}

void dt_metrics_add(dt_metrics *m, const float *output, const void *y, int64_t n)
{
    int64_t y_bytes = dt_target_bytes(m->loss, m->targets, m->weighted);
    int threads = n * m->outputs < VALUES_TO_WAKE ? 1 : m->threads;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        sums *s = of_thread(m, omp_get_thread_num());
#pragma omp for
        for (int64_t r = 0; r < n; r++)
            add_row(m, output + r * m->outputs, (const char *)y + r * y_bytes, s);
        carry_sums(m, s);
    }
    for (int t = 1; t < threads; t++)
        for (int64_t i = 0; i < m->words; i++) {
            m->sums[i] += m->sums[t * m->words + i];
            m->sums[t * m->words + i] = 0;
        }
    carry_sums(m, of_thread(m, 0));
}

int64_t *dt_metrics_sums(dt_metrics *m)
{
    return m->sums;
}

/* ---- Scores --------------------------------------------------------------------------------- */

static double divide(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* A sum by weight, or a count of rows. */
static double choose_sum(const dt_metrics *m, const dt_exact *weight, int64_t count)
{
    return is_counted(m) ? dt_exact_value(weight) : (double)count;
}

/* One row has no deviation from its mean to compare with. */
static double r_squared(const moments *of, double n)
{
    double error = dt_exact_value(&of->error), shifted = dt_exact_value(&of->shifted);
    double deviation = dt_exact_value(&of->square) - shifted * (shifted / n);
    if (deviation > 0)
        return 1 - error / deviation;
    return error > 0 ? 0 : 1;
}

/* n: rows, or their weight */
static dt_target_scores score_target(const moments *of, double n, bool single)
{
    return (dt_target_scores){.rmse = sqrt(dt_exact_value(&of->error) / n),
                              .mae = dt_exact_value(&of->size) / n,
                              .r2 = single ? NAN : r_squared(of, n)};
}

static void score_numbers(const dt_metrics *m, const sums *s, dt_scores *scores)
{
    double rmse = 0, mae = 0, r2 = 0, K = (double)m->targets;
    scores->has_r2 = true;
    scores->rmse = scores->mae = scores->r2 = NAN;
    if (s->broken > 0)
        return;
    scores->targets = m->targets > 1 && m->targets <= DT_SCORES_TARGETS ? m->targets : 0;
    for (int64_t k = 0; k < m->targets; k++) {
        double n = choose_sum(m, &s->of[k].weight, s->samples);
        dt_target_scores target = score_target(&s->of[k], n, s->samples < 2);
        rmse += target.rmse;
        mae += target.mae;
        r2 += target.r2;
        if (k < scores->targets)
            scores->target[k] = target;
    }
    scores->rmse = rmse / K;
    scores->mae = mae / K;
    scores->r2 = r2 / K;
}

dt_scores dt_metrics_scores(const dt_metrics *m)
{
    const sums *s = of_thread(m, 0);
    double K = (double)m->outputs;
    double answers = dt_loss_is_of_classes(m->loss) ? 1 : K; /* of a row */
    double total = is_counted(m) ? dt_exact_value(&s->weight) : (double)s->samples * answers;
    double n = total / answers;
    double true_positives = choose_sum(m, &s->weight_true, s->true_positives);
    double actual = choose_sum(m, &s->weight_actual, s->actual);
    double predicted = choose_sum(m, &s->weight_predicted, s->predicted);
    double right = choose_sum(m, &s->weight_right, s->right);
    bool numbers = is_numbers(m), two = is_two_classes(m);
    dt_scores scores = {
        .samples = s->samples,
        .loss = s->broken > 0 ? NAN : dt_exact_value(&s->loss) / n,
        .has_accuracy = !numbers,
        .accuracy = numbers ? NAN : right / total,
        .has_f1 = two,
        .precision = two ? divide(true_positives, predicted) : NAN,
        .recall = two ? divide(true_positives, actual) : NAN,
        .f1 = two ? divide(2 * true_positives, actual + predicted) : NAN,
        .rmse = NAN,
        .mae = NAN,
        .r2 = NAN,
    };
    if (numbers)
        score_numbers(m, s, &scores);
    return scores;
}
