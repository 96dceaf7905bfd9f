/* Names, shapes and places of a model's tensors as torch.nn.Sequential has them; how the weights
 * are drawn; what cannot be counted. */
#include "model/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void make(dt_model *model, const dt_model_shape *shape)
{
    dt_error err = {0};
    if (dt_model_init(model, shape, &err))
        fail_msg("%s", err.text);
}

/* ---- Layout --------------------------------------------------------------------------------- */

static void check_tensors(const dt_model_shape *shape, const dt_tensor *expected, int n,
                          int64_t parameters)
{
    dt_model model;
    make(&model, shape);
    assert_int_equal(dt_model_tensors(&model), n);
    assert_int_equal(model.parameters, parameters);
    assert_int_equal(model.inputs, shape->inputs);
    assert_int_equal(model.outputs, shape->outputs);
    for (int i = 0; i < n; i++) {
        dt_tensor t = dt_model_tensor(&model, i);
        assert_string_equal(t.name, expected[i].name);
        assert_int_equal(t.dims, expected[i].dims);
        for (int d = 0; d < t.dims; d++)
            assert_int_equal(t.dim[d], expected[i].dim[d]);
        assert_int_equal(t.begin, expected[i].begin);
        assert_int_equal(t.count, expected[i].count);
    }
    dt_model_free(&model);
}

static void linear(void **state)
{
    (void)state;
    static const dt_tensor expected[] = {
        {"0.weight", 2, {1, 10}, 0, 10},
        {"0.bias", 1, {1}, 10, 1},
    };
    check_tensors(&(dt_model_shape){.inputs = 10, .outputs = 1, .loss = DT_LOSS_MSE}, expected, 2,
                  11);
}

static void one_hidden(void **state)
{
    (void)state;
    static const int64_t hidden[] = {512};
    static const dt_tensor expected[] = {
        {"0.weight", 2, {512, 784}, 0, 401408},
        {"0.bias", 1, {512}, 401408, 512},
        {"2.weight", 2, {10, 512}, 401920, 5120},
        {"2.bias", 1, {10}, 407040, 10},
    };
    check_tensors(
        &(dt_model_shape){784, 10, hidden, 1, DT_ACT_RELU, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
        expected, 4, 407050);
}

static void three_hidden(void **state)
{
    (void)state;
    static const int64_t hidden[] = {3, 4, 5};
    static const dt_tensor expected[] = {
        {"0.weight", 2, {3, 2}, 0, 6},   {"0.bias", 1, {3}, 6, 3},
        {"2.weight", 2, {4, 3}, 9, 12},  {"2.bias", 1, {4}, 21, 4},
        {"4.weight", 2, {5, 4}, 25, 20}, {"4.bias", 1, {5}, 45, 5},
        {"6.weight", 2, {6, 5}, 50, 30}, {"6.bias", 1, {6}, 80, 6},
    };
    check_tensors(&(dt_model_shape){2, 6, hidden, 3, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}},
                  expected, 8, 86);
}

/* Linear, LayerNorm, activation, Dropout: each takes a number. */
static void all_between(void **state)
{
    (void)state;
    static const int64_t hidden[] = {3, 4};
    static const dt_tensor expected[] = {
        {"0.weight", 2, {3, 2}, 0, 6},   {"0.bias", 1, {3}, 6, 3},
        {"1.weight", 1, {3}, 9, 3},      {"1.bias", 1, {3}, 12, 3},
        {"4.weight", 2, {4, 3}, 15, 12}, {"4.bias", 1, {4}, 27, 4},
        {"5.weight", 1, {4}, 31, 4},     {"5.bias", 1, {4}, 35, 4},
        {"8.weight", 2, {1, 4}, 39, 4},  {"8.bias", 1, {1}, 43, 1},
    };
    check_tensors(&(dt_model_shape){2, 1, hidden, 2, DT_ACT_TANH, DT_LOSS_MSE, true, 0.5, {0}},
                  expected, 10, 44);
}

/* Weights begin as those of the same model without; a LayerNorm with 1 and 0. */
static void draws_norms(void **state)
{
    (void)state;
    static const int64_t hidden[] = {3};
    dt_model with, without;
    float a[20], b[20];
    make(&with, &(dt_model_shape){2, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, true, 0, {0}});
    make(&without, &(dt_model_shape){2, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}});
    assert_int_equal(with.parameters, without.parameters + 6);
    dt_model_init_parameters(&with, 5, a);
    dt_model_init_parameters(&without, 5, b);
    assert_memory_equal(a, b, 9 * sizeof *a);
    assert_memory_equal(a + 15, b + 9, 4 * sizeof *a);
    for (int i = 0; i < 3; i++)
        assert_true(a[9 + i] == 1 && a[12 + i] == 0);
    dt_model_free(&with);
    dt_model_free(&without);
}

static void check_text(const dt_model_shape *shape, const char *expected)
{
    dt_model model;
    make(&model, shape);
    char *text = dt_model_describe(&model);
    assert_string_equal(text, expected);
    free(text);
    dt_model_free(&model);
}

