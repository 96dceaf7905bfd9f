/* Gradients of integers against backpropagation in double: as near to it as gradients of floats,
 * at the first step and while scales follow; what does not fit is found, and fits after it was
 * measured; what is not finite is told. */
#include "data/batch.h"
#include "engine/engine.h"
#include "unit/activation_formula.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Backpropagation in double -------------------------------------------------------------- */

enum { WIDEST = 128, LAYERS = 4 };

static double slope(dt_activation f, double v)
{
    double a = activation_formula(f, v);
    switch (f) {
    case DT_ACT_TANH:
        return 1 - a * a;
    case DT_ACT_SIGMOID:
        return a * (1 - a);
    case DT_ACT_GELU:
        return 0.5 * erfc(-v * M_SQRT1_2) + v * exp(-v * v / 2) / sqrt(2 * M_PI);
    default:
        return v > 0;
    }
}

typedef struct {
    double in[WIDEST], sum[WIDEST], delta[WIDEST];
} plain_layer;

/* Of a mean squared error over the outputs. */
static void add_row(const dt_model *m, const float *p, const float *x, const float *y, double *to)
{
    static plain_layer layer[LAYERS + 1];
    int L = m->n_layers;
    for (int64_t i = 0; i < m->inputs; i++)
        layer[0].in[i] = x[i];
    for (int l = 0; l < L; l++) {
        const dt_layer *d = &m->layer[l];
        for (int64_t o = 0; o < d->out; o++) {
            double sum = p[d->bias + o];
            for (int64_t i = 0; i < d->in; i++)
                sum += (double)p[d->weight + o * d->in + i] * layer[l].in[i];
            layer[l].sum[o] = sum;
            layer[l + 1].in[o] = activation_formula(m->activation, sum);
        }
    }
    for (int64_t o = 0; o < m->outputs; o++)
        layer[L - 1].delta[o] = 2 * (layer[L - 1].sum[o] - (double)y[o]) / (double)m->outputs;
    for (int l = L - 1; l >= 0; l--) {
        const dt_layer *d = &m->layer[l];
        double back[WIDEST] = {0};
        for (int64_t o = 0; o < d->out; o++) {
            to[d->bias + o] += layer[l].delta[o];
            for (int64_t i = 0; i < d->in; i++) {
                to[d->weight + o * d->in + i] += layer[l].delta[o] * layer[l].in[i];
                back[i] += layer[l].delta[o] * (double)p[d->weight + o * d->in + i];
            }
        }
        for (int64_t i = 0; i < d->in && l > 0; i++)
            layer[l - 1].delta[i] = back[i] * slope(m->activation, layer[l - 1].sum[i]);
    }
}

/* ---- A case --------------------------------------------------------------------------------- */

typedef struct {
    dt_model model;
    dt_team team;
    dt_engine *engine;
    dt_scales scales;
    int64_t rows, block, blocks;
    float *parameters, *x, *y;
    double *plain;     /* [P] */
    float *floats;     /* [P] */
    float *undone;     /* [P] */
    float *most;       /* [scales.n] */
    int64_t *exponent; /* [scales.n] */
} sample;

/* Numbers in [-1, 1): nothing of dtrain's. */
static float draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

static float *draws(int64_t n, float scale, uint64_t seed)
{
    float *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = scale * draw(&seed);
    return values;
}

