/* Gradients of integers against backpropagation in double, on any number of ranks: in every line
 * (an output's weights, or a vector) as near as gradients of floats, or to 2^-20 of its largest,
 * whatever the step before was like. Each case forces a branch: lines that overflow, by little and
 * by more than a second word holds; that are too coarse, likewise; columns, targets and elements of
 * a vector that are far apart; batches of many blocks; short batches; lines that are 0. */
#include "comm/comm.h"
#include "comm/internal.h"
#include "data/batch.h"
#include "mpi/support.h"
#include "train/gradient_internal.h"
#include "unit/activation_formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    dt_numa_group *numa_group;
    dt_team team;
    dt_gradient exact, floats;
    dt_row_source source;
    int64_t batch_size;
    float *parameters, *x, *y; /* [batch_size] rows */
    double *plain;             /* [P] */
} sample;

/* Numbers in [-1, 1): nothing of dtrain's. */
static float draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

static float *draws(int64_t n, uint64_t seed)
{
    float *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = draw(&seed);
    return values;
}

static void make(sample *s, const dt_model_shape *shape, int64_t batch_size)
{
    dt_error err = {0};
    *s = (sample){.team = {.threads = 1}, .batch_size = batch_size};
    dt_model_init(&s->model, shape, &err);
    dt_numa_group_create(&world, 0, &s->numa_group, &err);
    CHECK_NO_ERROR(&err);
    dt_gradient_options options = {
        .batch_size = batch_size, .exact = true, .numa_group = s->numa_group};
    dt_gradient_init(&s->exact, &world, &s->model, &s->team, &options, &err);
    CHECK_NO_ERROR(&err);
    options.exact = false;
    dt_gradient_init(&s->floats, &world, &s->model, &s->team, &options, &err);
    CHECK_NO_ERROR(&err);
    int64_t P = s->model.parameters;
    s->parameters = malloc((size_t)P * sizeof *s->parameters);
    s->plain = malloc((size_t)P * sizeof *s->plain);
    dt_model_init_parameters(&s->model, 1, s->parameters);
    s->x = draws(batch_size * shape->inputs, 2);
    s->y = draws(batch_size * shape->outputs, 3);
}

static void destroy(sample *s)
{
    dt_gradient_free(&s->exact);
    dt_gradient_free(&s->floats);
    dt_numa_group_destroy(s->numa_group);
    dt_model_free(&s->model);
    free(s->parameters);
    free(s->x);
    free(s->y);
    free(s->plain);
}

/* ---- A step --------------------------------------------------------------------------------- */

/* The exact sum of the first rows as a batch; the last ranks may have none. Returns whether it is
 * finite. */
static bool sum_rows(sample *s, int64_t rows)
{
    dt_step_sums sums = {0};
    dt_exact *e = &s->exact.exact;
    dt_split split = dt_batch_split(rows, e->block, world.size);
    int64_t begin = dt_split_begin(&split, world.rank),
            end = dt_split_begin(&split, world.rank + 1);
    s->source = (dt_row_source){
        .x = s->x + begin * s->model.inputs, .y = s->y + begin * s->model.outputs, .first = begin};
    e->part = (dt_batch_part){
        .source = &s->source, .first = begin, .rows = end - begin, .block = e->block};
    dt_exact_compute_part(&s->exact, s->parameters, &sums);
    return dt_gradient_sum(&s->exact, s->parameters, true, &sums);
}

static int64_t redone(const sample *s)
{
    return dt_scales_redone(&s->exact.exact.scales);
}

/* All rows on every rank, as floats. */
static void sum_floats(sample *s, int64_t rows)
{
    dt_weight weight = 0;
    const dt_row_source source = {.x = s->x, .y = s->y};
    dt_engine_gradient(s->floats.engine, s->parameters, &source, rows, DT_GRADIENT_FIRST,
                       s->floats.values, NULL, &weight);
}

typedef struct {
    double exact, floats, largest; /* errors and the largest magnitude in a line */
} line_errors;

