/* Scores against scikit-learn's (scripts/make_scores.py), and that no cut of the rows into pieces,
 * ranks or threads changes a bit of them. */
#include "model/metrics.h"

#include "model/loss.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1000, MAX_OUTPUTS = 9 };

/* A data set of the script. */
typedef struct {
    dt_loss loss;
    dt_quantiles quantiles;
    int64_t K;
    float output[N * MAX_OUTPUTS], y[N * MAX_OUTPUTS]; /* y: int32_t labels, or floats */
} rows;

static void check_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-6 * fabs(expected)))
        fail_msg("%.17g, not %.17g", value, expected);
}

static void set_label(rows *r, int64_t i, int32_t label)
{
    memcpy(&r->y[i], &label, sizeof label);
}

static rows *five_classes(void)
{
    rows *r = calloc(1, sizeof *r);
    r->loss = DT_LOSS_CROSS_ENTROPY;
    r->K = 5;
    for (int i = 0; i < N; i++) {
        set_label(r, i, i * 29 % 23 % 5);
        for (int k = 0; k < 5; k++)
            r->output[i * 5 + k] = (float)((i * (13 + k * 7) + k * 31) % 113) / 8;
    }
    return r;
}

/* By one output, or by two of which the first is 0. */
static rows *two_classes(dt_loss loss)
{
    rows *r = calloc(1, sizeof *r);
    r->loss = loss;
    r->K = loss == DT_LOSS_BCE ? 1 : 2;
    for (int i = 0; i < N; i++) {
        int so = i * 53 % 97 < 40;
        if (loss == DT_LOSS_BCE)
            r->y[i] = (float)so;
        else
            set_label(r, i, so);
        r->output[i * r->K + r->K - 1] = (float)(i * 37 % 101 - 50) / 16;
    }
    return r;
}

static rows *three_truths(void)
{
    rows *r = calloc(1, sizeof *r);
    r->loss = DT_LOSS_BCE;
    r->K = 3;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            r->y[i * 3 + k] = (i * 53 + k * 11) % 97 < 40;
            r->output[i * 3 + k] = (float)(i * 37 % 101 - 50) / 16 - (float)k / 2;
        }
    return r;
}

static rows *numbers(dt_loss loss)
{
    rows *r = calloc(1, sizeof *r);
    r->loss = loss;
    r->K = 3;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            float y = 100000 * (float)k + (float)(i * (k + 3) * 17 % 211) / 32;
            r->y[i * 3 + k] = y;
            r->output[i * 3 + k] = y + (float)((i * 41 + k * 7) % 31 - 15) / 64;
        }
    return r;
}

/* The errors of the second and third target are 4 and 16 times as large. */
static rows *numbers_apart(void)
{
    rows *r = numbers(DT_LOSS_MSE);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            float error = r->output[i * 3 + k] - r->y[i * 3 + k];
            r->output[i * 3 + k] = r->y[i * 3 + k] + error * (float)(1 << 2 * k);
        }
    return r;
}

/* The predictions of numbers_apart are the second quantiles. */
static rows *quantiles(void)
{
    static const float off[] = {-0.25f, 0, 0.5f};
    rows *r = numbers_apart(), *from = malloc(sizeof *from);
    *from = *r;
    r->loss = DT_LOSS_QUANTILE;
    r->quantiles = (dt_quantiles){3, {0.25, 0.375, 0.75}};
    r->K = 9;
    for (int i = 0; i < 9 * N; i++)
        r->output[i] = from->output[i / 3] + off[i % 3];
    free(from);
    return r;
}

/* The predictions of numbers_apart are the means. */
static rows *means(void)
{
    rows *r = numbers_apart(), *from = malloc(sizeof *from);
    *from = *r;
    r->loss = DT_LOSS_GAUSSIAN_NLL;
    r->K = 6;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            r->output[i * 6 + k] = from->output[i * 3 + k];
            r->output[i * 6 + 3 + k] = (float)((i + k) % 7) / 2 - 1;
        }
    free(from);
    return r;
}

static void start(dt_metrics *m, const rows *r)
{
    dt_error err = {0};
    assert_int_equal(dt_metrics_init(m, r->loss, &r->quantiles, r->K, r->y, &err), DT_OK);
}

/* Rows [begin, end). */
static void add(dt_metrics *m, const rows *r, int64_t begin, int64_t end)
{
    int64_t width =
        r->loss == DT_LOSS_CROSS_ENTROPY ? 1 : r->K / dt_outputs_per_target(r->loss, &r->quantiles);
    dt_metrics_add(m, r->output + begin * r->K, r->y + begin * width, end - begin);
}

static dt_scores score(rows *r)
{
    dt_metrics m;
    start(&m, r);
    add(&m, r, 0, N);
    dt_scores s = dt_metrics_scores(&m);
    assert_int_equal(s.samples, N);
    dt_metrics_free(&m);
    free(r);
    return s;
}

static void of_classes(void **state)
{
    (void)state;
    dt_scores s = score(five_classes());
    check_near(s.loss, 4.9030822095130144);
    check_near(s.accuracy, 0.203);
    assert_true(s.has_accuracy && !s.has_f1 && !s.has_r2);
}