/* A global batch of so many rows. The features' scales go from 10^-decades to 10^decades. */
static void make(sample *s, const dt_model_shape *shape, int64_t rows, float decades)
{
    dt_error err = {0};
    *s = (sample){.team = {.threads = 1}, .rows = rows, .block = dt_batch_block(rows)};
    s->blocks = (rows + s->block - 1) / s->block;
    dt_model_init(&s->model, shape, &err);
    dt_engine_create(&s->engine, &s->model, &s->team, s->block, NULL, &err);
    dt_scales_init(&s->scales, &s->model, s->blocks, &err);
    assert_int_equal(err.code, DT_OK);
    int64_t P = s->model.parameters, in = shape->inputs;
    s->parameters = malloc((size_t)P * sizeof *s->parameters);
    dt_model_init_parameters(&s->model, 1, s->parameters);
    s->x = draws(rows * in, 1, 2);
    s->y = draws(rows * shape->outputs, 1, 3);
    for (int64_t i = 0; i < in && decades > 0; i++) {
        float scale = powf(10, decades * (2 * (float)i / (float)(in - 1) - 1));
        for (int64_t r = 0; r < rows; r++)
            s->x[r * in + i] *= scale;
        for (int64_t o = 0; o < s->model.layer[0].out; o++)
            s->parameters[o * in + i] /= scale;
    }
    s->plain = malloc((size_t)P * sizeof *s->plain);
    s->floats = malloc((size_t)P * sizeof *s->floats);
    s->undone = malloc((size_t)P * sizeof *s->undone);
    s->most = malloc((size_t)s->scales.n * sizeof *s->most);
    s->exponent = malloc((size_t)s->scales.n * sizeof *s->exponent);
}

static void destroy(sample *s)
{
    dt_engine_destroy(s->engine);
    dt_scales_free(&s->scales);
    dt_model_free(&s->model);
    free(s->parameters);
    free(s->x);
    free(s->y);
    free(s->plain);
    free(s->floats);
    free(s->undone);
    free(s->most);
    free(s->exponent);
}

static void find_plain(sample *s)
{
    memset(s->plain, 0, (size_t)s->model.parameters * sizeof *s->plain);
    for (int64_t r = 0; r < s->rows; r++)
        add_row(&s->model, s->parameters, s->x + r * s->model.inputs, s->y + r * s->model.outputs,
                s->plain);
}

static void find_floats(sample *s)
{
    dt_weight weight = 0;
    dt_engine_gradient(s->engine, s->parameters, &(dt_row_source){.x = s->x, .y = s->y}, s->rows,
                       false, s->floats, NULL, &weight);
}

static bool measure(sample *s)
{
    dt_row_source source = {.x = s->x, .y = s->y};
    dt_batch_part part = {.source = &source, .rows = s->rows, .block = s->block};
    memset(s->most, 0, (size_t)s->scales.n * sizeof *s->most);
    dt_engine_take(s->engine, s->parameters);
    dt_engine_measure(s->engine, s->parameters, &part, s->most);
    dt_scales_exponents(&s->scales, s->most, s->exponent);
    return dt_scales_measured(&s->scales, s->exponent);
}

/* Returns whether the integers fit. */
static bool find_integers(sample *s)
{
    dt_row_source source = {.x = s->x, .y = s->y};
    dt_batch_part part = {.source = &source, .rows = s->rows, .block = s->block};
    double *loss = calloc((size_t)s->blocks, sizeof *loss);
    dt_exact_sums sums = {.loss = loss};
    dt_engine_gradient_exact(s->engine, s->parameters, &part, false, &s->scales,
                             (int32_t *)(void *)s->undone, NULL, &sums);
    dt_scales_undo(&s->scales, 0, s->model.parameters, s->undone);
    free(loss);
    return sums.bits >> s->scales.bits == 0;
}

/* ---- Errors --------------------------------------------------------------------------------- */

typedef struct {
    double most, median;
} errors;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of a tensor, relative to its largest element. */
static errors errors_of(const sample *s, const dt_tensor *t, const float *found)
{
    double *error = malloc((size_t)t->count * sizeof *error), largest = 0;
    for (int64_t i = 0; i < t->count; i++) {
        error[i] = fabs((double)found[t->begin + i] - s->plain[t->begin + i]);
        largest = fmax(largest, fabs(s->plain[t->begin + i]));
    }
    qsort(error, (size_t)t->count, sizeof *error, ascending);
    errors e = {error[t->count - 1] / largest, error[t->count / 2] / largest};
    free(error);
    return e;
}

/* Errors below a float's own rounding are luck, and those of a single sum of which next to nothing
 * is left. */
