/* Losses and their gradients: small cases by hand, larger ones against the textbook's formula in
 * double. */
#include "model/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const dt_criterion plain = {0};

static void check_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g, not %.17g", value, expected);
}

/* The loss both ways, and the gradient. */
static void check_loss(dt_loss kind, int64_t rows, int64_t K, const float *bias, const void *y,
                       const float *product, double loss, const double *gradient)
{
    float back[64], output[64];
    double sum = 0;
    memcpy(back, product, (size_t)(rows * K) * sizeof *back);
    for (int64_t i = 0; i < rows * K; i++)
        output[i] = product[i] + bias[i % K];
    for (int64_t r = 0; r < rows; r++)
        sum += dt_loss_row(kind, NULL, K, (const char *)y + r * dt_target_bytes(kind, K, false),
                           output + r * K);
    check_near(dt_loss_backward(kind, &plain, rows, K, bias, y, back), loss, 1e-6 * fmax(1, loss));
    check_near(sum, loss, 1e-6 * fmax(1, loss));
    for (int64_t i = 0; i < rows * K; i++)
        check_near((double)back[i], gradient[i], 1e-6);
}

static const float no_bias[8] = {0};

/* ---- Mean squared error --------------------------------------------------------------------- */

/* errors 0.5 and -2: (0.25 + 4) / 2; gradient 2 e / 2 */
static void mse_one_row(void **state)
{
    (void)state;
    check_loss(DT_LOSS_MSE, 1, 2, (float[]){0.5f, -1}, (float[]){1, 3}, (float[]){1, 2}, 2.125,
               (double[]){0.5, -2});
}

/* One output, errors 1, 0, -3, summed over the rows: the caller divides. */
static void mse_rows(void **state)
{
    (void)state;
    check_loss(DT_LOSS_MSE, 3, 1, no_bias, (float[]){0, 5, 3}, (float[]){1, 5, 0}, 10,
               (double[]){2, 0, -6});
}

/* errors 1 2 3 | 0 0 -3: 14/3 + 3; gradient 2 e / 3 */
static void mse_rows_of_three(void **state)
{
    (void)state;
    check_loss(DT_LOSS_MSE, 2, 3, no_bias, (float[]){0, 0, 0, 1, 1, 1},
               (float[]){1, 2, 3, 1, 1, -2}, 23 / 3.0, (double[]){2 / 3.0, 4 / 3.0, 2, 0, 0, -2});
}

/* The squares do not fit into float32; the loss does. */
static void mse_large(void **state)
{
    (void)state;
    float output = 1e30f, y = 0;
    check_near(dt_loss_backward(DT_LOSS_MSE, &plain, 1, 1, no_bias, &y, &output) / 1e60, 1, 1e-6);
    check_near((double)output / 2e30, 1, 1e-6);
}

/* ---- The other losses of numbers ------------------------------------------------------------ */

/* errors 0.5, -2 and 0 */
static void mae(void **state)
{
    (void)state;
    check_loss(DT_LOSS_MAE, 1, 3, (float[]){0.5f, -1, 0}, (float[]){1, 3, 2}, (float[]){1, 2, 2},
               2.5 / 3, (double[]){1 / 3.0, -1 / 3.0, 0});
}

/* errors 0.5, -2, 1 and -1: 0.125, 1.5, 0.5, 0.5 */
static void huber(void **state)
{
    (void)state;
    check_loss(DT_LOSS_HUBER, 2, 2, no_bias, (float[]){0, 0, 0, 0}, (float[]){0.5f, -2, 1, -1},
               (0.125 + 1.5 + 0.5 + 0.5) / 2, (double[]){0.25, -0.5, 0.5, -0.5});
}

/* sigmoid is 3/4, 1/2, 1/4 and again 3/4, of which one half is true */
static void bce(void **state)
{
    (void)state;
    double three = log(3);
    check_loss(DT_LOSS_BCE, 2, 2, (float[]){1, 0}, (float[]){1, 0, 0, 0.5f},
               (float[]){(float)three - 1, 0, (float)-three - 1, (float)three},
               (log(4 / 3.0) + log(2) + log(4 / 3.0) + (log(4 / 3.0) + log(4)) / 2) / 2,
               (double[]){-0.125, 0.25, 0.125, 0.125});
}

