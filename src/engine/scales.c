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
    MIN_COLUMN = -32,     /* exponents of columns; */
    EQUAL_COLUMN = -8,    /* above, a column has the units of the others */
    COLUMN_HEADROOM = 7,  /* bits above: a column that does not fit makes all lines fail */
    MAX_APART = 100,      /* between the exponents of a layer's rows, as factors have them */
    HEADROOM = 2,         /* bits above what was measured, */
    ELEMENT_HEADROOM = 6, /* of an element of a vector: one that does not fit makes all fail, */
    WORDS_HEADROOM = 4,   /* where two words have bits to spare, */
    WORDS_SPARE = 25,     /* as of so many bits */
    MAX_RISE = 4,         /* bits by which an exponent grows at a time: an outlier is rare */
    MAX_FALL = 24,        /* and by which it falls */
    MIN_PERIOD = 64,      /* steps after columns were measured in vain for lines that overflow, */
    MAX_PERIOD = 512,     /* and between measurements that nothing asks for */
    ENOUGH_BITS = 19,     /* that a line's largest block has in its units, and */
    WORD_BITS = 24, /* that a line's largest block has in units of the second word, and as many
                           more as blocks are added */
    MANY = 8        /* one line in so many that overflows: columns have changed */
};

/* ---- The state ------------------------------------------------------------------------------ */

static double *steps(const dt_scales *s)
{
    return &s->state[s->n - 3];
}

static double *redone(const dt_scales *s)
{
    return &s->state[s->n - 2];
}

/* Steps in which columns are not measured, since that did not help lines that overflowed. */
static double *patience(const dt_scales *s)
{
    return &s->state[s->n - 1];
}

static double *row_exponents(const dt_scales *s, int l)
{
    return s->state + s->layer[l].exponent;
}

static double *vector_exponents(const dt_scales *s, int l, int vector)
{
    return row_exponents(s, l) + (1 + vector) * s->model->layer[l].out;
}

static double *column_exponents(const dt_scales *s, int l)
{
    return vector_exponents(s, l, s->layer[l].vectors);
}

static int64_t count_exponents(const dt_model *m, int l)
{
    return m->layer[l].out * (1 + dt_layer_vectors(m, l)) + m->layer[l].in;
}

int64_t dt_scales_numbers(const dt_model *m)
{
    int64_t n = DT_SCALES_COUNTERS;
    for (int l = 0; l < m->n_layers; l++)
        n += count_exponents(m, l);
    return n;
}

static bool are_whole(const double *value, int64_t n, double min, double max)
{
    for (int64_t i = 0; i < n; i++)
        if (!(value[i] >= min && value[i] <= max && value[i] == trunc(value[i])))
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
        state += count_exponents(m, l);
    }
    return good && are_whole(state, 1, -1, 0x1p53) && are_whole(state + 1, 1, 0, 0x1p53) &&
           are_whole(state + 2, 1, 0, MIN_PERIOD);
}

/* ---- Creation ------------------------------------------------------------------------------- */

static int64_t pad_inputs(const dt_layer *layer)
{
    return dt_panels_round(layer->in);
}

/* Floats of a layer's factors. */
static int64_t count_factors(const dt_model *m, int l)
{
    const dt_layer *layer = &m->layer[l];
    return (2 + dt_layer_vectors(m, l)) * dt_panels_round(layer->out) + 2 * pad_inputs(layer);
}

static void lay_out(dt_scales *s)
{
    int64_t factors = 0, masks = 0, exponent = 0;
    for (int l = 0; l < s->model->n_layers; l++) {
        const dt_layer *layer = &s->model->layer[l];
        dt_layer_scales *to = &s->layer[l];
        int64_t out = dt_panels_round(layer->out), in = pad_inputs(layer);
        to->line = s->lines;
        to->exponent = exponent;
        to->vectors = dt_layer_vectors(s->model, l);
        to->column = s->factors + factors;
        to->inv_column = to->column + in;
        to->row = to->inv_column + in;
        to->inv_row = to->row + out;
        to->vector = to->inv_row + out;
        to->counted = s->counted + masks;
        to->counted_vector = to->counted + in;
        s->lines += layer->out + to->vectors;
        exponent += count_exponents(s->model, l);
        factors += count_factors(s->model, l);
        masks += in + to->vectors * layer->out;
    }
}

