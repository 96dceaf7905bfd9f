#include "engine/scales.h"

#include "core/memory.h"
#include "engine/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST = -90, /* exponents: 2^(31 - LEAST) is still a float */
    MOST = 127,
    ROOM = 3,         /* bits above what was seen last */
    RAISE = 2,        /* bits, at most, of what was too small */
    FOLLOW_EVERY = 8, /* steps, */
    FOLLOW_ALL = 8,   /* but for the first, in which gradients change most */
    MOST_PATIENCE = 4 /* 128 steps from one lowering to the next, and bits of room besides */
};

static double *patience(const dt_scales *s)
{
    return &s->state[s->n - 2];
}

static double *steps(const dt_scales *s)
{
    return &s->state[s->n - 1];
}

/* Exponents of a layer. */
static int64_t places(const dt_model *m, int l)
{
    return m->layer[l].in + dt_layer_vectors(m, l);
}

dt_code dt_scales_init(dt_scales *s, const dt_model *model, int64_t blocks, dt_error *err)
{
    *s = (dt_scales){.model = model, .n = 2};
    while (((int64_t)1 << s->spread) < blocks)
        s->spread++;
    s->bits = s->spread > 0 ? 31 - s->spread : 30; /* so that what has all 31 bits is seen */
    s->begin = dt_alloc(model->n_layers, sizeof *s->begin, "the scales", err);
    int64_t padded = 0;
    for (int l = 0; l < model->n_layers && s->begin; l++) {
        s->begin[l] = padded;
        padded += dt_panels_round(model->layer[l].in) + DT_PANEL;
        s->n += places(model, l);
    }
    s->state = dt_alloc(s->n, sizeof *s->state, "the scales", err);
    s->up = dt_alloc(padded, sizeof *s->up, "the scales", err);
    s->down = dt_alloc(padded, sizeof *s->down, "the scales", err);
    s->once = dt_alloc(s->n, sizeof *s->once, "the scales", err);
    if (err->code)
        return err->code;
    memset(s->state, 0, (size_t)s->n * sizeof *s->state);
    memset(s->up, 0, (size_t)padded * sizeof *s->up);
    *steps(s) = -1;
    return DT_OK;
}

void dt_scales_free(dt_scales *s)
{
    free(s->state);
    free(s->up);
    free(s->down);
    free(s->begin);
    free(s->once);
    memset(s, 0, sizeof *s);
}

bool dt_scales_known(const dt_scales *s)
{
    return *steps(s) >= 0;
}

float dt_scales_of_vector(const dt_scales *s, int layer, int vector)
{
    return dt_scales_of(s, layer)[dt_panels_round(s->model->layer[layer].in) + vector];
}

bool dt_scales_has_ones(const dt_model *m, int layer)
{
    return layer == 0 && m->inputs % DT_PANEL != 0;
}

static void set_factors(const dt_scales *s, const double *exponent)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        int64_t in = s->model->layer[l].in;
        float *up = s->up + s->begin[l];
        float *down = s->down + s->begin[l];
        for (int64_t i = 0; i < in; i++) {
            up[i] = ldexpf(1, s->bits - (int)exponent[i]);
            down[i] = 1 / up[i];
        }
        for (int v = 0; v < dt_layer_vectors(s->model, l); v++)
            up[dt_panels_round(in) + v] = ldexpf(1, s->bits - (int)exponent[in + v]);
        if (dt_scales_has_ones(s->model, l))
            up[in] = up[dt_panels_round(in)];
        exponent += places(s->model, l);
    }
}

void dt_scales_set(dt_scales *s)
{
    set_factors(s, s->state);
    s->is_once = false;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* The least exponent with size < 2^exponent. */
static int exponent_of(float size)
{
    int exponent;
    frexpf(size, &exponent);
    return exponent;
}

static int clamp(int exponent)
{
    return exponent < LEAST ? LEAST : exponent > MOST ? MOST : exponent;
}

void dt_scales_exponents(const dt_scales *s, const float *most, int64_t *exponent)
{
    for (int64_t i = 0; i < s->n - 2; i++)
        exponent[i] = !isfinite(most[i]) ? DT_SCALES_NONFINITE
                      : most[i] == 0     ? INT32_MIN
                                         : exponent_of(most[i]);
}

/* What is 0 in all samples so far may be as large as any other. */
static void take_layer(double *once, const int64_t *exponent, int64_t in, int64_t all)
{
    int64_t largest = LEAST;
    for (int64_t i = 0; i < in; i++)
        largest = exponent[i] > largest ? exponent[i] : largest;
    for (int64_t i = 0; i < all; i++)
        once[i] = clamp((int)(exponent[i] == INT32_MIN ? largest : exponent[i]) + ROOM);
}

/* An outlier must not cost the steps after it their precision: what was too small, or nearly, rises
 * a little, and the next time a little more. Nor must it fall again as soon, or as far. */
static void raise(dt_scales *s, const int64_t *exponent)
{
    for (int64_t i = 0; i < s->n - 2; i++)
        if ((double)exponent[i] + ROOM > s->state[i])
            s->state[i] = fmin(s->state[i] + RAISE, s->once[i]);
    *patience(s) = fmin(*patience(s) + 1, MOST_PATIENCE);
    *steps(s) = FOLLOW_ALL;
}

bool dt_scales_measured(dt_scales *s, const int64_t *exponent)
{
    for (int64_t i = 0; i < s->n - 2; i++)
        if (exponent[i] == DT_SCALES_NONFINITE)
            return false;
    for (int64_t l = 0, i = 0; l < s->model->n_layers; i += places(s->model, (int)l), l++)
        take_layer(s->once + i, exponent + i, s->model->layer[l].in, places(s->model, (int)l));
    if (dt_scales_known(s)) {
        raise(s, exponent);
    } else {
        memcpy(s->state, s->once, (size_t)(s->n - 2) * sizeof *s->state);
        *steps(s) = 0;
    }
    set_factors(s, s->once);
    s->is_once = true;
    return true;
}

/* ---- From integers to numbers --------------------------------------------------------------- */

/* What is at one place of memory is an integer and then a float. */
typedef float float_there __attribute__((may_alias));
typedef int32_t integer_there __attribute__((may_alias));

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void dt_scales_undo_row(const dt_scales *s, int layer, int64_t input, int64_t n, void *values)
{
    const float *down = s->down + s->begin[layer] + input;
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] * down[i];
}