static void bce_large(void **state)
{
    (void)state;
    check_loss(DT_LOSS_BCE, 1, 4, no_bias, (float[]){1, 0, 1, 0},
               (float[]){1000, 1000, -1000, -1000}, 500, (double[]){0, 0.25, -0.25, 0});
}

/* softmax is 1/2, 1/4, 1/4; then 1/3 each. */
static void soft_cross_entropy(void **state)
{
    (void)state;
    float two = (float)log(2);
    check_loss(DT_LOSS_SOFT_CROSS_ENTROPY, 2, 3, (float[]){1, 0, 0},
               (float[]){0.5f, 0.5f, 0, 0, 0, 1}, (float[]){two - 1, 0, 0, -1, 0, 0},
               0.5 * log(2) + 0.5 * log(4) + log(3),
               (double[]){0, -0.25, 0.25, 1 / 3.0, 1 / 3.0, -2 / 3.0});
}

/* ---- Several outputs a target --------------------------------------------------------------- */

static const dt_criterion three_quantiles = {.quantiles = {3, {0.1, 0.5, 0.9}}};

/* The loss both ways, and the gradient, of two rows with K outputs and `targets` values of y. */
static void check_two_rows(dt_loss kind, const dt_criterion *c, int64_t targets, const float *y,
                           int64_t K, const float *output, double loss, const double *gradient)
{
    float back[12];
    memcpy(back, output, (size_t)(2 * K) * sizeof *back);
    check_near(dt_loss_backward(kind, c, 2, K, no_bias, y, back), loss, 1e-7);
    check_near(dt_loss_row(kind, &c->quantiles, K, y, output) +
                   dt_loss_row(kind, &c->quantiles, K, y + targets, output + K),
               loss, 1e-7);
    for (int64_t i = 0; i < 2 * K; i++)
        check_near((double)back[i], gradient[i], 1e-6 * fmax(fabs(gradient[i]), 1e-6));
}

/* Two targets. The loss is scikit-learn's mean_pinball_loss, the gradient is PyTorch's of the
 * formula. */
static void quantile(void **state)
{
    (void)state;
    check_two_rows(DT_LOSS_QUANTILE, &three_quantiles, 2, (float[]){2.5f, -0.5f, 0.25f, 6}, 6,
                   (float[]){1, 2, 3.5f, -1, 0.25f, 0.5f, 0.5f, 0.75f, 4, 2, -3, 1.5f},
                   1.8041666666666667,
                   (double[]){-0.1 / 6, -0.5 / 6, 0.1 / 6, -0.1 / 6, 0.5 / 6, 0.1 / 6, 0.9 / 6,
                              0.5 / 6, 0.1 / 6, -0.1 / 6, -0.5 / 6, -0.9 / 6});
}

/* An output that is right has no gradient. */
static void quantile_right(void **state)
{
    (void)state;
    float output[] = {4, 4, 4};
    check_near(
        dt_loss_backward(DT_LOSS_QUANTILE, &three_quantiles, 1, 3, no_bias, (float[]){4}, output),
        0, 0);
    for (int i = 0; i < 3; i++)
        check_near((double)output[i], 0, 0);
}

/* Three targets, as GaussianNLLLoss(eps=1e-6) of softplus computes it in float64. The variance of
 * the second row's first is at its bound. */
static void gaussian_nll(void **state)
{
    (void)state;
    check_two_rows(DT_LOSS_GAUSSIAN_NLL, &plain, 3, (float[]){1.5f, -1, 0.5f, 3.0009765625f, 4, 2},
                   6, (float[]){1, -2, 0.5f, 0, 2, -3, 3, 0.25f, -1, -20, 30, -0.5f},
                   1.2400988664739172,
                   (double[]){-0.24044917348149389, -0.1567205526480786, 0, 0.076862732969796788,
                              0.036569178729476522, 0.16268250769471529, -325.52083333333331,
                              -0.041666666666666664, -2.1093620516706832, 1.5914058392398725e-05,
                              0.0029513888888888884, -2.3870205315813386});
}