/* log2 of the blocks, rounded up. */
static int log2_blocks(const dt_scales *s)
{
    return s->blocks > 1 ? 31 - s->bits : 0;
}

dt_code dt_scales_init(dt_scales *s, const dt_model *m, int64_t blocks, dt_error *err)
{
    int bits_of_blocks = 0;
    int64_t factors = 0, masks = 0;
    while (((int64_t)1 << bits_of_blocks) < blocks)
        bits_of_blocks++;
    *s = (dt_scales){.model = m, .blocks = blocks, .n = dt_scales_numbers(m)};
    s->bits =
        bits_of_blocks > 0 ? 31 - bits_of_blocks : 30; /* so that what has all 31 bits is seen */
    s->words = blocks > DT_SCALES_ONE_WORD_BLOCKS;
    s->enough_bits = ENOUGH_BITS + log2_blocks(s);
    s->good_flag = dt_scales_flag(s, &(dt_line_bits){.counted = 1U << s->enough_bits});
    for (int l = 0; l < m->n_layers; l++) {
        factors += count_factors(m, l);
        masks += pad_inputs(&m->layer[l]) + dt_layer_vectors(m, l) * m->layer[l].out;
    }
    s->state = dt_alloc(s->n, sizeof *s->state, "the scales", err);
    s->factors = dt_alloc(factors, sizeof *s->factors, "the scales", err);
    s->counted = dt_alloc(masks, sizeof *s->counted, "the scales", err);
    s->layer = dt_alloc(m->n_layers, sizeof *s->layer, "the scales", err);
    if (err->code)
        return err->code;
    memset(s->state, 0, (size_t)s->n * sizeof *s->state);
    memset(s->factors, 0, (size_t)factors * sizeof *s->factors);
    memset(s->counted, 0, (size_t)masks * sizeof *s->counted);
    memset(s->layer, 0, (size_t)m->n_layers * sizeof *s->layer);
    lay_out(s);
    *steps(s) = -1;
    return DT_OK;
}