static line_errors errors_of(const sample *s, int64_t begin, int64_t n)
{
    line_errors e = {0};
    for (int64_t i = begin; i < begin + n; i++) {
        e.exact = fmax(e.exact, fabs((double)s->exact.values[i] - s->plain[i]));
        e.floats = fmax(e.floats, fabs((double)s->floats.values[i] - s->plain[i]));
        e.largest = fmax(e.largest, fabs(s->plain[i]));
    }
    return e;
}

/* Whether a line is as near as it is to be. A sum of which next to nothing is left is as good as
 * what it is made of: rounding, in floats too. */
static bool is_near(const line_errors *e)
{
    return e->exact <= fmax(4 * e->floats, 0x1p-20 * e->largest);
}

static void check_line(const sample *s, const char *what, int64_t begin, int64_t n)
{
    line_errors e = errors_of(s, begin, n);
    if (!is_near(&e))
        print_error("%s: parameters from %lld on: off by %.1e of %.1e, floats by %.1e\n", what,
                    (long long)begin, e.exact, e.largest, e.floats);
    CHECK_ALL(is_near(&e));
}

/* Every line, and where it says so every element of the vectors for itself. */
static void check_near(sample *s, const char *what, int64_t rows, bool elements)
{
    memset(s->plain, 0, (size_t)s->model.parameters * sizeof *s->plain);
    for (int64_t r = 0; r < rows; r++)
        add_row(&s->model, s->parameters, s->x + r * s->model.inputs, s->y + r * s->model.outputs,
                s->plain);
    sum_floats(s, rows);
    for (int l = 0; l < s->model.n_layers; l++) {
        const dt_layer *layer = &s->model.layer[l];
        for (int64_t o = 0; o < layer->out; o++)
            check_line(s, what, layer->weight + o * layer->in, layer->in);
        for (int64_t o = 0; o < layer->out && elements; o++)
            check_line(s, what, layer->bias + o, 1);
        check_line(s, what, layer->bias, layer->out);
    }
}

static void check_step(sample *s, const char *what, int64_t rows)
{
    CHECK_ALL(sum_rows(s, rows));
    check_near(s, what, rows, false);
}

/* Each column of a linear model to 2^-17 of its largest weight, or as near as floats. */
static void check_columns(sample *s, const char *what)
{
    const dt_layer *layer = &s->model.layer[0];
    for (int64_t i = 0; i < layer->in; i++) {
        line_errors all = {0};
        for (int64_t o = 0; o < layer->out; o++) {
            line_errors e = errors_of(s, layer->weight + o * layer->in + i, 1);
            all.exact = fmax(all.exact, e.exact);
            all.floats = fmax(all.floats, e.floats);
            all.largest = fmax(all.largest, e.largest);
        }
        bool near = all.exact <= fmax(4 * all.floats, 0x1p-17 * all.largest);
        if (!near)
            print_error("%s: column %lld is off by %.1e of %.1e, floats by %.1e\n", what,
                        (long long)i, all.exact, all.largest, all.floats);
        CHECK_ALL(near);
    }
}

/* ---- What steps are like -------------------------------------------------------------------- */

static const int64_t hidden[] = {64, 33};

static dt_model_shape deep(dt_activation f)
{
    return (dt_model_shape){20, 3, hidden, 2, f, DT_LOSS_MSE, false, 0, {0}};
}

static dt_model_shape linear(int64_t inputs, int64_t outputs)
{
    return (dt_model_shape){inputs, outputs, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}};
}

/* Of 1 block and of 9, in one word; and of 17 blocks and more, in two. */
static void ordinary(void **state)
{
    (void)state;
    static const int64_t rows[] = {1, 16, 257, 1030, 2177};
    for (int f = DT_ACT_RELU; f <= DT_ACT_GELU; f++)
        for (int r = 0; r < 5; r++) {
            sample s;
            dt_model_shape shape = deep((dt_activation)f);
            make(&s, &shape, rows[r]);
            for (int step = 0; step < 2; step++)
                check_step(&s, "ordinary", rows[r]);
            CHECK_ALL(redone(&s) == 0);
            destroy(&s);
        }
}