static void description(void **state)
{
    (void)state;
    static const int64_t hidden[] = {512, 256};
    check_text(&(dt_model_shape){10, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}},
               "linear 10-1, mse");
    check_text(
        &(dt_model_shape){784, 10, hidden, 1, DT_ACT_RELU, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
        "784-512-10 relu, cross-entropy");
    check_text(&(dt_model_shape){1, 2, hidden, 2, DT_ACT_GELU, DT_LOSS_MSE, false, 0, {0}},
               "1-512-256-2 gelu, mse");
    check_text(&(dt_model_shape){1, 2, hidden, 2, DT_ACT_SIGMOID, DT_LOSS_MSE, false, 0, {0}},
               "1-512-256-2 sigmoid, mse");
    check_text(&(dt_model_shape){1, 2, hidden, 2, DT_ACT_RELU, DT_LOSS_MAE, true, 0.25, {0}},
               "1-512-256-2 relu, layer norm, dropout 0.25, mae");
    check_text(&(dt_model_shape){1, 2, hidden, 2, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}},
               "1-512-256-2 tanh, mse");
    check_text(&(dt_model_shape){3,
                                 4,
                                 NULL,
                                 0,
                                 DT_ACT_RELU,
                                 DT_LOSS_QUANTILE,
                                 false,
                                 0,
                                 {.n = 2, .level = {0.05, 0.95}}},
               "linear 3-4, quantile:0.05,0.95");
}

/* ---- Drawing the weights -------------------------------------------------------------------- */

static const int64_t widths[] = {100, 400};
static const dt_model_shape drawn = {25, 300, widths, 2, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}};

static float *draw(const dt_model *model, uint64_t seed)
{
    float *parameters = malloc((size_t)model->parameters * sizeof *parameters);
    dt_model_init_parameters(model, seed, parameters);
    return parameters;
}

/* Within 1/sqrt(in), nearly reaching it on both sides, and spread evenly. */
static void check_drawn(const float *values, int64_t n, double bound)
{
    double low = INFINITY, high = -INFINITY, mean = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)values[i] / bound;
        low = fmin(low, v);
        high = fmax(high, v);
        mean += v / (double)n;
        square += v * v / (double)n;
    }
    double slack = 24 / (double)n; /* a uniform sample stays this far off once in e^12 */
    assert_true(low >= -1 && low < -1 + slack);
    assert_true(high <= 1 && high > 1 - slack);
    assert_true(fabs(mean) < 4 / sqrt(3 * (double)n));
    assert_true(fabs(square - 1.0 / 3) < 4 * sqrt(4.0 / 45 / (double)n));
}

static void bounds(void **state)
{
    (void)state;
    static const double bound[] = {1 / 5.0, 1 / 10.0, 1 / 20.0}; /* in = 25, 100, 400 */
    dt_model model;
    make(&model, &drawn);
    float *parameters = draw(&model, 0);
    for (int i = 0; i < 6; i++) {
        dt_tensor t = dt_model_tensor(&model, i);
        check_drawn(parameters + t.begin, t.count, bound[i / 2]);
    }
    free(parameters);
    dt_model_free(&model);
}

static void seeds(void **state)
{
    (void)state;
    dt_model model;
    make(&model, &drawn);
    size_t bytes = (size_t)model.parameters * sizeof(float);
    float *a = draw(&model, 5), *b = draw(&model, 5), *c = draw(&model, 6);
    int64_t same = 0;
    assert_memory_equal(a, b, bytes);
    for (int64_t i = 0; i < model.parameters; i++)
        same += a[i] == c[i];
    assert_true(same < model.parameters / 1000);
    free(a);
    free(b);
    free(c);
    dt_model_free(&model);
}

/* Two layers of one shape get numbers of their own. */
static void tensors_differ(void **state)
{
    (void)state;
    static const int64_t hidden[] = {16, 16};
    dt_model model;
    make(&model, &(dt_model_shape){16, 16, hidden, 2, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}});
    float *parameters = draw(&model, 0);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(parameters + dt_model_tensor(&model, i).begin,
                                    parameters + dt_model_tensor(&model, k).begin,
                                    16 * sizeof(float));
    free(parameters);
    dt_model_free(&model);
}

/* ---- More than can be counted --------------------------------------------------------------- */

static void check_too_large(int64_t inputs, const int64_t *hidden, int n, int64_t outputs,
                            const char *text)
{
    dt_model model;
    dt_error err = {0};
    dt_model_shape shape = {inputs, outputs, hidden, n, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}};
    assert_int_equal(dt_model_init(&model, &shape, &err), DT_ERR_MEMORY);
    assert_int_equal(err.code, DT_ERR_MEMORY);
    assert_string_equal(err.text, text);
    dt_model_free(&model);
}

static void too_large(void **state)
{
    (void)state;
    static const int64_t wide[] = {1ll << 40, 1ll << 40};
    check_too_large(10, wide, 2, 1,
                    "no memory could hold a layer of 1099511627776 by 1099511627776");
    check_too_large(1ll << 31, NULL, 0, 1ll << 31, /* 2^62 weights: their bytes pass 2^63 */
                    "no memory could hold a layer of 2147483648 by 2147483648");
    check_too_large(1, NULL, 0, INT64_MAX,
                    "no memory could hold a layer of 1 by 9223372036854775807");
    check_too_large(1ll << 55, (const int64_t[]){1, 1ll << 57}, 2, 1,
                    "no memory could hold a layer of 1 by 144115188075855872");
}

/* Large, but countable: only the layout is made. */
static void large(void **state)
{
    (void)state;
    static const int64_t hidden[] = {1 << 20};
    dt_model model;
    make(&model,
         &(dt_model_shape){1 << 20, 1 << 20, hidden, 1, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}});
    assert_int_equal(model.parameters, (1ll << 41) + (1ll << 21));
    assert_int_equal(dt_model_tensor(&model, 3).begin, (1ll << 41) + (1ll << 20));
    dt_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear),         cmocka_unit_test(one_hidden),
        cmocka_unit_test(three_hidden),   cmocka_unit_test(all_between),
        cmocka_unit_test(draws_norms),    cmocka_unit_test(description),
        cmocka_unit_test(bounds),         cmocka_unit_test(seeds),
        cmocka_unit_test(tensors_differ), cmocka_unit_test(too_large),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