void dt_scales_free(dt_scales *s)
{
    free(s->state);
    free(s->factors);
    free(s->counted);
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

int64_t dt_scales_consume_redone(dt_scales *s)
{
    int64_t n = dt_scales_redone(s);
    *redone(s) = 0;
    return n;
}

/* 2^exponent, as ldexpf has it, which takes ten times as long. */
static float power_of_two(int exponent)
{
    enum { BIAS = 127, FRACTION = 23 };
    if (exponent <= -BIAS || exponent > BIAS)
        return ldexpf(1, exponent);
    uint32_t bits = (uint32_t)(exponent + BIAS) << FRACTION;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* ---- Factors -------------------------------------------------------------------------------- */

static double find_max(const double *values, int64_t n)
{
    double max = values[0];
    for (int64_t i = 1; i < n; i++)
        max = fmax(max, values[i]);
    return max;
}

/* row[i] column[j] = 2^(bits - r(i) - c(j)); the largest row's factor is 1. */
static void set_weight_factors(const dt_scales *s, int l)
{
    const dt_layer *layer = &s->model->layer[l];
    dt_layer_scales *to = &s->layer[l];
    const double *r = row_exponents(s, l), *c = column_exponents(s, l);
    int max = (int)find_max(r, layer->out);
    to->masked = false;
    for (int64_t i = 0; i < layer->out; i++) {
        to->row[i] = power_of_two((int)fmin(max - r[i], MAX_APART));
        to->inv_row[i] = 1 / to->row[i];
    }
    for (int64_t j = 0; j < layer->in; j++) {
        to->column[j] = power_of_two(s->bits - max - (int)c[j]);
        to->inv_column[j] = 1 / to->column[j];
        to->counted[j] = c[j] < 0 ? 0 : -1;
        to->masked |= c[j] < 0;
    }
}

static void set_vector_factors(const dt_scales *s, int l, int v)
{
    int64_t out = s->model->layer[l].out;
    const double *e = vector_exponents(s, l, v);
    double max = find_max(e, out);
    for (int64_t o = 0; o < out; o++) {
        s->layer[l].vector[v * out + o] = power_of_two(s->bits - (int)e[o]);
        s->layer[l].counted_vector[v * out + o] = e[o] < max ? 0 : -1;
    }
}

static void set_layer(const dt_scales *s, int l)
{
    set_weight_factors(s, l);
    for (int v = 0; v < s->layer[l].vectors; v++)
        set_vector_factors(s, l, v);
}

void dt_scales_set(dt_scales *s)
{
    for (int l = 0; l < s->model->n_layers; l++)
        set_layer(s, l);
}

/* ---- Whether a sum counts ------------------------------------------------------------------- */

/* Digits of a flag of one word. The sum of 8 ranks' digits fits, and the digits of blocks add up to
 * all blocks. dt_scales_is_surely_good knows the last two. */
enum {
    DIGIT_BITS = 4,
    DIGIT = (1 << DIGIT_BITS) - 1,
    BLOCKS = 0,    /* blocks in which the line is not 0 */
    SOMETHING = 4, /* 1: more than a unit */
    ENOUGH = 8,    /* four digits. Digit i is 1: enough for 2^i blocks, or for all there are */
    OVERFLOWS = DT_SCALES_OVERFLOWS, /* 1: too large */
    MAX_LOG2_BLOCKS = 3,
};

int32_t dt_scales_flag(const dt_scales *s, const dt_line_bits *b)
{
    if (b->any >> s->bits != 0)
        return 1 << OVERFLOWS;
    int32_t flag = (int32_t)b->blocks << BLOCKS | (b->any > 1) << SOMETHING;
    for (int i = 0; i <= MAX_LOG2_BLOCKS; i++) {
        int bits = ENOUGH_BITS + (int)dt_min(i, log2_blocks(s));
        flag |= (b->counted >> bits != 0) << (ENOUGH + i * DIGIT_BITS);
    }
    return flag;
}

static dt_line_state get_one_word_state(int32_t flags)
{
    int enough = ENOUGH;
    if (flags >> OVERFLOWS != 0)
        return DT_LINE_OVERFLOWS;
    for (int32_t blocks = 1; blocks < (flags & DIGIT); blocks *= 2)
        enough += DIGIT_BITS;
    if ((flags & DIGIT) == 0 || (flags >> enough & DIGIT) != 0)
        return DT_LINE_GOOD;
    return (flags >> SOMETHING & DIGIT) != 0 ? DT_LINE_COARSE : DT_LINE_LITTLE;
}

/* Flags of two words: the sum of 1024 ranks' flags tells how many said which. */
enum { WORDS_SOMETHING = 1, WORDS_ENOUGH = 1025, WORDS_OVERFLOWS = WORDS_ENOUGH * WORDS_ENOUGH };

/* Bits that a line's largest block has in units of the second word. */
static int get_word_bits(const dt_scales *s)
{
    return WORD_BITS + log2_blocks(s);
}

int32_t dt_scales_flag_words(const dt_scales *s, const dt_line_bits *b)
{
    int need = get_word_bits(s), high = need > s->bits ? need - s->bits : 0;
    if (b->any >> s->bits != 0)
        return WORDS_OVERFLOWS;
    if (b->counted >> high != 0 || (need < 32 && b->low >> need != 0))
        return WORDS_ENOUGH;
    return b->any != 0 || b->low != 0 ? WORDS_SOMETHING : 0;
}

/* A line that overflows is raised so that what is just too large for one word is still enough for
 * two. One that is too coarse for two is lowered likewise; where there was one, the second has what
 * is coarse, and what is next to nothing is lowered by the first. */
int dt_scales_raise(const dt_scales *s, dt_line_state state)
{
    int raise = 2 * s->bits - get_word_bits(s) - 1;
    switch (state) {
    case DT_LINE_OVERFLOWS:
        return raise;
    case DT_LINE_LITTLE:
        return -(s->bits - 2);
    default:
        return s->words ? -raise : 0;
    }
}

dt_line_state dt_scales_words_state(int32_t flags)
{
    if (flags == 0 || (flags >= WORDS_ENOUGH && flags < WORDS_OVERFLOWS))
        return DT_LINE_GOOD;
    return flags >= WORDS_OVERFLOWS ? DT_LINE_OVERFLOWS : DT_LINE_COARSE;
}

dt_line_state dt_scales_line_state(const dt_scales *s, int32_t flags)
{
    return s->words ? dt_scales_words_state(flags) : get_one_word_state(flags);
}

/* ---- Words ---------------------------------------------------------------------------------- */

float dt_scales_row_factor(const dt_scales *s, int l, int64_t output, int raise)
{
    return power_of_two(s->bits - raise - (int)row_exponents(s, l)[output]);
}

float dt_scales_element_factor(const dt_scales *s, int l, int vector, int64_t output, int raise)
{
    return power_of_two(s->bits - raise - (int)vector_exponents(s, l, vector)[output]);
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

void dt_scales_dequantize_row(const dt_scales *s, int layer, int64_t output, int64_t input,
                              int64_t n, void *values)
{
    const float *inv = s->layer[layer].inv_column + input;
    float row = s->layer[layer].inv_row[output];
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] * (inv[i] * row);
}

void dt_scales_dequantize_vector(const dt_scales *s, int layer, int vector, int64_t output,
                                 int64_t n, void *values)
{
    const float *up = s->layer[layer].vector + vector * s->model->layer[layer].out + output;
    const integer_there *from = values;
    float_there *to = values;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i] / up[i];
}

/* values: of the gradient from `begin` on, as in what follows. */
static void dequantize_weight(const dt_scales *s, int l, int64_t begin, int64_t end,
                              integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t last = dt_min(end, layer->weight + layer->in * layer->out);
    for (int64_t i = dt_max(begin, layer->weight), n; i < last; i += n) {
        int64_t row = (i - layer->weight) / layer->in, column = (i - layer->weight) % layer->in;
        n = dt_min(layer->in - column, last - i);
        dt_scales_dequantize_row(s, l, row, column, n, values + (i - begin));
    }
}

static void dequantize_vector(const dt_scales *s, int l, int v, int64_t begin, int64_t end,
                              integer_there *values)
{
    const dt_layer *layer = &s->model->layer[l];
    int64_t at = layer->bias + v * layer->out;
    int64_t first = dt_max(begin, at), last = dt_min(end, at + layer->out);
    if (first < last)
        dt_scales_dequantize_vector(s, l, v, first - at, last - first, values + (first - begin));
}

void dt_scales_dequantize(const dt_scales *s, int64_t begin, int64_t n, void *values)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        dequantize_weight(s, l, begin, begin + n, values);
        for (int v = 0; v < s->layer[l].vectors; v++)
            dequantize_vector(s, l, v, begin, begin + n, values);
    }
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* The smallest exponent with size < 2^exponent. */
static int get_exponent(float size)
{
    int exponent;
    frexpf(size, &exponent);
    return exponent;
}