/* Against the differences of the loss. */
static void derivatives(void **state)
{
    (void)state;
    enum { K = 6 };
    const float y[] = {0.5f, -2, 3};
    const float step = 0x1p-10f;
    for (int kind = DT_LOSS_QUANTILE; kind <= DT_LOSS_GAUSSIAN_NLL; kind++) {
        float output[K] = {1.5f, -1, 2.75f, -3.5f, 1.25f, 0.75f}, back[K];
        memcpy(back, output, sizeof back);
        dt_loss_backward((dt_loss)kind, &three_quantiles, 1, K, no_bias, y, back);
        for (int i = 0; i < K; i++) {
            double loss[2];
            for (int side = 0; side < 2; side++) {
                float at[K];
                memcpy(at, output, sizeof at);
                at[i] += side ? step : -step;
                loss[side] = dt_loss_row((dt_loss)kind, &three_quantiles.quantiles, K, y, at);
            }
            check_near((double)back[i], (loss[1] - loss[0]) / (2 * (double)step), 1e-5);
        }
    }
}

static void means_and_deviations(void **state)
{
    (void)state;
    static const double expected[] = {5, 0.83255461115769780, -7, 1.4583991268549837, 1, 1e-3};
    float pair[6];
    dt_means_and_deviations(3, (float[]){5, -7, 1, 0, 2, -20}, pair);
    for (int i = 0; i < 6; i++)
        check_near((double)pair[i], expected[i], 1e-6);
}

/* ---- Cross-entropy -------------------------------------------------------------------------- */

/* exp is 1 and 3: probabilities 1/4 and 3/4 */
static void cross_entropy_two(void **state)
{
    (void)state;
    float product[] = {-1, logf(3)}, bias[] = {1, 0};
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 2, bias, (int32_t[]){0}, product, log(4),
               (double[]){-0.75, 0.75});
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 2, bias, (int32_t[]){1}, product, log(4 / 3.0),
               (double[]){0.25, -0.25});
}

/* Equal outputs: log 4 each; then exp of 1, 2, 4, 1. */
static void cross_entropy_rows(void **state)
{
    (void)state;
    float two = logf(2);
    check_loss(DT_LOSS_CROSS_ENTROPY, 2, 4, no_bias, (int32_t[]){3, 2},
               (float[]){7, 7, 7, 7, 0, two, 2 * two, 0}, log(4) + log(2),
               (double[]){0.25, 0.25, 0.25, -0.75, 0.125, 0.25, -0.5, 0.125});
}

static void cross_entropy_one_class(void **state)
{
    (void)state;
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 1, no_bias, (int32_t[]){0}, (float[]){-3}, 0,
               (double[]){0});
}

static void large_outputs(void **state)
{
    (void)state;
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 2, no_bias, (int32_t[]){0}, (float[]){1000, 0}, 0,
               (double[]){0, 0});
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 2, no_bias, (int32_t[]){1}, (float[]){1000, 0}, 1000,
               (double[]){1, -1});
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 2, no_bias, (int32_t[]){1}, (float[]){-1000, -1000},
               log(2), (double[]){0.5, -0.5});
    check_loss(DT_LOSS_CROSS_ENTROPY, 1, 3, no_bias, (int32_t[]){0}, (float[]){-1e30f, 0, 1e30f},
               (double)1e30f * 2, (double[]){-1, 0, 1});
}

/* 1000 classes against the formula in double. */
static void many_classes(void **state)
{
    (void)state;
    enum { K = 1000, LABEL = 321 };
    static const float zero[K];
    float output[K];
    double z[K], sum = 0, total = 0;
    int32_t label = LABEL;
    for (int k = 0; k < K; k++) {
        output[k] = (float)(k * 37 % K) / 64 - 8;
        z[k] = output[k];
        sum += exp(z[k]);
    }
    double loss = dt_loss_backward(DT_LOSS_CROSS_ENTROPY, &plain, 1, K, zero, &label, output);
    check_near(loss, log(sum) - z[LABEL], 1e-5);
    for (int k = 0; k < K; k++) {
        check_near(output[k], exp(z[k]) / sum - (k == LABEL), 1e-6);
        total += output[k];
    }
    check_near(total, 0, 1e-5);
}