static double ratio(const dt_tensor *t, double integers, double floats)
{
    double luck = t->count == 1 ? 0x1p-14 : 0x1p-24;
    return fmax(integers, luck) / fmax(floats, luck);
}

/* What is asked of the errors: to be at most so many times those of floats, in every tensor. */
static void check_near(sample *s, const char *what, double most, double median)
{
    find_plain(s);
    find_floats(s);
    for (int i = 0; i < dt_model_tensors(&s->model); i++) {
        dt_tensor t = dt_model_tensor(&s->model, i);
        errors floats = errors_of(s, &t, s->floats), integers = errors_of(s, &t, s->undone);
        if (!(ratio(&t, integers.most, floats.most) <= most &&
              ratio(&t, integers.median, floats.median) <= median))
            fail_msg("%s, %lld rows, %s: %.1e, median %.1e; of floats %.1e, %.1e", what,
                     (long long)s->rows, t.name, integers.most, integers.median, floats.most,
                     floats.median);
    }
}

/* ---- Nearness ------------------------------------------------------------------------------- */

static const int64_t hidden[] = {64, 33};

/* Measured on the batch itself. Found: at most 1.0 and 1.3. */
static void as_near_as_floats(void **state)
{
    (void)state;
    static const int64_t rows[] = {1, 16, 100, 257, 1030};
    for (int f = DT_ACT_RELU; f <= DT_ACT_GELU; f++)
        for (int r = 0; r < 5; r++)
            for (int decades = 0; decades <= 3; decades += 3) {
                sample s;
                dt_model_shape shape = {20, 3, hidden, 2, (dt_activation)f, DT_LOSS_MSE, false, 0};
                make(&s, &shape, rows[r], (float)decades);
                assert_true(measure(&s) && find_integers(&s));
                check_near(&s, "at once", 2, 2);
                destroy(&s);
            }
}

/* A step as training takes it. Returns whether it had to be taken again. */
static bool descend(sample *s, float lr)
{
    bool again = !find_integers(s);
    if (again)
        assert_true(measure(s) && find_integers(s));
    dt_scales_follow(&s->scales, s->undone);
    for (int64_t i = 0; i < s->model.parameters; i++)
        s->parameters[i] -= lr / (float)s->rows * s->undone[i];
    return again;
}

/* All the data in one batch, to where the blocks' gradients nearly cancel: scales cannot fall with
 * the sum, nor may they grow. */
static void near_at_the_minimum(void **state)
{
    (void)state;
    sample s;
    int again = 0;
    make(&s, &(dt_model_shape){8, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0}, 1030, 0);
    assert_true(measure(&s));
    for (int step = 0; step < 1500; step++)
        again += descend(&s, 0.1f);
    assert_true(find_integers(&s) || (measure(&s) && find_integers(&s)));
    check_near(&s, "at the minimum", 4, 4);
    assert_in_range(again, 0, 30);
    destroy(&s);
}

/* Other samples in each step, of which a few are a thousand times as large, and y of such too. */
static void draw_batch(sample *s, uint64_t *seed, bool outlier)
{
    int64_t in = s->model.inputs;
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t i = 0; i < in; i++)
            s->x[r * in + i] = draw(seed);
        s->y[r] = 2 * s->x[r * in] + 0.3f * draw(seed);
    }
    if (outlier)
        s->x[(*seed >> 20) % (uint64_t)(s->rows * in)] *= 1000;
}

/* Steps with outliers are taken again, and those between are still near. */
static void near_between_outliers(void **state)
{
    (void)state;
    sample s;
    uint64_t seed = 7;
    int again = 0;
    make(&s, &(dt_model_shape){20, 1, hidden, 2, DT_ACT_RELU, DT_LOSS_MSE, false, 0}, 256, 0);
    assert_true(measure(&s));
    for (int step = 0; step < 1000; step++) {
        draw_batch(&s, &seed, step % 100 == 50);
        again += descend(&s, 0);
    }
    draw_batch(&s, &seed, false);
    assert_true(find_integers(&s));
    check_near(&s, "between outliers", 64, 64);
    assert_in_range(again, 2, 40);
    destroy(&s);
}