static double clamp_exponent(double exponent)
{
    return fmin(fmax(exponent, MIN_LINE), MAX_LINE);
}

void dt_scales_exponents(int64_t n, const float *max, int64_t *exponent)
{
    for (int64_t i = 0; i < n; i++)
        exponent[i] = !isfinite(max[i]) ? DT_SCALES_NONFINITE
                      : max[i] == 0     ? INT32_MIN
                                        : get_exponent(max[i]);
}

static bool are_finite(const int64_t *exponent, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (exponent[i] >= DT_SCALES_NONFINITE)
            return false;
    return true;
}

static int get_headroom(const dt_scales *s)
{
    return s->words && s->bits >= WORDS_SPARE ? WORDS_HEADROOM : HEADROOM;
}

/* The elements of a vector whose outputs' rows are taken: they fall with them, as they
 * would be too coarse for ever: a vector is good by its largest element.
 *   rows  NULL: all */
static void lower_elements(double *to, const int64_t *exponent, int64_t n, const bool *rows)
{
    for (int64_t i = 0; i < n; i++)
        if ((!rows || rows[i]) && exponent[i] != INT32_MIN && exponent[i] < DT_SCALES_NONFINITE)
            to[i] = fmin(to[i], clamp_exponent((double)exponent[i] + ELEMENT_HEADROOM));
}

static int64_t find_largest(const int64_t *exponent, int64_t n)
{
    int64_t largest = INT32_MIN;
    for (int64_t i = 0; i < n; i++)
        largest = dt_max(largest, exponent[i]);
    return largest;
}

/* Rows of a layer. One that is 0 in this batch may be as large as any other in the next.
 *   only  NULL, or whether each is taken */