/* Features from 10^-4 to 10^4: each column for itself. */
static void columns_apart(void **state)
{
    (void)state;
    sample s;
    dt_model_shape shape = linear(9, 2);
    make(&s, &shape, 100);
    for (int64_t r = 0; r < 100; r++)
        for (int64_t i = 0; i < 9; i++)
            s.x[r * 9 + i] *= powf(10, (float)(i - 4));
    for (int64_t i = 0; i < 18; i++)
        s.parameters[i] /= powf(10, (float)(i % 9 - 4));
    for (int step = 0; step < 3; step++) {
        check_step(&s, "columns apart", 100);
        check_columns(&s, "a column");
    }
    CHECK_ALL(redone(&s) == 0);
    destroy(&s);
}

/* Targets from 1 to 10^10: each for itself, the bias' elements too. */
static void targets_apart(void **state)
{
    (void)state;
    for (int64_t rows = 100; rows < 5000; rows += 4000) {
        sample s;
        dt_model_shape shape = linear(5, 3);
        make(&s, &shape, rows);
        memset(s.parameters, 0, (size_t)s.model.parameters * sizeof *s.parameters);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t o = 0; o < 3; o++)
                s.y[r * 3 + o] *= powf(10, (float)(5 * o));
        for (int step = 0; step < 3; step++) {
            CHECK_ALL(sum_rows(&s, rows));
            check_near(&s, "targets apart", rows, true);
        }
        destroy(&s);
    }
}

/* After an outlier of a small target that target's bias is right for itself again, though a larger
 * one makes the vector good. */
static void outlier_of_a_small_target(void **state)
{
    (void)state;
    static const float times[] = {1e5f, 1e13f};
    for (int t = 0; t < 2; t++)
        for (int no_x = 0; no_x < 2; no_x++) {
            sample s;
            dt_model_shape shape = linear(5, 2);
            make(&s, &shape, 100);
            memset(s.parameters, 0, (size_t)s.model.parameters * sizeof *s.parameters);
            for (int64_t r = 0; r < 100; r++)
                s.y[r * 2] *= 1e10f;
            if (no_x) /* so that only the bias has an outlier */
                memset(s.x + 99 * 5, 0, 5 * sizeof *s.x);
            check_step(&s, "before an outlier of a small target", 100);
            float kept = s.y[199];
            s.y[199] *= times[t];
            check_step(&s, "an outlier of a small target", 100);
            s.y[199] = kept;
            for (int step = 0; step < 20; step++)
                check_step(&s, "after it", 100);
            check_near(&s, "long after it", 100, true);
            destroy(&s);
        }
}

/* An outlier in one step, in an input or a target, of the last row, which is on the last rank: that
 * step is right, and so are those behind it, which are not summed again for ever. */
static void outliers(void **state)
{
    (void)state;
    static const float times[] = {10, 1e7f, 1e17f, 1e4f, 1e12f};
    static const int64_t rows[] = {100, 2300};
    for (int n = 0; n < 2; n++)
        for (int where = 0; where < 2; where++)
            for (int t = 0; t < (n == 0 ? 5 : 3); t++) {
                sample s;
                dt_model_shape shape = deep(DT_ACT_TANH);
                make(&s, &shape, rows[n]);
                float *value = where ? &s.y[3 * rows[n] - 1] : &s.x[20 * rows[n] - 1];
                float kept = *value;
                check_step(&s, "before an outlier", rows[n]);
                *value *= times[t];
                check_step(&s, "outlier", rows[n]);
                *value = kept;
                for (int step = 0; step < 4; step++)
                    check_step(&s, "after an outlier", rows[n]);
                for (int step = 0; step < 12; step++)
                    CHECK_ALL(sum_rows(&s, rows[n]));
                int64_t until_now = redone(&s);
                check_step(&s, "long after an outlier", rows[n]);
                CHECK_ALL(redone(&s) == until_now);
                destroy(&s);
            }
}

/* An outlier in every other step, which both kinds of step survive: among 8 blocks and among 313. */
static void outliers_again_and_again(void **state)
{
    (void)state;
    static const int64_t rows[] = {256, 40000};
    for (int n = 0; n < 2; n++) {
        sample s;
        dt_model_shape shape = linear(20, 1);
        make(&s, &shape, rows[n]);
        float *last = &s.y[rows[n] - 1];
        for (int step = 0; step < (n == 0 ? 20 : 6); step++) {
            float kept = *last;
            *last = step % 2 ? 1e10f : kept;
            check_step(&s, step % 2 ? "an outlier" : "between outliers", rows[n]);
            *last = kept;
        }
        destroy(&s);
    }
}

