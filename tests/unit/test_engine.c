/* The engine against a plain multilayer perceptron in double: outputs and losses directly, the
 * gradient by central differences. */
#include "engine/engine.h"
#include "unit/activation_formula.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The plain perceptron ------------------------------------------------------------------- */

enum { MAX_WIDE = 512 };

static void plain_forward(const dt_model_shape *s, const double *p, const float *x, double *out)
{
    double in[MAX_WIDE];
    int64_t width = s->inputs;
    for (int64_t i = 0; i < width; i++)
        in[i] = x[i];
    for (int l = 0; l <= s->n_hidden; l++) {
        bool last = l == s->n_hidden;
        int64_t to = last ? s->outputs : s->hidden[l];
        const double *bias = p + to * width;
        for (int64_t o = 0; o < to; o++, p += width) {
            double sum = bias[o];
            for (int64_t i = 0; i < width; i++)
                sum += p[i] * in[i];
            out[o] = last ? sum : activation_formula(s->activation, sum);
        }
        p = bias + to;
        width = to;
        memcpy(in, out, (size_t)to * sizeof *in);
    }
}

static double plain_loss(const dt_model_shape *s, const double *out, const void *y, int64_t row)
{
    double sum = 0;
    if (s->loss == DT_LOSS_MSE) {
        const float *target = (const float *)y + row * s->outputs;
        for (int64_t k = 0; k < s->outputs; k++)
            sum += (out[k] - (double)target[k]) * (out[k] - (double)target[k]);
        return sum / (double)s->outputs;
    }
    for (int64_t k = 0; k < s->outputs; k++)
        sum += exp(out[k]);
    return log(sum) - out[((const int32_t *)y)[row]];
}

/* ---- A case: a model, its parameters and its samples ---------------------------------------- */

typedef struct {
    dt_model_shape shape;
    dt_model model;
    float *parameters, *x;
    double *exact; /* the parameters in double */
    void *y;
    int64_t rows;
} sample;

/* Numbers in [-1, 1): nothing of dtrain's. */
static float draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

