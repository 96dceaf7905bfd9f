#include "engine/scales.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "engine/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_LINE = -64, /* exponents of lines: with the least of a column and 30 bits still a float */
    MAX_LINE = 127,
    MIN_COLUMN = -32,    /* exponents of columns; */
    EQUAL_COLUMN = -6,   /* above, a column has the units of the others */
    COLUMN_HEADROOM = 5, /* bits above: a column that does not fit makes all lines fail */
    MAX_APART = 100,     /* between the exponents of a layer's rows, as factors have them */
    HEADROOM = 2,        /* bits above what was measured, */
    WORDS_HEADROOM = 4,  /* where two words have bits to spare, */
    WORDS_SPARE = 25,    /* as of so many bits */
    MAX_RISE = 4,        /* bits by which an exponent grows at a time: an outlier is rare */
    MAX_PERIOD = 1024,   /* steps between two measurements of the columns */
    ENOUGH_BITS = 19,    /* that a line's largest block has in its units, and */
    WORD_BITS = 24,      /* that a line's largest block has in units of the second word, and as many
                           more as blocks are added */
    MANY = 8             /* one line in so many that overflows: columns have changed */
};

/* ---- The state ------------------------------------------------------------------------------ */

static double *steps(const dt_scales *s)
{
    return &s->state[s->n - 2];
}

static double *redone(const dt_scales *s)
{
    return &s->state[s->n - 1];
}

static double *rows_of(const dt_scales *s, int l)
{
    return s->state + s->layer[l].exponent;
}

static double *vector_of(const dt_scales *s, int l, int vector)
{
    return rows_of(s, l) + (1 + vector) * s->model->layer[l].out;
}

static double *columns_of(const dt_scales *s, int l)
{
    return vector_of(s, l, s->layer[l].vectors);
}

static int64_t exponents_of_layer(const dt_model *m, int l)
{
    return m->layer[l].out * (1 + dt_layer_vectors(m, l)) + m->layer[l].in;
}

int64_t dt_scales_numbers(const dt_model *m)
{
    int64_t n = 2;
    for (int l = 0; l < m->n_layers; l++)
        n += exponents_of_layer(m, l);
    return n;
}

static bool are_whole(const double *value, int64_t n, double least, double most)
{
    for (int64_t i = 0; i < n; i++)
        if (!(value[i] >= least && value[i] <= most && value[i] == trunc(value[i])))
            return false;
    return true;
}

bool dt_scales_are_sound(const dt_model *m, const double *state, int64_t n)
{
    bool good = n == dt_scales_numbers(m);
    for (int l = 0; l < m->n_layers && good; l++) {
        int64_t lines = m->layer[l].out * (1 + dt_layer_vectors(m, l));
        good = are_whole(state, lines, MIN_LINE, MAX_LINE) &&
               are_whole(state + lines, m->layer[l].in, MIN_COLUMN, 0);
        state += exponents_of_layer(m, l);
    }
    return good && are_whole(state, 1, -1, 0x1p53) && are_whole(state + 1, 1, 0, 0x1p53);
}

/* ---- Creation ------------------------------------------------------------------------------- */

static int64_t padded_inputs(const dt_layer *layer)
{
    return dt_panels_round(layer->in);
}

/* Floats of a layer's factors. */
static int64_t factors_of(const dt_model *m, int l)
{
    const dt_layer *layer = &m->layer[l];
    return (2 + dt_layer_vectors(m, l)) * dt_panels_round(layer->out) + 2 * padded_inputs(layer);
}

static void lay_out(dt_scales *s)
{
    int64_t factors = 0, widest = 0, exponent = 0;
    for (int l = 0; l < s->model->n_layers; l++) {
        const dt_layer *layer = &s->model->layer[l];
        dt_layer_scales *to = &s->layer[l];
        int64_t out = dt_panels_round(layer->out), in = padded_inputs(layer);
        to->line = s->lines;
        to->exponent = exponent;
        to->vectors = dt_layer_vectors(s->model, l);
        to->column = s->factors + factors;
        to->down_column = to->column + in;
        to->row = to->down_column + in;
        to->down_row = to->row + out;
        to->vector = to->down_row + out;
        to->widest = s->widest + widest;
        to->widest_vector = to->widest + in;
        s->lines += layer->out + to->vectors;
        exponent += exponents_of_layer(s->model, l);
        factors += factors_of(s->model, l);
        widest += in + to->vectors * layer->out;
    }
}