static void fill_rows(const dt_scales *s, double *to, const int64_t *exponent, int64_t n,
                      const bool *only)
{
    int64_t largest = find_largest(exponent, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t e = exponent[i] == INT32_MIN ? largest : exponent[i];
        if (!only || (only[i] && exponent[i] != INT32_MIN))
            to[i] = e == INT32_MIN ? 0 : clamp_exponent((double)e + get_headroom(s));
    }
}

/* The elements of a vector: each has bits to spare, up to the exponent of the largest. */
static void fill_elements(const dt_scales *s, double *to, const int64_t *exponent, int64_t n)
{
    int64_t largest = find_largest(exponent, n);
    for (int64_t i = 0; i < n; i++) {
        double max_exponent = (double)largest + get_headroom(s),
               e = (double)exponent[i] + ELEMENT_HEADROOM;
        to[i] =
            largest == INT32_MIN
                ? 0
                : clamp_exponent(exponent[i] == INT32_MIN ? max_exponent : fmin(e, max_exponent));
    }
}

bool dt_scales_fill_lines(dt_scales *s, const int64_t *exponent, const bool *only)
{
    if (!are_finite(exponent, s->n - DT_SCALES_COUNTERS))
        return false;
    for (int l = 0; l < s->model->n_layers; l++) {
        const dt_layer_scales *layer = &s->layer[l];
        const int64_t *from = exponent + layer->exponent;
        int64_t out = s->model->layer[l].out;
        const bool *line = only ? only + layer->line : NULL;
        fill_rows(s, row_exponents(s, l), from, out, line);
        for (int v = 0; v < layer->vectors; v++) {
            const int64_t *elements = from + (1 + v) * out;
            if (line)
                lower_elements(vector_exponents(s, l, v), elements, out, line);
            if (!line || line[out + v])
                fill_elements(s, vector_exponents(s, l, v), elements, out);
        }
    }
    if (!dt_scales_known(s))
        *steps(s) = 0;
    dt_scales_set(s);
    return true;
}

void dt_scales_lower_elements(dt_scales *s, const int64_t *exponent)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        int64_t out = s->model->layer[l].out;
        for (int v = 0; v < s->layer[l].vectors; v++)
            lower_elements(vector_exponents(s, l, v),
                           exponent + s->layer[l].exponent + (1 + v) * out, out, NULL);
    }
    dt_scales_set(s);
}

void dt_scales_use_measured_rows(dt_scales *s, const int64_t *exponent)
{
    for (int l = 0; l < s->model->n_layers; l++) {
        dt_layer_scales *layer = &s->layer[l];
        const int64_t *from = exponent + layer->exponent;
        int64_t out = s->model->layer[l].out;
        layer->max_row = INT32_MIN;
        for (int64_t i = 0; i < out; i++)
            layer->max_row = dt_max(layer->max_row, from[i]);
        for (int64_t i = 0; i < out; i++)
            layer->row[i] =
                from[i] == INT32_MIN
                    ? 1
                    : power_of_two((int)dt_min(layer->max_row - from[i], (int64_t)MAX_APART));
    }
}

/* A column of this batch may be larger in another, so that it falls a bit at a time, and rarely. */
static double update_column(const dt_scales *s, double now, double measured)
{
    double c = measured > EQUAL_COLUMN ? 0 : fmax(measured + COLUMN_HEADROOM, MIN_COLUMN);
    bool first = *steps(s) == 0, lowers = (int64_t)*steps(s) % MAX_PERIOD == 0;
    return first ? c : fmax(fmax(c, now - lowers), MIN_COLUMN);
}

void dt_scales_fill_columns(dt_scales *s, const int64_t *exponent, bool suspected)
{
    bool rises = false;
    for (int l = 0; l < s->model->n_layers; l++) {
        double *c = column_exponents(s, l);
        const int64_t *from = exponent + (c - s->state);
        for (int64_t j = 0; j < s->model->layer[l].in; j++)
            if (from[j] != INT32_MIN) {
                double now = c[j];
                c[j] = update_column(s, now, (double)(from[j] - s->layer[l].max_row));
                rises |= c[j] > now;
            }
    }
    if (suspected && !rises)
        *patience(s) = MIN_PERIOD;
    dt_scales_set(s);
}

bool dt_scales_are_finite(const dt_scales *s, const int64_t *exponent)
{
    return are_finite(exponent, s->n - DT_SCALES_COUNTERS);
}