static float *draws(int64_t n, float scale, uint64_t seed)
{
    float *values = malloc((size_t)(n + 1) * sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = scale * draw(&seed);
    return values;
}

static void make(sample *s, const dt_model_shape *shape, int64_t rows)
{
    dt_error err = {0};
    *s = (sample){.shape = *shape, .rows = rows};
    assert_int_equal(dt_model_init(&s->model, shape, &err), DT_OK);
    s->parameters = draws(s->model.parameters, 0.3f, 1);
    s->exact = malloc((size_t)s->model.parameters * sizeof *s->exact);
    for (int64_t i = 0; i < s->model.parameters; i++)
        s->exact[i] = s->parameters[i];
    s->x = draws(rows * shape->inputs, 1, 2);
    s->y = draws(rows * shape->outputs, 1, 3);
    for (int64_t r = 0; r < rows && shape->loss == DT_LOSS_CROSS_ENTROPY; r++)
        ((int32_t *)s->y)[r] = (int32_t)(r * 7 % shape->outputs);
}

static void destroy(sample *s)
{
    dt_model_free(&s->model);
    free(s->parameters);
    free(s->exact);
    free(s->x);
    free(s->y);
}

static double total_loss(const sample *s)
{
    double out[MAX_WIDE], sum = 0;
    for (int64_t r = 0; r < s->rows; r++) {
        plain_forward(&s->shape, s->exact, s->x + r * s->shape.inputs, out);
        sum += plain_loss(&s->shape, out, s->y, r);
    }
    return sum;
}

static double difference(const sample *s, int64_t i)
{
    const double h = 1e-6, at = s->exact[i];
    s->exact[i] = at + h;
    double up = total_loss(s);
    s->exact[i] = at - h;
    double down = total_loss(s);
    s->exact[i] = at;
    return (up - down) / (2 * h);
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static dt_engine *engine_of(const sample *s, const dt_team *team)
{
    dt_engine *engine;
    dt_error err = {0};
    omp_set_num_threads(team->threads);
    if (dt_engine_create(&engine, &s->model, team, 0, NULL, &err))
        fail_msg("%s", err.text);
    return engine;
}

static void check_near(const char *what, int64_t i, double value, double expected, double scale)
{
    if (!(fabs(value - expected) <= 2e-5 * scale))
        fail_msg("%s %lld is %.9g, not %.9g", what, (long long)i, value, expected);
}

/* About n of the parameters, spread over all tensors, against central differences; with `times`
 * calls that accumulated. */
static void check_gradient(const sample *s, const float *gradient, int64_t n, int times)
{
    double scale = 1e-3 * (double)s->rows;
    for (int64_t i = 0; i < s->model.parameters; i++)
        scale = fmax(scale, fabs((double)gradient[i]) / times);
    for (int t = 0; t < 2 * s->model.n_layers; t++) {
        dt_tensor tensor = dt_model_tensor(&s->model, t);
        int64_t step = 1 + tensor.count * 2 * s->model.n_layers / n;
        for (int64_t i = 0; i < tensor.count; i += step)
            check_near(tensor.name, i, (double)gradient[tensor.begin + i] / times,
                       difference(s, tensor.begin + i), scale);
    }
}

static void check_forward(const sample *s, dt_engine *engine)
{
    int64_t K = s->shape.outputs;
    float *found = malloc((size_t)(s->rows * K + 1) * sizeof *found);
    double out[MAX_WIDE];
    dt_engine_load_weights(engine, s->parameters);
    dt_engine_forward(engine, s->parameters, &(dt_row_source){.x = s->x}, s->rows, found);
    for (int64_t r = 0; r < s->rows; r++) {
        plain_forward(&s->shape, s->exact, s->x + r * s->shape.inputs, out);
        for (int64_t k = 0; k < K; k++)
            check_near("output", r * K + k, found[r * K + k], out[k], 1);
    }
    free(found);
}

/* Every sample counts one, so that their weight is their number. */
static double gradient_of(dt_engine *engine, const sample *s, int64_t rows, bool accumulate,
                          float *gradient)
{
    dt_weight weight = 7;
    double loss = dt_engine_gradient(engine, s->parameters, &(dt_row_source){.x = s->x, .y = s->y},
                                     rows, accumulate ? DT_GRADIENT_ADD : DT_GRADIENT_FIRST,
                                     gradient, NULL, &weight);
    assert_int_equal(weight, 7 + rows);
    return loss;
}

/* Forward, gradient, and a gradient added to one that is there. */
static void check_case(const dt_model_shape *shape, int64_t rows, int threads, int64_t n)
{
    sample s;
    dt_team team = {.threads = threads};
    make(&s, shape, rows);
    dt_engine *engine = engine_of(&s, &team);
    float *gradient = malloc((size_t)s.model.parameters * sizeof *gradient);
    memset(gradient, 0xFF, (size_t)s.model.parameters * sizeof *gradient); /* NaN: to be replaced */
    check_forward(&s, engine);
    double loss = gradient_of(engine, &s, rows, false, gradient);
    check_near("loss", 0, loss, total_loss(&s), fmax(1, loss));
    check_gradient(&s, gradient, n, 1);
    gradient_of(engine, &s, rows, true, gradient);
    check_gradient(&s, gradient, n, 2);
    free(gradient);
    dt_engine_destroy(engine);
    destroy(&s);
}

/* ---- The cases ------------------------------------------------------------------------------ */

static const int64_t hidden[] = {7, 6};

static void activations(void **state)
{
    (void)state;
    for (int f = DT_ACT_RELU; f <= DT_ACT_GELU; f++)
        for (int loss = DT_LOSS_MSE; loss <= DT_LOSS_CROSS_ENTROPY;
             loss += DT_LOSS_CROSS_ENTROPY - DT_LOSS_MSE)
            check_case(
                &(dt_model_shape){5, 3, hidden, 2, (dt_activation)f, (dt_loss)loss, false, 0, {0}},
                20, 1, 1000);
}

/* Around the size of a wave on one thread, 128, and several waves. */
static void rows(void **state)
{
    (void)state;
    static const int64_t n[] = {1, 127, 128, 129, 300};
    for (int i = 0; i < 5; i++) {
        check_case(
            &(dt_model_shape){5, 3, hidden, 1, DT_ACT_TANH, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
            n[i], 1, 40);
        check_case(&(dt_model_shape){4, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}}, n[i],
                   1, 40);
    }
}

/* Large enough to wake the other threads: one wave of 384 rows, and three. */
static void threads(void **state)
{
    (void)state;
    static const int64_t wide[] = {40, 50}, n[] = {383, 800};
    for (int i = 0; i < 2; i++)
        for (int f = DT_ACT_RELU; f <= DT_ACT_GELU; f++)
            check_case(&(dt_model_shape){10,
                                         4,
                                         wide,
                                         2,
                                         (dt_activation)f,
                                         f % 2 ? DT_LOSS_MSE : DT_LOSS_CROSS_ENTROPY,
                                         false,
                                         0,
                                         {0}},
                       n[i], 3, 12);
}

/* Layers that lie padded in memory; fewer rows, and fewer outputs, than threads. */
static void wide_layers(void **state)
{
    (void)state;
    static const int64_t wide[] = {256, 256}, wider[] = {512, 256};
    check_case(&(dt_model_shape){8, 2, wide, 2, DT_ACT_GELU, DT_LOSS_MSE, false, 0, {0}}, 29, 1,
               24);
    check_case(
        &(dt_model_shape){8, 2, wide, 2, DT_ACT_SIGMOID, DT_LOSS_CROSS_ENTROPY, false, 0, {0}}, 129,
        3, 6);
    check_case(
        &(dt_model_shape){256, 256, wide, 1, DT_ACT_TANH, DT_LOSS_CROSS_ENTROPY, false, 0, {0}}, 12,
        3, 24);
    check_case(&(dt_model_shape){256, 1, wider, 2, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}}, 2, 3,
               24);
}

/* A network of one value everywhere, and of one between more; a whole wave, to the end of memory.
 */
static void narrowed(void **state)
{
    (void)state;
    static const int64_t one[] = {1, 1}, then_one[] = {8, 1};
    check_case(&(dt_model_shape){1, 1, one, 2, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}}, 5, 3,
               1000);
    check_case(&(dt_model_shape){1, 1, NULL, 0, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}}, 29, 1,
               1000);
    check_case(&(dt_model_shape){1, 3, one, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}}, 9001, 1,
               7);
    check_case(
        &(dt_model_shape){8, 3, then_one, 2, DT_ACT_TANH, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
        9001, 1, 3);
}