/* ---- The range ------------------------------------------------------------------------------ */

/* An input, or the targets, of a block become so many times larger. */
static void overflow_is_found(void **state)
{
    (void)state;
    for (int rows = 10; rows <= 1030; rows += 255)
        for (int in_y = 0; in_y < 2; in_y++)
            for (float times = 1e3f; times < 1e12f; times *= 1e4f) {
                sample s;
                dt_model_shape shape = {20, 3, hidden, 2, DT_ACT_RELU, DT_LOSS_MSE, false, 0};
                make(&s, &shape, rows, 0);
                assert_true(measure(&s) && find_integers(&s));
                float *value = in_y ? s.y : s.x;
                for (int i = 0; i < 3; i++) /* of the last row */
                    value[rows * (in_y ? 3 : 20) - 1 - i] *= times;
                assert_false(find_integers(&s));
                assert_true(measure(&s) && find_integers(&s));
                check_near(&s, "after an overflow", 8, INFINITY); /* most are next to 0 */
                destroy(&s);
            }
}

/* The linear model of one input on one row: gradient 2 (w x + b - y) x, and without the last x, at
 * w = b = 0 and y = -1: 2 x and 2. */
static void make_one(sample *s, float x)
{
    make(s, &(dt_model_shape){1, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0}, 1, 0);
    memset(s->parameters, 0, 2 * sizeof *s->parameters);
    s->x[0] = x;
    s->y[0] = -1;
}

/* A block's integers may be all below 2^bits, and no more: of one block bits are 30. */
static void limit_of_a_block(void **state)
{
    (void)state;
    sample s;
    make_one(&s, 1);
    assert_int_equal(s.scales.bits, 30);
    assert_true(measure(&s) && find_integers(&s));
    float largest = ldexpf(1, (int)s.scales.state[0]) / 2; /* x of the first that does not fit */
    for (int sign = -1; sign <= 1; sign += 2) {
        s.x[0] = (float)sign * nextafterf(largest, 0);
        assert_true(find_integers(&s));
        assert_true(s.undone[0] == 2 * s.x[0]);
        s.x[0] = (float)sign * largest * (sign < 0 ? 1 + 0x1p-20f : 1); /* -2^bits fits */
        assert_false(find_integers(&s));
        s.x[0] = (float)sign * largest * 2; /* a bit more, where an int32_t ends */
        assert_false(find_integers(&s));
        s.x[0] = (float)sign * largest * 1e20f;
        assert_false(find_integers(&s));
    }
    destroy(&s);
}

/* All blocks at their limit, of one sign: their sum is still an int32_t. */
static void limit_of_a_sum(void **state)
{
    (void)state;
    for (int blocks = 2; blocks <= 8; blocks++)
        for (int sign = -1; sign <= 1; sign += 2) {
            sample s;
            int64_t rows = 16 * blocks;
            dt_model_shape shape = {1, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0};
            make(&s, &shape, rows, 0);
            assert_int_equal(s.blocks, blocks);
            memset(s.parameters, 0, 2 * sizeof *s.parameters);
            for (int64_t r = 0; r < rows; r++) {
                s.x[r] = (float)sign * (1 - 0x1p-20f);
                s.y[r] = -1;
            }
            assert_true(measure(&s));
            s.scales.state[0] = s.scales.state[1] = 5; /* a block's gradient is just below 2^5 */
            dt_scales_set(&s.scales);
            for (int64_t r = 0; r < rows; r++)
                s.y[r] = -1 + 0x1p-18f;
            assert_true(find_integers(&s));
            find_plain(&s);
            for (int i = 0; i < 2; i++)
                assert_true(fabs((double)s.undone[i] - s.plain[i]) < 1e-6 * fabs(s.plain[i]));
            destroy(&s);
        }
}

