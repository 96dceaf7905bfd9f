/* SGD by hand, with torch.optim.SGD's formulas (dampening 0); of the others the first steps, which
 * can be told by hand, what no number of threads may change, and what is not finite. Whole runs of
 * each are in tests/golden. */
#include "optim/optim.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Steps with a gradient of 1 (2 over two samples) and lr 0.1, from a weight of 1. */
static void check_steps(const dt_optimizer_options *options, const double *expected, int steps)
{
    dt_optimizer optimizer;
    dt_error err = {0};
    float w[3] = {1, 0, 1}, gradient[3] = {2, 0, 2};
    assert_int_equal(dt_optimizer_init(&optimizer, options, 3, NULL, &err), DT_OK);
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
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0.5}, 1, NULL, &err);
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
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0.5}, N, NULL, &err);
    assert_true(dt_optimizer_step(&optimizer, 0.25, 0.5, gradient, w));
    assert_true(dt_optimizer_step(&optimizer, 0.25, 0.5, gradient, w));
    for (int i = 0; i < N; i++)
        wrong += w[i] != (float)(i * 0.375);
    assert_int_equal(wrong, 0);
    dt_optimizer_free(&optimizer);
    free(w);
    free(gradient);
}

/* ---- The others ----------------------------------------------------------------------------- */

static const dt_optim_kind kinds[] = {DT_OPTIM_SGD, DT_OPTIM_ADAM, DT_OPTIM_ADAMW, DT_OPTIM_LARS,
                                      DT_OPTIM_LAMB};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* A layer of `in` by 1: a weight [1,in] and a bias [1]. */
static void layer(dt_model *model, int64_t in)
{
    dt_error err = {0};
    dt_model_shape shape = {.inputs = in, .outputs = 1, .loss = DT_LOSS_MSE};
    assert_int_equal(dt_model_init(model, &shape, &err), DT_OK);
}

static void start(dt_optimizer *optimizer, dt_optim_kind kind, const dt_model *model, double decay)
{
    dt_error err = {0};
    dt_optimizer_options options = {.kind = kind,
                                    .momentum =
                                        kind == DT_OPTIM_LARS || kind == DT_OPTIM_SGD ? 0.9 : 0,
                                    .weight_decay = decay,
                                    .beta1 = 0.9,
                                    .beta2 = 0.999,
                                    .eps = 1e-8,
                                    .model = model};
    dt_optimizer_init(optimizer, &options, model->parameters, NULL, &err);
    assert_int_equal(err.code, DT_OK);
}

/* One step with lr 0.1 from the weights 3 and 4 (norm 5) and the bias 2; gradients 0.6, 0.8 (norm
 * 1) and -1, given as twice that over two samples. */
static void check_first(dt_optim_kind kind, double w0, double w1, double bias)
{
    dt_model model;
    dt_optimizer optimizer;
    float w[] = {3, 4, 2}, gradient[] = {1.2f, 1.6f, -2};
    const double expected[] = {w0, w1, bias};
    layer(&model, 2);
    start(&optimizer, kind, &model, 0.5);
    assert_true(dt_optimizer_step(&optimizer, 0.1, 0.5, gradient, w));
    for (int i = 0; i < 3; i++)
        if (fabs((double)w[i] - expected[i]) > 1e-6)
            fail_msg("optimizer %d, weight %d: %.9g, not %.9g", kind, i, (double)w[i], expected[i]);
    dt_optimizer_free(&optimizer);
    dt_model_free(&model);
}

/* The first step of Adam is lr times the sign of its gradient. LARS: trust 0.001 5 / (1 + 0.5 5).
 * LAMB: r = (1 + 0.5 3, 1 + 0.5 4) = (2.5, 3), trust 5 / sqrt(15.25). */