dt_code dt_scales_init(dt_scales *s, const dt_model *m, int64_t blocks, dt_error *err)
{
    int spread = 0;
    int64_t factors = 0, widest = 0;
    while (((int64_t)1 << spread) < blocks)
        spread++;
    *s = (dt_scales){.model = m, .blocks = blocks, .n = dt_scales_numbers(m)};
    s->bits = spread > 0 ? 31 - spread : 30; /* so that what has all 31 bits is seen */
    s->words = blocks > DT_SCALES_NARROW;
    for (int l = 0; l < m->n_layers; l++) {
        factors += factors_of(m, l);
        widest += padded_inputs(&m->layer[l]) + dt_layer_vectors(m, l) * m->layer[l].out;
    }
    s->state = dt_alloc(s->n, sizeof *s->state, "the scales", err);
    s->factors = dt_alloc(factors, sizeof *s->factors, "the scales", err);
    s->widest = dt_alloc(widest, sizeof *s->widest, "the scales", err);
    s->layer = dt_alloc(m->n_layers, sizeof *s->layer, "the scales", err);
    if (err->code)
        return err->code;
    memset(s->state, 0, (size_t)s->n * sizeof *s->state);
    memset(s->factors, 0, (size_t)factors * sizeof *s->factors);
    memset(s->widest, 0, (size_t)widest * sizeof *s->widest);
    memset(s->layer, 0, (size_t)m->n_layers * sizeof *s->layer);
    lay_out(s);
    *steps(s) = -1;
    return DT_OK;
}

void dt_scales_free(dt_scales *s)
{
    free(s->state);
    free(s->factors);
    free(s->widest);
    free(s->layer);
    memset(s, 0, sizeof *s);
}

dt_line dt_scales_find(const dt_scales *s, int64_t line)
{
    int l = s->model->n_layers - 1;
    while (line < s->layer[l].line)
        l--;
    const dt_layer *layer = &s->model->layer[l];
    int64_t i = line - s->layer[l].line, v = i - layer->out;
    if (v < 0)
        return (dt_line){.layer = l,
                         .vector = -1,
                         .output = i,
                         .begin = layer->weight + i * layer->in,
                         .n = layer->in};
    return (dt_line){
        .layer = l, .vector = (int)v, .begin = layer->bias + v * layer->out, .n = layer->out};
}

bool dt_scales_known(const dt_scales *s)
{
    return *steps(s) >= 0;
}

int64_t dt_scales_redone(const dt_scales *s)
{
    return (int64_t)*redone(s);
}

int64_t dt_scales_take_redone(dt_scales *s)
{
    int64_t n = dt_scales_redone(s);
    *redone(s) = 0;
    return n;
}

/* ---- Factors -------------------------------------------------------------------------------- */

static double largest_of(const double *values, int64_t n)
{
    double most = values[0];
    for (int64_t i = 1; i < n; i++)
        most = fmax(most, values[i]);
    return most;
}

/* row[i] column[j] = 2^(bits - r(i) - c(j)); the largest row's factor is 1. */
static void set_weight(const dt_scales *s, int l)
{
    const dt_layer *layer = &s->model->layer[l];
    dt_layer_scales *to = &s->layer[l];
    const double *r = rows_of(s, l), *c = columns_of(s, l);
    int most = (int)largest_of(r, layer->out);
    to->masked = false;
    for (int64_t i = 0; i < layer->out; i++) {
        to->row[i] = ldexpf(1, (int)fmin(most - r[i], MAX_APART));
        to->down_row[i] = 1 / to->row[i];
    }
    for (int64_t j = 0; j < layer->in; j++) {
        to->column[j] = ldexpf(1, s->bits - most - (int)c[j]);
        to->down_column[j] = 1 / to->column[j];
        to->widest[j] = c[j] < 0 ? 0 : -1;
        to->masked |= c[j] < 0;
    }
}