/* The last batch of an epoch, of one row. */
static void short_batches(void **state)
{
    (void)state;
    static const int64_t size[] = {256, 10000, 40000};
    for (int i = 0; i < 3; i++) {
        sample s;
        dt_model_shape shape = linear(8, 2);
        make(&s, &shape, size[i]);
        for (int step = 0; step < 4; step++)
            check_step(&s, "a short batch", step % 2 ? 1 : size[i]);
        destroy(&s);
    }
}

/* A gradient that falls, and one that grows, for good. */
static void falls_and_grows(void **state)
{
    (void)state;
    static const float times[] = {0.7f, 0x1p-6f, 3};
    for (int t = 0; t < 3; t++) {
        sample s;
        dt_model_shape shape = linear(6, 1);
        make(&s, &shape, 128);
        memset(s.parameters, 0, (size_t)s.model.parameters * sizeof *s.parameters);
        for (int step = 0; step < 40 && fabsf(s.y[0]) > 1e-24f && fabsf(s.y[0]) < 1e24f; step++) {
            check_step(&s, "falls or grows", 128);
            for (int64_t r = 0; r < 128; r++)
                s.y[r] *= times[t];
        }
        destroy(&s);
    }
}

/* A feature that becomes larger than the others for good: its column gets units of its own, and only
 * that step is summed again. */
static void column_that_grows(void **state)
{
    (void)state;
    sample s;
    dt_model_shape shape = linear(20, 8);
    make(&s, &shape, 256);
    for (int64_t r = 0; r < 256; r++)
        s.x[r * 20 + 3] *= 1e-6f;
    for (int step = 0; step < 5; step++)
        check_step(&s, "a small column", 256);
    CHECK_ALL(redone(&s) == 0);
    for (int64_t r = 0; r < 256; r++)
        s.x[r * 20 + 3] *= 1e4f;
    for (int step = 0; step < 5; step++) {
        check_step(&s, "a column that grew", 256);
        check_columns(&s, "a column that grew");
    }
    CHECK_ALL(redone(&s) == 1);
    destroy(&s);
}

/* Units that are dead are 0, in every step, at no cost; when they come to life they are right. */
static void dead_units(void **state)
{
    (void)state;
    sample s;
    dt_model_shape shape = deep(DT_ACT_RELU);
    make(&s, &shape, 200);
    for (int64_t o = 0; o < 64; o += 2)
        s.parameters[s.model.layer[0].bias + o] = -100;
    for (int step = 0; step < 4; step++)
        check_step(&s, "dead units", 200);
    CHECK_ALL(redone(&s) == 0);
    for (int64_t o = 0; o < 64; o += 2)
        s.parameters[s.model.layer[0].bias + o] = 1e-4f;
    check_step(&s, "units alive", 200);
    destroy(&s);
}

/* All the data in one batch, to where the blocks' gradients nearly cancel. */
static void near_at_the_minimum(void **state)
{
    (void)state;
    sample s;
    dt_model_shape shape = {8, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}};
    make(&s, &shape, 1030);
    for (int step = 0; step < 400; step++) {
        CHECK_ALL(sum_rows(&s, 1030));
        for (int64_t i = 0; i < s.model.parameters; i++)
            s.parameters[i] -= 0.1f / 1030 * s.exact.values[i];
    }
    CHECK_ALL(redone(&s) < 150);
    check_step(&s, "at the minimum", 1030);
    destroy(&s);
}

/* ---- The range ------------------------------------------------------------------------------ */

/* The linear model of one input on one row: gradient 2 (w x + b - y) x, and without the last x, at
 * w = b = 0 and y = -1: 2 x and 2. */
static void make_one(sample *s, float x)
{
    dt_model_shape shape = linear(1, 1);
    make(s, &shape, 1);
    memset(s->parameters, 0, 2 * sizeof *s->parameters);
    s->x[0] = x;
    s->y[0] = -1;
}