/* From the largest gradient that is measured to one that is nearly 0. */
static void ends_of_the_range(void **state)
{
    (void)state;
    static const float x[] = {0x1p125f, 0x1p100f, 1, 0x1p-60f, 0x1p-90f};
    for (int i = 0; i < 5; i++) {
        sample s;
        make_one(&s, x[i]);
        assert_true(measure(&s) && find_integers(&s));
        assert_true(s.undone[0] == 2 * x[i]);
        assert_true(s.undone[1] == 2);
        destroy(&s);
    }
    for (float tiny = 0x1p-120f; tiny > 0; tiny /= 16) { /* not told apart from 0, but no more */
        sample s;
        make_one(&s, tiny);
        assert_true(measure(&s) && find_integers(&s));
        assert_true(fabsf(s.undone[0] - 2 * tiny) <= 0x1p-117f);
        destroy(&s);
    }
}

/* ---- What is not finite --------------------------------------------------------------------- */

/* A gradient that is none leaves the scales as they are. */
static void not_finite_is_told(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int b = 0; b < 3; b++)
        for (int where = 0; where < 3; where++) {
            sample s;
            dt_model_shape shape = {5, 2, hidden, 1, DT_ACT_GELU, DT_LOSS_MSE, false, 0};
            make(&s, &shape, 100, 0);
            float *value = where == 0 ? &s.x[99 * 5 + 4] : where == 1 ? &s.y[199] : s.parameters;
            float kept = *value;
            *value = bad[b];
            assert_false(measure(&s));
            assert_false(dt_scales_known(&s.scales));
            *value = kept;
            assert_true(measure(&s) && find_integers(&s));
            double before = s.scales.state[3];
            *value = bad[b];
            assert_false(find_integers(&s));
            assert_false(measure(&s));
            assert_true(s.scales.state[3] == before);
            *value = kept;
            assert_true(find_integers(&s));
            check_near(&s, "after what is not finite", 2, 2);
            destroy(&s);
        }
}

/* The float's range is left by a block's sum, not by what it is of. */
static void too_large_for_a_float(void **state)
{
    (void)state;
    sample s;
    make_one(&s, 0x1.8p127f);
    assert_false(measure(&s));
    destroy(&s);
}

/* ---- Following ------------------------------------------------------------------------------ */

/* A gradient that falls or grows for good takes its scales with it. */
static void follows(void **state)
{
    (void)state;
    sample s;
    make(&s, &(dt_model_shape){5, 2, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0}, 100, 0);
    assert_true(measure(&s) && find_integers(&s));
    double before = s.scales.state[2];
    for (int64_t i = 0; i < s.model.parameters; i++)
        s.undone[i] *= 0x1p-10f;
    dt_scales_follow(&s.scales, s.undone);
    assert_true(s.scales.state[2] == before - 1);
    for (int step = 0; step < 200; step++)
        dt_scales_follow(&s.scales, s.undone);
    assert_in_range((int)(before - s.scales.state[2]), 7, 11);
    assert_false(find_integers(&s)); /* those of the samples did not fall */
    for (int64_t i = 0; i < s.model.parameters; i++)
        s.undone[i] *= 0x1p20f;
    for (int step = 0; step < 8; step++)
        dt_scales_follow(&s.scales, s.undone);
    assert_in_range((int)(s.scales.state[2] - before), 9, 16);
    for (int64_t i = 0; i < s.model.parameters; i++)
        s.undone[i] = 0; /* says nothing */
    before = s.scales.state[2];
    for (int step = 0; step < 200; step++)
        dt_scales_follow(&s.scales, s.undone);
    assert_true(s.scales.state[2] == before);
    destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_near_as_floats),     cmocka_unit_test(near_at_the_minimum),
        cmocka_unit_test(near_between_outliers), cmocka_unit_test(overflow_is_found),
        cmocka_unit_test(limit_of_a_block),      cmocka_unit_test(limit_of_a_sum),
        cmocka_unit_test(ends_of_the_range),     cmocka_unit_test(not_finite_is_told),
        cmocka_unit_test(too_large_for_a_float), cmocka_unit_test(follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