static void of_two_classes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        dt_scores s = score(two_classes(i ? DT_LOSS_BCE : DT_LOSS_CROSS_ENTROPY));
        check_near(s.loss, 1.0488397070614675);
        check_near(s.accuracy, 0.499);
        check_near(s.precision, 0.41212121212121211);
        check_near(s.recall, 0.49275362318840582);
        check_near(s.f1, 0.44884488448844889);
        assert_true(s.has_accuracy && s.has_f1 && !s.has_r2);
    }
}

static void of_truths(void **state)
{
    (void)state;
    dt_scores s = score(three_truths());
    check_near(s.loss, 1.0255757561961303);
    check_near(s.accuracy, 0.514);
    assert_true(s.has_accuracy && !s.has_f1 && !s.has_r2);
}

static void of_numbers(void **state)
{
    (void)state;
    dt_scores s = score(numbers(DT_LOSS_MSE));
    check_near(s.loss, 0.019524169921874997);
    check_near(s.rmse, 0.13972886860930814);
    check_near(s.mae, 0.12093229166666668);
    check_near(s.r2, 0.99461900454550189);
    assert_true(!s.has_accuracy && !s.has_f1 && s.has_r2);
    s = score(numbers(DT_LOSS_MAE));
    check_near(s.loss, 0.12093229166666668);
    check_near(s.rmse, 0.13972886860930814);
}

/* The scores of each target, and their means: the RMSE is not the root of the mean over all. */
static void check_targets(dt_scores s, double loss)
{
    static const dt_target_scores expected[] = {
        {.rmse = 0.13989131523481005, .mae = 0.12110937500000001, .r2 = 0.99460354756913538},
        {.rmse = 0.55858009161623368, .mae = 0.48331249999999998, .r2 = 0.91407349335691324},
        {.rmse = 2.234404283024896, .mae = 1.9337500000000001, .r2 = -0.37628858046382008}};
    check_near(s.loss, loss);
    check_near(s.rmse, 0.97762522995864654);
    check_near(s.mae, 0.84605729166666677);
    check_near(s.r2, 0.51079615348740959);
    assert_int_equal(s.targets, 3);
    for (int k = 0; k < 3; k++) {
        check_near(s.target[k].rmse, expected[k].rmse);
        check_near(s.target[k].mae, expected[k].mae);
        check_near(s.target[k].r2, expected[k].r2);
        assert_string_equal(s.target[k].name, "");
    }
}

/* Nothing else of the outputs counts but the loss. */
static void of_targets(void **state)
{
    (void)state;
    check_targets(score(numbers_apart()), 1.7747145996093749);
    check_targets(score(quantiles()), 0.39991601562500007);
    check_targets(score(means()), 1.1599688619615427);
}

/* One target is the mean itself, and of very many none is told. */
static void of_one_and_of_many_targets(void **state)
{
    (void)state;
    rows *r = numbers(DT_LOSS_MSE);
    for (int64_t K = 1; K <= DT_SCORES_TARGETS + 1; K += DT_SCORES_TARGETS / 2) {
        dt_metrics m;
        r->K = K;
        start(&m, r);
        add(&m, r, 0, 10);
        dt_scores s = dt_metrics_scores(&m);
        assert_int_equal(s.targets, K == 1 || K > DT_SCORES_TARGETS ? 0 : K);
        assert_true(s.rmse > 0 && s.mae > 0);
        dt_metrics_free(&m);
    }
    free(r);
}

/* scikit-learn's r2_score warns, and gives NaN. */
static void of_one_row(void **state)
{
    (void)state;
    rows *r = numbers(DT_LOSS_MSE);
    dt_metrics m;
    start(&m, r);
    add(&m, r, 5, 6);
    dt_scores s = dt_metrics_scores(&m);
    double mean = 0;
    for (int k = 15; k < 18; k++)
        mean += fabs((double)r->output[k] - (double)r->y[k]) / 3;
    check_near(s.rmse, mean);
    check_near(s.mae, mean);
    assert_true(s.has_r2 && isnan(s.r2) && isnan(s.target[0].r2));
    dt_metrics_free(&m);
    free(r);
}

/* Nobody is of class 1, or said to be. */
static void nothing_over_nothing(void **state)
{
    (void)state;
    rows *r = two_classes(DT_LOSS_BCE);
    memset(r->y, 0, sizeof r->y);
    for (int i = 0; i < N; i++)
        r->output[i] = -1;
    dt_scores s = score(r);
    assert_true(s.accuracy == 1 && s.precision == 0 && s.recall == 0 && s.f1 == 0);
}

static void all_equal(void **state)
{
    (void)state;
    rows *r = numbers(DT_LOSS_MSE);
    for (int i = 0; i < 3 * N; i++)
        r->y[i] = r->output[i] = 7;
    rows *off = malloc(sizeof *off);
    *off = *r;
    off->output[5] = 8;
    assert_true(score(r).r2 == 1);
    check_near(score(off).r2, 2 / 3.0);
}