static void first_steps(void **state)
{
    (void)state;
    double lars = 0.1 * 0.005 / 3.5, lamb = 0.1 * 5 / sqrt(15.25);
    check_first(DT_OPTIM_ADAM, 2.9, 3.9, 2); /* the bias: its gradient, -1 + 0.5 2, is 0 */
    check_first(DT_OPTIM_ADAMW, 2.85 - 0.1, 3.8 - 0.1, 1.9 + 0.1);
    check_first(DT_OPTIM_LARS, 3 - lars * (0.6 + 1.5), 4 - lars * (0.8 + 2), 2.1);
    check_first(DT_OPTIM_LAMB, 3 - lamb * 2.5, 4 - lamb * 3, 2.1);
}

/* Without a weight or without a gradient there is no ratio: the step is the plain one. */
static void no_ratio(void **state)
{
    (void)state;
    dt_model model;
    dt_optimizer optimizer;
    float w[] = {0, 0, 0}, gradient[] = {3, 4, 0};
    layer(&model, 2);
    start(&optimizer, DT_OPTIM_LARS, &model, 0);
    assert_true(dt_optimizer_step(&optimizer, 0.1, 1, gradient, w));
    assert_true(fabsf(w[0] + 0.3f) < 1e-6f && fabsf(w[1] + 0.4f) < 1e-6f && w[2] == 0);
    dt_optimizer_free(&optimizer);
    start(&optimizer, DT_OPTIM_LAMB, &model, 0);
    memset(gradient, 0, sizeof gradient);
    assert_true(dt_optimizer_step(&optimizer, 0.1, 1, gradient, w));
    assert_true(fabsf(w[0] + 0.3f) < 1e-6f);
    dt_optimizer_free(&optimizer);
    dt_model_free(&model);
}

/* Some steps on some threads. Returns the weights. */
static float *train_on(int threads, dt_optim_kind kind, int64_t n)
{
    dt_model model;
    dt_optimizer optimizer;
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    layer(&model, n);
    start(&optimizer, kind, &model, 0.01);
    float *w = malloc((size_t)(n + 1) * sizeof *w), *g = malloc((size_t)(n + 1) * sizeof *g);
    for (int64_t i = 0; i <= n; i++)
        w[i] = sinf((float)i);
    for (int step = 0; step < 3; step++) {
        for (int64_t i = 0; i <= n; i++)
            g[i] = cosf((float)(i * (step + 1)));
        assert_true(dt_optimizer_step(&optimizer, 0.01, 0.3, g, w));
    }
    dt_optimizer_free(&optimizer);
    dt_model_free(&model);
    free(g);
    omp_set_num_threads(before);
    return w;
}

static void same_bits_on_threads(void **state)
{
    (void)state;
    enum { N = 300007 };
    for (int k = 0; k < KINDS; k++) {
        float *one = train_on(1, kinds[k], N);
        for (int threads = 2; threads <= 5; threads += 3) {
            float *more = train_on(threads, kinds[k], N);
            assert_memory_equal(one, more, (N + 1) * sizeof *one);
            free(more);
        }
        free(one);
    }
}

/* ---- What is not finite --------------------------------------------------------------------- */

static bool finite_after(dt_optim_kind kind, int64_t n, int64_t at, float bad)
{
    dt_model model;
    dt_optimizer optimizer;
    float *w = calloc((size_t)n + 1, sizeof *w), *gradient = calloc((size_t)n + 1, sizeof *w);
    layer(&model, n);
    start(&optimizer, kind, &model, 0);
    gradient[at] = bad;
    bool finite = dt_optimizer_step(&optimizer, 0.01, 1, gradient, w);
    dt_optimizer_free(&optimizer);
    dt_model_free(&model);
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
            for (int m = 0; m < KINDS; m++) {
                assert_true(finite_after(kinds[m], n[i], at, 1e15f));
                assert_false(finite_after(kinds[m], n[i], at, NAN));
                assert_false(finite_after(kinds[m], n[i], at, INFINITY));
                assert_false(finite_after(kinds[m], n[i], at, -INFINITY));
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
    dt_optimizer_init(&optimizer, &(dt_optimizer_options){.momentum = 0}, 1, NULL, &err);
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
        cmocka_unit_test(first_steps),
        cmocka_unit_test(no_ratio),
        cmocka_unit_test(same_bits_on_threads),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