static void set_vector(const dt_scales *s, int l, int v)
{
    int64_t out = s->model->layer[l].out;
    const double *e = vector_of(s, l, v);
    double most = largest_of(e, out);
    for (int64_t o = 0; o < out; o++) {
        s->layer[l].vector[v * out + o] = ldexpf(1, s->bits - (int)e[o]);
        s->layer[l].widest_vector[v * out + o] = e[o] < most ? 0 : -1;
    }
}

void dt_scales_set(dt_scales *s)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        set_weight(s, l);
        for (int v = 0; v < s->layer[l].vectors; v++)
            set_vector(s, l, v);
    }
}

/* ---- Whether a sum counts ------------------------------------------------------------------- */

enum { SOMETHING = 1, ENOUGH = 1025, OVERFLOWS = 1025 * 1025 }; /* digits that 1024 ranks fit */

/* log2 of the blocks, rounded up. */
static int spread_of(const dt_scales *s)
{
    return s->blocks > 1 ? 31 - s->bits : 0;
}

static int32_t flag(const dt_scales *s, const dt_line_bits *b, bool enough)
{
    if (b->any >> s->bits != 0)
        return OVERFLOWS;
    return enough ? ENOUGH : b->any != 0 || b->low != 0 ? SOMETHING : 0;
}

int32_t dt_scales_flag(const dt_scales *s, const dt_line_bits *b)
{
    return flag(s, b, b->widest >> (ENOUGH_BITS + spread_of(s)) != 0);
}

/* Bits that a line's largest block has in units of the second word. */
static int word_bits(const dt_scales *s)
{
    return WORD_BITS + spread_of(s);
}

int32_t dt_scales_flag_words(const dt_scales *s, const dt_line_bits *b)
{
    int need = word_bits(s), high = need > s->bits ? need - s->bits : 0;
    return flag(s, b, b->widest >> high != 0 || (need < 32 && b->low >> need != 0));
}

int dt_scales_raise(const dt_scales *s)
{
    return 2 * s->bits - word_bits(s) - 1;
}

dt_line_state dt_scales_judge(int32_t flags)
{
    if (flags >= OVERFLOWS)
        return DT_LINE_OVERFLOWS;
    return flags == 0 || flags >= ENOUGH ? DT_LINE_GOOD : DT_LINE_COARSE;
}

/* ---- Words ---------------------------------------------------------------------------------- */

float dt_scales_word_of_row(const dt_scales *s, int l, int64_t output, int raise)
{
    return ldexpf(1, s->bits - raise - (int)rows_of(s, l)[output]);
}

float dt_scales_word_of_element(const dt_scales *s, int l, int vector, int64_t output, int raise)
{
    return ldexpf(1, s->bits - raise - (int)vector_of(s, l, vector)[output]);
}

void dt_scales_join_row(const dt_scales *s, int64_t n, const int32_t *high, const int32_t *low,
                        float scale, float *to)
{
    double unit = 1 / (double)scale, low_unit = unit / (double)((int64_t)1 << s->bits);
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)((double)high[i] * unit + (double)low[i] * low_unit);
}

/* ---- From integers to numbers --------------------------------------------------------------- */

/* What is at one place of memory is an integer and then a float. */
typedef float float_there __attribute__((may_alias));
typedef int32_t integer_there __attribute__((may_alias));

void dt_scales_undo_row(const dt_scales *s, int layer, int64_t output, int64_t input, int64_t n,
                        void *values)
{
    const float *down = s->layer[layer].down_column + input;
    float row = s->layer[layer].down_row[output];
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] * (down[i] * row);
}

void dt_scales_undo_vector(const dt_scales *s, int layer, int vector, int64_t output, int64_t n,
                           void *values)
{
    const float *up = s->layer[layer].vector + vector * s->model->layer[layer].out + output;
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] / up[i];
}