static void not_finite(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rows *r = numbers(DT_LOSS_MSE);
        r->output[1234] = i ? NAN : INFINITY;
        dt_scores s = score(r);
        assert_true(isnan(s.loss) && isnan(s.rmse) && isnan(s.mae) && isnan(s.r2));
        assert_int_equal(s.targets, 0);
    }
}

/* Pieces of rows over ranks (sums that are added up) and threads. */
static void same_bits(rows *r)
{
    dt_metrics whole, part[3];
    start(&whole, r);
    add(&whole, r, 0, N);
    for (int p = 0; p < 3; p++) {
        omp_set_num_threads(1 + 2 * p);
        start(&part[p], r);
        dt_metrics_clear(&part[p]);
    }
    add(&part[0], r, 900, N);
    add(&part[1], r, 0, 1);
    add(&part[1], r, 1, 300);
    add(&part[2], r, 300, 900);
    int64_t *sums = dt_metrics_sums(&part[0]);
    for (int p = 1; p < 3; p++)
        for (int64_t i = 0; i < whole.words; i++)
            sums[i] += dt_metrics_sums(&part[p])[i];
    dt_scores expected = dt_metrics_scores(&whole), found = dt_metrics_scores(&part[0]);
    assert_memory_equal(&found.loss, &expected.loss, sizeof found.loss);
    assert_memory_equal(&found.accuracy, &expected.accuracy, sizeof found.accuracy);
    assert_memory_equal(&found.f1, &expected.f1, sizeof found.f1);
    assert_memory_equal(&found.rmse, &expected.rmse, sizeof found.rmse);
    assert_memory_equal(&found.mae, &expected.mae, sizeof found.mae);
    assert_memory_equal(&found.r2, &expected.r2, sizeof found.r2);
    assert_memory_equal(found.target, expected.target, sizeof found.target);
    assert_int_equal(found.samples, N);
    for (int p = 0; p < 3; p++)
        dt_metrics_free(&part[p]);
    dt_metrics_free(&whole);
    free(r);
}

static void any_cut(void **state)
{
    (void)state;
    same_bits(five_classes());
    same_bits(two_classes(DT_LOSS_CROSS_ENTROPY));
    same_bits(three_truths());
    same_bits(numbers(DT_LOSS_HUBER));
    same_bits(numbers_apart());
    same_bits(quantiles());
    same_bits(means());
}

/* Scores are those of the values that scaled outputs and targets stand for; the loss is not. */
static void scaled_numbers(void **state)
{
    (void)state;
    enum { PAIRS = 50 };
    static const double mean[2] = {1000, -0.5}, scale[2] = {0.125, 1024};
    static float y[PAIRS][2], output[PAIRS][2], scaled_y[PAIRS][2], scaled[PAIRS][2];
    dt_metrics m[2];
    dt_error err = {0};
    for (int i = 0; i < PAIRS; i++)
        for (int k = 0; k < 2; k++) {
            scaled_y[i][k] = (float)((i * 7 + k) % 13 - 6) / 4;
            scaled[i][k] = scaled_y[i][k] + (float)(i % 3 - 1) / 8;
            y[i][k] = (float)((double)scaled_y[i][k] / scale[k] + mean[k]);
            output[i][k] = (float)((double)scaled[i][k] / scale[k] + mean[k]);
        }
    for (int i = 0; i < 2; i++)
        assert_int_equal(dt_metrics_init(&m[i], DT_LOSS_MSE, NULL, 2, y[0], &err), DT_OK);
    dt_metrics_unscale(&m[0], mean, scale);
    dt_metrics_add(&m[0], scaled[0], scaled_y[0], PAIRS);
    dt_metrics_add(&m[1], output[0], y[0], PAIRS);
    dt_scores a = dt_metrics_scores(&m[0]), b = dt_metrics_scores(&m[1]);
    for (int k = 0; k < 2; k++) {
        assert_true(fabs(a.target[k].rmse - b.target[k].rmse) < 1e-6 * b.target[k].rmse);
        assert_true(fabs(a.target[k].mae - b.target[k].mae) < 1e-6 * b.target[k].mae);
        assert_true(fabs(a.target[k].r2 - b.target[k].r2) < 1e-6);
    }
    double squares = 0;
    for (int i = 0; i < PAIRS; i++)
        squares += i % 3 == 1 ? 0 : 1.0 / 64;
    assert_true(fabs(a.loss - squares / PAIRS) < 1e-12); /* both targets have the same errors */
    dt_metrics_free(&m[0]);
    dt_metrics_free(&m[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaled_numbers),
        cmocka_unit_test(of_classes),
        cmocka_unit_test(of_two_classes),
        cmocka_unit_test(of_truths),
        cmocka_unit_test(of_numbers),
        cmocka_unit_test(of_targets),
        cmocka_unit_test(of_one_and_of_many_targets),
        cmocka_unit_test(of_one_row),
        cmocka_unit_test(nothing_over_nothing),
        cmocka_unit_test(all_equal),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(any_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
