/* SGD by hand, with torch.optim.SGD's formulas (dampening 0). */
#include "optim/optim.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Steps with a gradient of 1 (2 over two samples) and lr 0.1, from a weight of 1. */
static void check_steps(const dt_optimizer_options *options, const double *expected, int steps)
{
    dt_optimizer optimizer;
    dt_error err = {0};
    float w[3] = {1, 0, 1}, gradient[3] = {2, 0, 2};
    assert_int_equal(dt_optimizer_init(&optimizer, options, 3, &err), DT_OK);
    for (int s = 0; s < steps; s++) {
        assert_true(dt_optimizer_step(&optimizer, 0.1, 0.5, gradient, w));
        if (fabs((double)w[0] - expected[s]) > 5e-7)
            fail_msg("step %d: %.9g, not %.9g", s + 1, (double)w[0], expected[s]);
        assert_true(w[1] == 0); /* a weight of 0 without a gradient stays */
        assert_true(w[2] == w[0]);
    }
    dt_optimizer_free(&optimizer);
}

#define STEPS(options, ...)                                                                        \
    check_steps(&(dt_optimizer_options)options, (const double[]){__VA_ARGS__},                     \
                (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))
#define OPTIONS(...)                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void plain(void **state)
{
    (void)state;
    STEPS(OPTIONS(.momentum = 0), 0.9, 0.8, 0.7);
}

/* w -= 0.1 (1 + 0.1 w) */
static void weight_decay(void **state)
{
    (void)state;
    STEPS(OPTIONS(.weight_decay = 0.1), 0.89, 0.7811, 0.673289);
}

/* b = 1, 1.9, 2.71 */
static void momentum(void **state)
{
    (void)state;
    STEPS(OPTIONS(.momentum = 0.9), 0.9, 0.71, 0.439);
}

/* w -= 0.1 (1 + 0.9 b) */
static void nesterov(void **state)
{
    (void)state;
    STEPS(OPTIONS(.momentum = 0.9, .nesterov = true), 0.81, 0.539, 0.1951);
}

/* g = 1.5, 1.425; b = 1.5, 2.175 */
static void momentum_and_decay(void **state)
{
    (void)state;
    STEPS(OPTIONS(.momentum = 0.5, .weight_decay = 0.5), 0.85, 0.6325);
}

/* g = 1.5, 1.3875; b = 1.5, 2.1375 */
static void all_at_once(void **state)
{
    (void)state;
    STEPS(OPTIONS(.momentum = 0.5, .weight_decay = 0.5, .nesterov = true), 0.775, 0.529375);
}

/* The gradient changes its sign: b = 1, -0.5, and lr changes with it. */
static void changing(void **state)
{
    (void)state;
    dt_optimizer optimizer;
    dt_error err = {0};
    float w = 0, up = 1, down = -1;
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0.5}, 1, &err);
    dt_optimizer_step(&optimizer, 1, 1, &up, &w);
    assert_true(w == -1);
    dt_optimizer_step(&optimizer, 0.5, 1, &down, &w);
    assert_true(w == -0.75f);
    assert_true(optimizer.vector[0].values[0] == -0.5f);
    dt_optimizer_free(&optimizer);
}

/* Enough weights for all threads: each gets its own update. */
static void many(void **state)
{
    (void)state;
    enum { N = 300001 };
    dt_optimizer optimizer;
    dt_error err = {0};
    float *w = malloc(N * sizeof *w), *gradient = malloc(N * sizeof *gradient);
    int wrong = 0;
    for (int i = 0; i < N; i++) {
        w[i] = (float)i;
        gradient[i] = (float)(2 * i); /* two steps: g = i; b = i, 1.5 i; w = i - 0.25 i (1 + 1.5) */
    }
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0.5}, N, &err);
    assert_true(dt_optimizer_step(&optimizer, 0.25, 0.5, gradient, w));
    assert_true(dt_optimizer_step(&optimizer, 0.25, 0.5, gradient, w));
    for (int i = 0; i < N; i++)
        wrong += w[i] != (float)(i * 0.375);
    assert_int_equal(wrong, 0);
    dt_optimizer_free(&optimizer);
    free(w);
    free(gradient);
}

/* ---- What is not finite --------------------------------------------------------------------- */

static bool finite_after(double momentum_of, int64_t n, int64_t at, float bad)
{
    dt_optimizer optimizer;
    dt_error err = {0};
    float *w = calloc((size_t)n, sizeof *w), *gradient = calloc((size_t)n, sizeof *gradient);
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = momentum_of}, n, &err);
    gradient[at] = bad;
    bool finite = dt_optimizer_step(&optimizer, 0.01, 1, gradient, w);
    dt_optimizer_free(&optimizer);
    free(w);
    free(gradient);
    return finite;
}

static void not_finite(void **state)
{
    (void)state;
    static const int64_t n[] = {1, 7, 1000, 200003};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++) {
            int64_t at = k == 0 ? 0 : k == 1 ? n[i] / 2 : n[i] - 1;
            for (int m = 0; m < 2; m++) {
                assert_true(finite_after(0.9 * m, n[i], at, 1e30f));
                assert_false(finite_after(0.9 * m, n[i], at, NAN));
                assert_false(finite_after(0.9 * m, n[i], at, INFINITY));
                assert_false(finite_after(0.9 * m, n[i], at, -INFINITY));
            }
        }
}

/* Finite gradients that drive a weight out of float32. */
static void overflow(void **state)
{
    (void)state;
    dt_optimizer optimizer;
    dt_error err = {0};
    float w = -3e38f, gradient = 3e38f;
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0}, 1, &err);
    assert_true(dt_optimizer_step(&optimizer, 0.01, 1, &gradient, &w));
    assert_false(dt_optimizer_step(&optimizer, 1, 1, &gradient, &w));
    dt_optimizer_free(&optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(weight_decay),
        cmocka_unit_test(momentum),
        cmocka_unit_test(nesterov),
        cmocka_unit_test(momentum_and_decay),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(changing),
        cmocka_unit_test(many),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