static void no_rows(void **state)
{
    (void)state;
    sample s;
    dt_team team = {.threads = 3};
    make(&s, &(dt_model_shape){5, 3, hidden, 2, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}}, 0);
    dt_engine *engine = engine_of(&s, &team);
    float *gradient = draws(s.model.parameters, 1, 4), *before = draws(s.model.parameters, 1, 4);
    size_t bytes = (size_t)s.model.parameters * sizeof *gradient;
    assert_true(gradient_of(engine, &s, 0, true, gradient) == 0);
    assert_memory_equal(gradient, before, bytes);
    assert_true(gradient_of(engine, &s, 0, false, gradient) == 0);
    memset(before, 0, bytes);
    assert_memory_equal(gradient, before, bytes);
    dt_engine_forward(engine, s.parameters, &(dt_row_source){.x = s.x}, 0, NULL);
    free(gradient);
    free(before);
    dt_engine_destroy(engine);
    destroy(&s);
}

/* The same call gives the same bits, whatever ran before. */
static void repeatable(void **state)
{
    (void)state;
    static const int64_t wide[] = {40, 50};
    sample s;
    dt_team team = {.threads = 3};
    make(&s, &(dt_model_shape){10, 4, wide, 2, DT_ACT_GELU, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
         800);
    dt_engine *engine = engine_of(&s, &team);
    size_t bytes = (size_t)s.model.parameters * sizeof(float);
    float *first = malloc(bytes), *second = malloc(bytes);
    double loss = gradient_of(engine, &s, 800, false, first);
    for (int i = 0; i < 5; i++) {
        gradient_of(engine, &s, 100 * i, false, second);
        assert_true(gradient_of(engine, &s, 800, false, second) == loss);
        assert_memory_equal(first, second, bytes);
    }
    free(first);
    free(second);
    dt_engine_destroy(engine);
    destroy(&s);
}

typedef struct {
    const dt_model *model;
    const float *gradient;
    float *seen; /* [P] of each layer when it was said to be complete */
    int next;    /* layer */
    int measured;
} onlooker;

static void on_layer_done(void *with, int layer)
{
    onlooker *o = with;
    const dt_layer *l = &o->model->layer[layer];
    int64_t end = layer + 1 < o->model->n_layers ? l[1].weight : o->model->parameters;
    assert_int_equal(layer, o->next--);
    memcpy(o->seen + l->weight, o->gradient + l->weight,
           (size_t)(end - l->weight) * sizeof *o->seen);
}

static void poll(void *with)
{
    ((onlooker *)with)->measured++;
}

/* A layer that is said to be complete is, whatever the number of waves and threads; and the
 * gradient is that of a call that nobody watches. */
static void overlapped(void **state)
{
    (void)state;
    static const int64_t wide[] = {70, 33, 20};
    sample s;
    make(&s, &(dt_model_shape){9, 4, wide, 3, DT_ACT_TANH, DT_LOSS_CROSS_ENTROPY, true, 0, {0}},
         3000);
    size_t bytes = (size_t)s.model.parameters * sizeof(float);
    float *alone = malloc(bytes), *gradient = malloc(bytes), *seen = malloc(bytes);
    for (int i = 0; i < 4; i++) {
        dt_team team = {.threads = 1 + i % 2};
        int64_t rows = i < 2 ? 3000 : 0;
        dt_weight weight = 0;
        dt_row_source source = {.x = s.x, .y = s.y};
        dt_engine *engine = engine_of(&s, &team);
        onlooker o = {.model = &s.model, .gradient = gradient, .seen = seen, .next = 3};
        dt_overlap overlap = {on_layer_done, poll, &o};
        dt_engine_gradient(engine, s.parameters, &source, rows, DT_GRADIENT_FIRST, alone, NULL,
                           &weight);
        dt_engine_gradient(engine, s.parameters, &source, rows, DT_GRADIENT_FIRST, gradient,
                           &overlap, &weight);
        assert_int_equal(o.next, -1);
        assert_true(rows == 0 || o.measured > 0);
        assert_memory_equal(seen, gradient, bytes);
        assert_memory_equal(alone, gradient, bytes);
        dt_engine_destroy(engine);
    }
    free(alone);
    free(gradient);
    free(seen);
    destroy(&s);
}

/* One NaN in a weight or in a sample is seen in the loss, through every activation. */
static void nan_reaches_the_loss(void **state)
{
    (void)state;
    for (int f = DT_ACT_RELU; f <= DT_ACT_GELU; f++) {
        sample s;
        dt_team team = {.threads = 1};
        make(&s,
             &(dt_model_shape){
                 5, 3, hidden, 2, (dt_activation)f, DT_LOSS_CROSS_ENTROPY, false, 0, {0}},
             20);
        dt_engine *engine = engine_of(&s, &team);
        float *gradient = malloc((size_t)s.model.parameters * sizeof *gradient), kept = s.x[33];
        s.x[33] = NAN;
        assert_true(isnan(gradient_of(engine, &s, 20, false, gradient)));
        s.x[33] = kept;
        s.parameters[3] = NAN;
        assert_true(isnan(gradient_of(engine, &s, 20, false, gradient)));
        free(gradient);
        dt_engine_destroy(engine);
        destroy(&s);
    }
}

/* The gradient as integers is that of floats to within their rounding, in every tensor: with a
 * LayerNorm and dropout, in blocks of which the last lacks rows, on any number of threads the same.
 */
static void integers(void **state)
{
    (void)state;
    enum { ROWS_HERE = 300, BLOCK = 64, BLOCKS = 5 };
    static const int64_t wide[] = {40, 33};
    sample s;
    make(&s, &(dt_model_shape){10, 4, wide, 2, DT_ACT_GELU, DT_LOSS_CROSS_ENTROPY, true, 0.25, {0}},
         ROWS_HERE);
    int64_t P = s.model.parameters;
    float *floats = malloc((size_t)P * sizeof *floats),
          *dequantized = malloc((size_t)P * sizeof *dequantized);
    int32_t *sums[2];
    for (int t = 0; t < 2; t++) {
        dt_team team = {.threads = 1 + 2 * t};
        dt_error err = {0};
        dt_engine *engine;
        dt_scales scales;
        dt_row_source source = {.x = s.x, .y = s.y, .first = 12345};
        dt_batch_part part = {.source = &source, .rows = ROWS_HERE, .block = BLOCK};
        double loss[BLOCKS] = {0};
        int64_t exponent[512];
        int32_t flags[256];
        dt_weight weight = 0;
        float largest_sums[512] = {0};
        dt_engine_create(&engine, &s.model, &team, BLOCK, NULL, &err);
        dt_scales_init(&scales, &s.model, BLOCKS, &err);
        assert_int_equal(err.code, DT_OK);
        assert_int_equal(scales.n, 10 + 4 * 40 + 40 + 4 * 33 + 33 + 2 * 4 + 3);
        assert_int_equal(scales.lines, 40 + 3 + 33 + 3 + 4 + 1);
        dt_engine_load_weights(engine, s.parameters);
        dt_engine_measure(engine, s.parameters, &part, &scales, NULL, false, false, largest_sums);
        dt_scales_exponents(scales.n - DT_SCALES_COUNTERS, largest_sums, exponent);
        assert_true(dt_scales_fill_lines(&scales, exponent, NULL));
        memset(largest_sums, 0, sizeof largest_sums);
        dt_scales_use_measured_rows(&scales, exponent);
        dt_engine_measure(engine, s.parameters, &part, &scales, NULL, true, true, largest_sums);
        dt_scales_exponents(scales.n - DT_SCALES_COUNTERS, largest_sums, exponent);
        dt_scales_fill_columns(&scales, exponent, false);
        sums[t] = malloc((size_t)P * sizeof *sums[t]);
        dt_engine_gradient_exact(engine, s.parameters, &part, false, &scales, sums[t], NULL,
                                 &(dt_exact_sums){.loss = loss, .flags = flags});
        for (int64_t i = 0; i < scales.lines; i++)
            assert_int_equal(dt_scales_line_state(&scales, flags[i]), DT_LINE_GOOD);
        memcpy(dequantized, sums[t], (size_t)P * sizeof *dequantized);
        dt_scales_dequantize(&scales, 0, P, dequantized);
        dt_engine_gradient(engine, s.parameters, &source, ROWS_HERE, DT_GRADIENT_FIRST, floats,
                           NULL, &weight);
        dt_scales_free(&scales);
        dt_engine_destroy(engine);
    }
    assert_memory_equal(sums[0], sums[1], (size_t)P * sizeof *sums[0]);
    for (int i = 0; i < dt_model_tensors(&s.model); i++) {
        dt_tensor tensor = dt_model_tensor(&s.model, i);
        double largest = 0;
        for (int64_t k = tensor.begin; k < tensor.begin + tensor.count; k++)
            largest = fmax(largest, fabs((double)floats[k]));
        assert_true(largest > 0.01);
        for (int64_t k = tensor.begin; k < tensor.begin + tensor.count; k++)
            assert_true(fabs((double)floats[k] - (double)dequantized[k]) < 1e-5 * largest);
    }
    free(sums[0]);
    free(sums[1]);
    free(floats);
    free(dequantized);
    destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations), cmocka_unit_test(rows),
        cmocka_unit_test(threads),     cmocka_unit_test(wide_layers),
        cmocka_unit_test(narrowed),    cmocka_unit_test(no_rows),
        cmocka_unit_test(repeatable),  cmocka_unit_test(overlapped),
        cmocka_unit_test(integers),    cmocka_unit_test(nan_reaches_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