bool dt_scales_suspect_columns(const dt_scales *s, const dt_line_failed *failed, int64_t n)
{
    int64_t overflows = 0;
    for (int64_t i = 0; i < n; i++)
        overflows += failed[i].state == DT_LINE_OVERFLOWS;
    return !s->words && *patience(s) == 0 && overflows * MANY > s->lines;
}

/* At the first steps, and then less and less often. */
bool dt_scales_measure_due(const dt_scales *s)
{
    int64_t n = (int64_t)*steps(s);
    int64_t power = 1;
    while (power < n)
        power *= 4;
    return n % MAX_PERIOD == 0 || (n == power && n > 1 && n < MAX_PERIOD);
}

/* ---- Following ------------------------------------------------------------------------------ */

static float find_max_sum(const float *values, int64_t n)
{
    float max = 0;
    for (int64_t i = 0; i < n; i++)
        max = fabsf(values[i]) > max ? fabsf(values[i]) : max;
    return isfinite(max) ? max : 0;
}

/* A sum over blocks says about what their largest is; less where they cancel. */
static double raise_exponent(double exponent, float sum)
{
    double of_sum = sum > 0 ? get_exponent(sum) : -INFINITY;
    return clamp_exponent(fmin(fmax(exponent, of_sum) + 1, exponent + MAX_RISE));
}

/* A line that is coarse falls by little, since one that is often small and often large should stay
 * in the window of one word; it falls by much where it is far below, or the window is of two words. */
static double lower_exponent(const dt_scales *s, double exponent, float sum, dt_line_state state)
{
    double lowest = exponent - MAX_FALL, lowered = exponent - HEADROOM;
    if (sum > 0 && (s->words || state == DT_LINE_LITTLE))
        lowered = fmin(lowered, fmax(get_exponent(sum) + get_headroom(s), lowest));
    return clamp_exponent(lowered);
}

static void update_vector(const dt_scales *s, int l, int v, dt_line_state state, const float *sum)
{
    int64_t out = s->model->layer[l].out;
    double *e = vector_exponents(s, l, v);
    double max = find_max(e, out);
    bool rises = false;
    if (state != DT_LINE_OVERFLOWS) {
        max = lower_exponent(s, max, find_max_sum(sum, out), state);
        for (int64_t o = 0; o < out; o++)
            e[o] = fmin(e[o], max);
        return;
    }
    for (int64_t o = 0; o < out; o++)
        if (find_max_sum(sum + o, 1) > 0 && get_exponent(sum[o]) + 1 > e[o]) {
            double spare = fmin(get_exponent(sum[o]) + ELEMENT_HEADROOM, max);
            e[o] = fmax(raise_exponent(e[o], find_max_sum(sum + o, 1)), clamp_exponent(spare));
            rises = true;
        }
    for (int64_t o = 0; o < out && !rises; o++)
        e[o] = clamp_exponent(e[o] + 1);
}

static void update_row(const dt_scales *s, int l, int64_t output, dt_line_state state, float sum)
{
    double *r = row_exponents(s, l) + output;
    *r = state == DT_LINE_OVERFLOWS ? raise_exponent(*r, sum) : lower_exponent(s, *r, sum, state);
}

/* Returns the line's layer. */
static int update_line(const dt_scales *s, const dt_line_failed *f, const float *gradient)
{
    dt_line line = dt_scales_find(s, f->line);
    const float *sum = gradient + line.begin;
    if (line.vector >= 0)
        update_vector(s, line.layer, line.vector, f->state, sum);
    else
        update_row(s, line.layer, line.output, f->state, find_max_sum(sum, line.n));
    return line.layer;
}

void dt_scales_update(dt_scales *s, const dt_line_failed *failed, int64_t n, const float *gradient)
{
    *steps(s) += 1;
    *redone(s) += n > 0;
    *patience(s) = fmax(*patience(s) - 1, 0);
    int updated = -1; /* the layer of the last line that changed */
    for (int64_t i = 0; i < n; i++) {
        if (failed[i].state == DT_LINE_GOOD)
            continue;
        int layer = update_line(s, &failed[i], gradient);
        if (updated >= 0 && updated != layer)
            set_layer(s, updated);
        updated = layer;
    }
    if (updated >= 0)
        set_layer(s, updated);
}