/* exp is 1, 3: probabilities 1/4 and 3/4; weights 2 and 8, a fifth spread over both classes:
 *   -0.8 w[label] log p[label] - 0.1 (2 log p[0] + 8 log p[1]) */
static void cross_entropy_criterion(void **state)
{
    (void)state;
    const float weight[] = {2, 8};
    const dt_criterion smooth = {.smoothing = 0.2f}, heavy = {.weight = weight},
                       both = {.weight = weight, .smoothing = 0.2f};
    const struct {
        const dt_criterion *criterion;
        int32_t label;
        double loss, gradient[2];
    } cases[] = {
        {&heavy, 0, 2 * log(4), {-1.5, 1.5}},
        {&heavy, 1, 8 * log(4 / 3.0), {2, -2}},
        {&smooth, 0, 0.9 * log(4) + 0.1 * log(4 / 3.0), {-0.65, 0.65}},
        {&both, 0, 1.8 * log(4) + 0.8 * log(4 / 3.0), {2.6 / 4 - 1.8, 2.6 * 0.75 - 0.8}},
        {&both, 1, 0.2 * log(4) + 7.2 * log(4 / 3.0), {7.4 / 4 - 0.2, 7.4 * 0.75 - 7.2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float output[] = {-1, logf(3)}, bias[] = {1, 0};
        check_near(dt_loss_backward(DT_LOSS_CROSS_ENTROPY, cases[i].criterion, 1, 2, bias,
                                    &cases[i].label, output),
                   cases[i].loss, 1e-6);
        check_near((double)output[0], cases[i].gradient[0], 1e-6);
        check_near((double)output[1], cases[i].gradient[1], 1e-6);
    }
}

/* All but certain: what is left to learn is what the other classes come to, 32 exp(-20) = 6.6e-8. */
static void certain(void **state)
{
    (void)state;
    const double others = 32 * exp(-20), gradient = -others / (1 + others);
    float ones[33];
    for (int k = 0; k < 33; k++)
        ones[k] = 1;
    for (int i = 0; i < 2; i++) {
        const dt_criterion c = {.weight = i ? ones : NULL}; /* the same, computed otherwise */
        const float bias[33] = {20};
        float output[33] = {0};
        check_near(dt_loss_backward(DT_LOSS_CROSS_ENTROPY, &c, 1, 33, bias, &(int32_t){0}, output),
                   log1p(others), 1e-6 * others);
        check_near((double)output[0], gradient, 1e-6 * others);
        check_near((double)output[32], exp(-20) / (1 + others), 1e-6 * others);
    }
    const float output[33] = {20};
    check_near(dt_loss_row(DT_LOSS_CROSS_ENTROPY, NULL, 33, &(int32_t){0}, output), log1p(others),
               1e-6 * others);
}

static void weight(void **state)
{
    (void)state;
    const dt_weight units[] = {1, 10, (dt_weight)1 << 90};
    const int32_t label[] = {0, 2, 1, 0, 2};
    assert_int_equal(dt_loss_weight(DT_LOSS_CROSS_ENTROPY, &plain, 5, 3, label), 5);
    assert_true(dt_loss_weight(DT_LOSS_CROSS_ENTROPY, &(dt_criterion){.units = units}, 5, 3,
                               label) == 12 + ((dt_weight)2 << 90));
}

/* What is true counts 5 times. */
static void bce_criterion(void **state)
{
    (void)state;
    const float weight[] = {5, 5}, y[] = {1, 0};
    const dt_criterion c = {.weight = weight};
    float output[] = {-logf(3), -logf(3)};
    check_near(dt_loss_backward(DT_LOSS_BCE, &c, 1, 2, no_bias, y, output),
               (5 * log(4) + log(4 / 3.0)) / 2, 1e-6);
    check_near((double)output[0], -5 * 0.75 / 2, 1e-6);
    check_near((double)output[1], 0.25 / 2, 1e-6);
}

/* A label that the model has no output for. */
static void unknown_label(void **state)
{
    (void)state;
    assert_true(dt_loss_row(DT_LOSS_CROSS_ENTROPY, NULL, 2, &(int32_t){2}, (float[]){3, 4}) ==
                HUGE_VAL);
}

/* A NaN anywhere, and an infinite output, show in the loss, so that the run can stop. */
static void not_finite(void **state)
{
    (void)state;
    for (int at = 0; at < 6; at++)
        for (int kind = DT_LOSS_MSE; kind <= DT_LOSS_GAUSSIAN_NLL; kind++) {
            const dt_criterion c = {.quantiles = {2, {0.25, 0.75}}};
            float back[6] = {1, 2, 3, 4, 5, 6}, sum[6] = {1, 2, 3, 4, 5, 6}, targets[6] = {0};
            int32_t label = 1;
            const void *y = dt_loss_takes_labels((dt_loss)kind) ? (void *)&label : (void *)targets;
            back[at] = sum[at] = NAN;
            assert_true(isnan(dt_loss_backward((dt_loss)kind, &c, 1, 6, no_bias, y, back)));
            assert_true(isnan(dt_loss_row((dt_loss)kind, &c.quantiles, 6, y, sum)));
            back[0] = 0;
            back[at] = INFINITY;
            assert_false(isfinite(dt_loss_backward((dt_loss)kind, &c, 1, 6, no_bias, y, back)));
        }
}

/* ---- What is made of outputs ---------------------------------------------------------------- */

static void argmax(void **state)
{
    (void)state;
    assert_int_equal(dt_argmax(1, (float[]){-5}), 0);
    assert_int_equal(dt_argmax(4, (float[]){1, 4, 3, 2}), 1);
    assert_int_equal(dt_argmax(4, (float[]){-4, -3, -2, -1}), 3);
    assert_int_equal(dt_argmax(4, (float[]){0, 7, 7, 7}), 1); /* the first of equal ones */
    assert_int_equal(dt_argmax(3, (float[]){2, 2, 2}), 0);
}

static void softmax(void **state)
{
    (void)state;
    float output[] = {0, logf(3), 1000, 0, -1000, -1000};
    static const double expected[] = {0.25, 0.75, 1, 0, 0.5, 0.5};
    dt_softmax(3, 2, output);
    for (int i = 0; i < 6; i++)
        check_near(output[i], expected[i], 1e-7);
}

static void sigmoid(void **state)
{
    (void)state;
    float output[] = {0, logf(3), -1000, 1000};
    static const double expected[] = {0.5, 0.75, 0, 1};
    dt_sigmoid(4, output);
    for (int i = 0; i < 4; i++)
        check_near((double)output[i], expected[i], 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mse_one_row),
        cmocka_unit_test(mse_rows),
        cmocka_unit_test(mse_rows_of_three),
        cmocka_unit_test(mse_large),
        cmocka_unit_test(mae),
        cmocka_unit_test(huber),
        cmocka_unit_test(bce),
        cmocka_unit_test(bce_large),
        cmocka_unit_test(soft_cross_entropy),
        cmocka_unit_test(quantile),
        cmocka_unit_test(quantile_right),
        cmocka_unit_test(gaussian_nll),
        cmocka_unit_test(derivatives),
        cmocka_unit_test(means_and_deviations),
        cmocka_unit_test(cross_entropy_two),
        cmocka_unit_test(cross_entropy_rows),
        cmocka_unit_test(cross_entropy_one_class),
        cmocka_unit_test(large_outputs),
        cmocka_unit_test(many_classes),
        cmocka_unit_test(cross_entropy_criterion),
        cmocka_unit_test(bce_criterion),
        cmocka_unit_test(certain),
        cmocka_unit_test(weight),
        cmocka_unit_test(unknown_label),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(argmax),
        cmocka_unit_test(softmax),
        cmocka_unit_test(sigmoid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