/* values: of the gradient from `begin` on, as in what follows. */
static void undo_weight(const dt_scales *s, int l, int64_t begin, int64_t end,
                        integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t last = dt_min(end, layer->weight + layer->in * layer->out);
    for (int64_t i = dt_max(begin, layer->weight), n; i < last; i += n) {
        int64_t row = (i - layer->weight) / layer->in, column = (i - layer->weight) % layer->in;
        n = dt_min(layer->in - column, last - i);
        dt_scales_undo_row(s, l, row, column, n, values + (i - begin));
    }
}

static void undo_vector(const dt_scales *s, int l, int v, int64_t begin, int64_t end,
                        integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t at = layer->bias + v * layer->out;
    int64_t first = dt_max(begin, at), last = dt_min(end, at + layer->out);
    if (first < last)
        dt_scales_undo_vector(s, l, v, first - at, last - first, values + (first - begin));
}

void dt_scales_undo(const dt_scales *s, int64_t begin, int64_t n, void *values)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        undo_weight(s, l, begin, begin + n, values);
        for (int v = 0; v < s->layer[l].vectors; v++)
            undo_vector(s, l, v, begin, begin + n, values);
    }
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* The least exponent with size < 2^exponent. */
static int exponent_of(float size)
{
    int exponent;
    frexpf(size, &exponent);
    return exponent;
}

static double clamp(double exponent)
{
    return fmin(fmax(exponent, MIN_LINE), MAX_LINE);
}

void dt_scales_exponents(int64_t n, const float *most, int64_t *exponent)
{
    for (int64_t i = 0; i < n; i++)
        exponent[i] = !isfinite(most[i]) ? DT_SCALES_NONFINITE
                      : most[i] == 0     ? INT32_MIN
                                         : exponent_of(most[i]);
}

static bool are_finite(const int64_t *exponent, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (exponent[i] >= DT_SCALES_NONFINITE)
            return false;
    return true;
}

static int headroom_of(const dt_scales *s)
{
    return s->words && s->bits >= WORDS_SPARE ? WORDS_HEADROOM : HEADROOM;
}

/* The elements of a vector whose outputs' rows are taken: they fall with them, see follow_row. */
static void lower_elements(const dt_scales *s, double *to, const int64_t *exponent, int64_t n,
                           const bool *rows)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] && exponent[i] != INT32_MIN)
            to[i] = fmin(to[i], clamp((double)exponent[i] + headroom_of(s)));
}

/* Rows of a layer or a vector's elements. A line that is 0 in this batch may be as large as any
 * other in the next.
 *   only  NULL, or whether each is taken; step 0: the same for all */
static void take_lines(const dt_scales *s, double *to, const int64_t *exponent, int64_t n,
                       const bool *only, int step)
{
    int64_t largest = INT32_MIN;
    int room = headroom_of(s);
    for (int64_t i = 0; i < n; i++)
        largest = dt_max(largest, exponent[i]);
    for (int64_t i = 0; i < n; i++) {
        int64_t e = exponent[i] == INT32_MIN ? largest : exponent[i];
        if (!only || only[i * step])
            to[i] = e == INT32_MIN ? 0 : clamp((double)e + room);
    }
}

bool dt_scales_take_rows(dt_scales *s, const int64_t *exponent, const bool *only)
{
    if (!are_finite(exponent, s->n - 2))
        return false;
    for (int l = 0; l < s->model->n_layers; l++) {
        const dt_layer_scales *layer = &s->layer[l];
        const int64_t *from = exponent + layer->exponent;
        int64_t out = s->model->layer[l].out;
        const bool *line = only ? only + layer->line : NULL;
        take_lines(s, rows_of(s, l), from, out, line, 1);
        for (int v = 0; v < layer->vectors; v++) {
            const int64_t *elements = from + (1 + v) * out;
            if (line)
                lower_elements(s, vector_of(s, l, v), elements, out, line);
            take_lines(s, vector_of(s, l, v), elements, out, line ? line + out + v : NULL, 0);
        }
    }
    if (!dt_scales_known(s))
        *steps(s) = 0;
    dt_scales_set(s);
    return true;
}