/* From the largest gradient to one that is nearly 0. */
static void ends_of_the_range(void **state)
{
    (void)state;
    static const float x[] = {0x1p125f, 0x1p100f, 1, 0x1p-60f, 0x1p-90f};
    for (int i = 0; i < 5; i++) {
        sample s;
        make_one(&s, x[i]);
        CHECK_ALL(sum_rows(&s, 1));
        CHECK_ALL(s.exact.values[0] == 2 * x[i]);
        CHECK_ALL(s.exact.values[1] == 2);
        destroy(&s);
    }
    for (float tiny = 0x1p-120f; tiny > 0; tiny /= 16) { /* not told apart from 0, but no more */
        sample s;
        make_one(&s, tiny);
        CHECK_ALL(sum_rows(&s, 1));
        CHECK_ALL(fabsf(s.exact.values[0] - 2 * tiny) <= 0x1p-117f);
        destroy(&s);
    }
}

/* All blocks of one sign and size: their sum fits whatever the size, and at the limits. */
static void limit_of_a_sum(void **state)
{
    (void)state;
    for (int blocks = 1; blocks <= 8; blocks += blocks < 2 ? 1 : 3)
        for (float size = 0.9f; size < 40; size = nextafterf(size * 1.7f, 100))
            for (int sign = -1; sign <= 1; sign += 2) {
                sample s;
                int64_t rows = 16 * blocks;
                dt_model_shape shape = linear(1, 1);
                make(&s, &shape, rows);
                memset(s.parameters, 0, 2 * sizeof *s.parameters);
                for (int64_t r = 0; r < rows; r++) {
                    s.x[r] = (float)sign * (1 - 0x1p-20f);
                    s.y[r] = -1;
                }
                check_step(&s, "a sum", rows);
                for (int64_t r = 0; r < rows; r++)
                    s.y[r] = -size;
                check_step(&s, "a sum at its limit", rows);
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
        for (int where = 0; where < 3; where++)
            for (int64_t rows = 100; rows < 4000; rows += 3000) {
                sample s;
                dt_model_shape shape = {5, 2, hidden, 1, DT_ACT_GELU, DT_LOSS_MSE, false, 0, {0}};
                make(&s, &shape, rows);
                const dt_scales *scales = &s.exact.exact.scales;
                size_t bytes = (size_t)scales->n * sizeof(double);
                double *before = malloc(bytes);
                float *value = where == 0   ? &s.x[5 * rows - 1]
                               : where == 1 ? &s.y[2 * rows - 1]
                                            : s.parameters;
                float kept = *value;
                *value = bad[b];
                CHECK_ALL(!sum_rows(&s, rows));
                CHECK_ALL(!dt_scales_known(scales));
                *value = kept;
                check_step(&s, "before what is not finite", rows);
                memcpy(before, scales->state, bytes);
                *value = bad[b];
                CHECK_ALL(!sum_rows(&s, rows));
                CHECK_ALL(memcmp(before, scales->state, bytes) == 0 || !scales->words);
                *value = kept;
                check_step(&s, "after what is not finite", rows);
                free(before);
                destroy(&s);
            }
}

/* The float's range is left by a block's sum, not by what it is of. */
static void too_large_for_a_float(void **state)
{
    (void)state;
    sample s;
    make_one(&s, 0x1.8p127f);
    CHECK_ALL(!sum_rows(&s, 1));
    destroy(&s);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary),
        cmocka_unit_test(columns_apart),
        cmocka_unit_test(targets_apart),
        cmocka_unit_test(outlier_of_a_small_target),
        cmocka_unit_test(outliers),
        cmocka_unit_test(outliers_again_and_again),
        cmocka_unit_test(short_batches),
        cmocka_unit_test(falls_and_grows),
        cmocka_unit_test(column_that_grows),
        cmocka_unit_test(dead_units),
        cmocka_unit_test(near_at_the_minimum),
        cmocka_unit_test(ends_of_the_range),
        cmocka_unit_test(limit_of_a_sum),
        cmocka_unit_test(not_finite_is_told),
        cmocka_unit_test(too_large_for_a_float),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