void dt_scales_undo_vector(const dt_scales *s, int layer, int vector, int64_t n, void *values)
{
    float down = 1 / dt_scales_of_vector(s, layer, vector);
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] * down;
}

/* values: of the gradient from `begin` on, as in what follows. */
static void undo_weight(const dt_scales *s, int l, int64_t begin, int64_t end,
                        integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t last = smaller(end, layer->weight + layer->in * layer->out);
    for (int64_t i = larger(begin, layer->weight), n; i < last; i += n) {
        int64_t column = (i - layer->weight) % layer->in;
        n = smaller(layer->in - column, last - i);
        dt_scales_undo_row(s, l, column, n, values + (i - begin));
    }
}

static void undo_vector(const dt_scales *s, int l, int v, int64_t begin, int64_t end,
                        integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t first = larger(begin, layer->bias + v * layer->out);
    int64_t last = smaller(end, layer->bias + (v + 1) * layer->out);
    if (first < last)
        dt_scales_undo_vector(s, l, v, last - first, values + (first - begin));
}

void dt_scales_undo(const dt_scales *s, int64_t begin, int64_t n, void *values)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        undo_weight(s, l, begin, begin + n, values);
        for (int v = 0; v < dt_layer_vectors(s->model, l); v++)
            undo_vector(s, l, v, begin, begin + n, values);
    }
}

/* ---- Following ------------------------------------------------------------------------------ */

/* A sum over blocks that are mostly noise is larger than each by the root of their number. But it
 * can be arbitrarily smaller, as at the minimum of the loss over a batch that is all the data. */
static void follow(const dt_scales *s, double *exponent, float most, bool lower)
{
    if (most == 0 || !isfinite(most))
        return;
    int want = clamp(exponent_of(most) - s->spread / 2 + ROOM + (int)*patience(s));
    if (want > *exponent)
        *exponent = want;
    else if (lower && want < *exponent - 1)
        *exponent -= 1;
}

static float largest_of(const float *values, int64_t n)
{
    float most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabsf(values[i]) > most ? fabsf(values[i]) : most;
    return most;
}

static void follow_layer(const dt_scales *s, int l, double *exponent, const float *gradient,
                         bool lower)
{
    enum { COLUMNS = 256 };
    const dt_layer *layer = &s->model->layer[l];
    for (int64_t i = 0; i < layer->in; i += COLUMNS) {
        int64_t n = layer->in - i < COLUMNS ? layer->in - i : COLUMNS;
        float most[COLUMNS] = {0};
        for (int64_t o = 0; o < layer->out; o++) {
            const float *row = gradient + layer->weight + o * layer->in + i;
#pragma omp simd
            for (int64_t c = 0; c < n; c++)
                most[c] = fabsf(row[c]) > most[c] ? fabsf(row[c]) : most[c];
        }
        for (int64_t c = 0; c < n; c++)
            follow(s, &exponent[i + c], most[c], lower);
    }
    for (int v = 0; v < dt_layer_vectors(s->model, l); v++)
        follow(s, &exponent[layer->in + v],
               largest_of(gradient + layer->bias + v * layer->out, layer->out), lower);
}

bool dt_scales_looks(const dt_scales *s)
{
    int step = (int)*steps(s) + 1;
    return step <= FOLLOW_ALL || (step - FOLLOW_ALL) % FOLLOW_EVERY == 0;
}

void dt_scales_follow(dt_scales *s, const float *gradient)
{
    double *exponent = s->state;
    int step = (int)*steps(s) + 1, cycle = FOLLOW_EVERY << (int)*patience(s);
    bool lower = step <= FOLLOW_ALL || step >= FOLLOW_ALL + cycle, looks = dt_scales_looks(s);
    *steps(s) = step >= FOLLOW_ALL + cycle ? FOLLOW_ALL : step;
    for (int l = 0; l < s->model->n_layers && looks; l++) {
        follow_layer(s, l, exponent, gradient, lower);
        exponent += places(s->model, l);
    }
    if (looks || s->is_once)
        dt_scales_set(s);
}