/* A column of this batch may be larger in another, so that it falls a bit at a time, and rarely. */
static double follow_column(const dt_scales *s, double now, double measured)
{
    double c = measured > EQUAL_COLUMN ? 0 : fmax(measured + COLUMN_HEADROOM, MIN_COLUMN);
    bool first = *steps(s) == 0, lowers = (int64_t)*steps(s) % MAX_PERIOD == 0;
    return first ? c : fmax(fmax(c, now - lowers), MIN_COLUMN);
}

void dt_scales_take_columns(dt_scales *s, const int64_t *exponent)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        double *c = columns_of(s, l);
        const int64_t *from = exponent + (c - s->state);
        double most = largest_of(rows_of(s, l), s->model->layer[l].out);
        for (int64_t j = 0; j < s->model->layer[l].in; j++)
            if (from[j] != INT32_MIN)
                c[j] = follow_column(s, c[j], (double)from[j] - most);
    }
    dt_scales_set(s);
}

/* At the first steps, and then less and less often. */
bool dt_scales_columns_due(const dt_scales *s)
{
    int64_t n = (int64_t)*steps(s);
    return !s->words && (n % MAX_PERIOD < 2 || (n < MAX_PERIOD && (n & (n - 1)) == 0));
}

/* ---- Following ------------------------------------------------------------------------------ */

static float largest_sum(const float *values, int64_t n)
{
    float most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabsf(values[i]) > most ? fabsf(values[i]) : most;
    return isfinite(most) ? most : 0;
}

/* A sum over blocks says about what their largest is; less where they cancel. */
static double rise(double exponent, float sum)
{
    double of_sum = sum > 0 ? exponent_of(sum) : -INFINITY;
    return clamp(fmin(fmax(exponent, of_sum) + 1, exponent + MAX_RISE));
}

static double fall(double exponent)
{
    return clamp(exponent - HEADROOM);
}

static void follow_vector(const dt_scales *s, int l, int v, dt_line_state state, const float *sum)
{
    int64_t out = s->model->layer[l].out;
    double *e = vector_of(s, l, v);
    bool rises = false;
    if (state == DT_LINE_COARSE) {
        double most = fall(largest_of(e, out));
        for (int64_t o = 0; o < out; o++)
            e[o] = fmin(e[o], most);
        return;
    }
    for (int64_t o = 0; o < out; o++)
        if (largest_sum(sum + o, 1) > 0 && exponent_of(sum[o]) + 1 > e[o]) {
            e[o] = rise(e[o], largest_sum(sum + o, 1));
            rises = true;
        }
    for (int64_t o = 0; o < out && !rises; o++)
        e[o] = clamp(e[o] + 1);
}

/* The elements of an output's vectors fall with its weights: a vector is as fine as its largest
 * element wants, and an outlier of a small one would stay for ever. */
static void follow_row(const dt_scales *s, int l, int64_t output, dt_line_state state, float sum)
{
    double *r = rows_of(s, l) + output;
    if (state == DT_LINE_OVERFLOWS) {
        *r = rise(*r, sum);
        return;
    }
    *r = fall(*r);
    for (int v = 0; v < s->layer[l].vectors; v++) {
        double *e = vector_of(s, l, v) + output;
        *e = fall(*e);
    }
}

static void follow_line(const dt_scales *s, const dt_line_failed *f, const float *gradient)
{
    dt_line line = dt_scales_find(s, f->line);
    const float *sum = gradient + line.begin;
    if (line.vector >= 0)
        follow_vector(s, line.layer, line.vector, f->state, sum);
    else
        follow_row(s, line.layer, line.output, f->state, largest_sum(sum, line.n));
}

void dt_scales_follow(dt_scales *s, const dt_line_failed *failed, int64_t n, const float *gradient)
{
    int64_t overflows = 0;
    *steps(s) += 1;
    *redone(s) += n > 0;
    for (int64_t i = 0; i < n; i++) {
        overflows += failed[i].state == DT_LINE_OVERFLOWS;
        if (failed[i].state != DT_LINE_GOOD)
            follow_line(s, &failed[i], gradient);
    }
    if (overflows * MANY > s->lines)
        *steps(s) = floor(*steps(s) / MAX_PERIOD) * MAX_PERIOD + 1; /* columns are due */
    if (n > 0)
        dt_scales_set(s);
}
