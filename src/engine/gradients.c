/* Parts of the gradient of a wave: rows of each weight. */
#include "engine/internal.h"
#include "engine/product.h"

#include <math.h>
#include <string.h>

enum {
    COLUMNS = 64,     /* of a gradient in integers are summed up at a time, */
    ROWS = 96,        /* in so many rows, */
    FLOAT_ROWS = 192, /* and of floats so many */
    PART = 128        /* outputs that one thread takes at a time, where there are several */
};

/* Some of a layer's outputs, of which a thread computes the gradient: rows of its weight. */
typedef struct {
    int layer;
    int64_t begin, n;
} outputs;

/* So many of them at most, from one on. */
static outputs part_of(const outputs *o, int64_t begin, int64_t most)
{
    int64_t left = o->n - begin;
    return (outputs){.layer = o->layer, .begin = o->begin + begin, .n = left < most ? left : most};
}

/* delta^T x of some rows of the wave, for columns from one on. */
static dt_product product_of(const dt_call *c, const outputs *o, int64_t row, int64_t rows,
                             int64_t column, int64_t columns)
{
    const dt_engine *e = c->engine;
    const dt_layer_work *work = &e->work[o->layer];
    int64_t stride = o->layer == 0 ? e->x_stride : work[-1].stride;
    const float *in = o->layer == 0 ? e->x : work[-1].a;
    return (dt_product){.m = o->n,
                        .n = columns,
                        .k = rows,
                        .a = work->delta + row * work->stride + o->begin,
                        .a_row = 1,
                        .a_step = work->stride,
                        .b = in + row * stride + column,
                        .b_step = stride,
                        .b_panel = DT_PANEL};
}

/* sum[i] (+)= some rows of d. */
static void sum_rows(int64_t rows, int64_t stride, int64_t n, const float *d, float *restrict sum)
{
    if (n == 1 && stride == 1) {
        *sum += dt_product_sum(d, rows);
        return;
    }
    for (int64_t r = 0; r < rows; r++, d += stride) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            sum[i] += d[i];
    }
}

/* sum[i] (+)= some rows of d * hat. */
static void sum_products(int64_t rows, int64_t stride, int64_t n, const float *d, const float *hat,
                         float *restrict sum)
{
    for (int64_t r = 0; r < rows; r++, d += stride, hat += stride) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            sum[i] += d[i] * hat[i];
    }
}

/* sum[i] (+)= the gradient by some rows of a vector of the layer (see dt_layer_vectors). */
static void sum_vector(const dt_call *c, const outputs *o, int vector, int64_t row, int64_t rows,
                       bool accumulate, float *sum)
{
    const dt_layer_work *work = &c->engine->work[o->layer];
    int64_t at = row * work->stride + o->begin;
    if (!accumulate)
        for (int64_t i = 0; i < o->n; i++)
            sum[i] = 0;
    if (vector == 1)
        sum_products(rows, work->stride, o->n, work->above + at, work->hat + at, sum);
    else
        sum_rows(rows, work->stride, o->n, (vector == 0 ? work->delta : work->above) + at, sum);
}

/* Where such a vector's elements for these outputs are in the parameters. */
static int64_t place_of(const dt_call *c, const outputs *o, int vector)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    return layer->bias + vector * layer->out + o->begin;
}

static void add_floats(const dt_call *c, const dt_wave *w, int thread, const outputs *o)
{
    const dt_model *m = c->engine->model;
    const dt_layer *layer = &m->layer[o->layer];
    for (int64_t r = 0; r < o->n; r += FLOAT_ROWS) {
        outputs rows = part_of(o, r, FLOAT_ROWS);
        dt_product p = product_of(c, &rows, 0, w->rows, 0, layer->in);
        p.room = c->engine->room + (int64_t)thread * DT_PRODUCT_ROOM;
        dt_product_store(&p, c->gradient + layer->weight + rows.begin * layer->in, layer->in,
                         w->accumulate);
        dt_call_look(c, thread);
    }
    for (int v = 0; v < dt_layer_vectors(m, o->layer); v++)
        sum_vector(c, o, v, 0, w->rows, w->accumulate, c->gradient + place_of(c, o, v));
}

/* Whether with this wave the sum is that of the batch, and becomes floats. */
static bool is_whole(const dt_call *c, const dt_wave *w)
{
    return c->whole && w->first + w->rows == c->part.rows;
}

/* Add values to others, or replace these. */
static void put_values(bool add, int64_t n, const int32_t *from, int32_t *to)
{
    if (add)
        for (int64_t i = 0; i < n; i++)
            to[i] = (int32_t)((uint32_t)to[i] + (uint32_t)from[i]);
    else
        memcpy(to, from, (size_t)n * sizeof *to);
}

/* A tile of the sum [n,columns] to where it belongs, and to floats if the sum is whole. */
static void put_tile(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                     int64_t n, const int32_t *tile)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    bool whole = is_whole(c, w);
    for (int64_t r = 0; r < o->n; r++, tile += COLUMNS) {
        int32_t *to = c->integers + layer->weight + (o->begin + r) * layer->in + column;
        put_values(w->accumulate, n, tile, to);
        if (whole)
            dt_scales_undo_row(c->scales, o->layer, o->begin + r, column, n, to);
    }
}

/* How a layer's weights are rounded, for some outputs, from a column on. */
static dt_rounding rounding_of(const dt_call *c, const outputs *o, int64_t column, bool gathered)
{
    const dt_layer_scales *scales = &c->scales->layer[o->layer];
    return (dt_rounding){.row = gathered ? NULL : scales->row + o->begin,
                         .column = scales->column + column,
                         .widest = scales->masked ? scales->widest + column : NULL,
                         .bits = c->engine->bits + scales->line + o->begin};
}

/* d loss / d the outputs, of each block as products read it, multiplied by their rows' factors. */
static void gather_blocks(const dt_call *c, const dt_wave *w, const outputs *o, float *across)
{
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b);
        dt_product p = product_of(c, o, row, dt_wave_begin(w, b + 1) - row, 0, 0);
        dt_product_gather(&p, c->scales->layer[o->layer].row + o->begin, across + row * o->n);
    }
}

/* Some outputs by some inputs, over all blocks of the wave, into sum, rows lds apart: replaced, or
 * added to. */
static void add_blocks(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                       int64_t n, int32_t *sum, int64_t lds, bool add)
{
    dt_rounding rounding = rounding_of(c, o, column, false);
    dt_product p = product_of(c, o, 0, w->rows, column, n);
    dt_product_round_blocks(&p, w->block - w->lack, w->block, &rounding, sum, lds, add);
}

/* The same from what gather_blocks left of these outputs. */
static void add_gathered(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                         int64_t n, const float *across, int32_t *sum, int64_t lds)
{
    dt_rounding rounding = rounding_of(c, o, column, true);
    dt_product p = product_of(c, o, 0, 0, column, n);
    p.a_row = 0;
    for (int64_t i = 0; i < w->blocks; i++) {
        p.k = dt_wave_begin(w, i + 1) - dt_wave_begin(w, i);
        p.a = across;
        dt_product_round(&p, &rounding, sum, lds, i > 0);
        across += p.k * o->n;
        p.b += p.k * p.b_step;
    }
}

/* The sum stays in the first caches, so that the gradient is gone through once a wave, not once a
 * block. */
static void add_tile(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                     int64_t n, const float *across)
{
    _Alignas(64) int32_t tile[ROWS * COLUMNS];
    if (across)
        add_gathered(c, w, o, column, n, across, tile, COLUMNS);
    else
        add_blocks(c, w, o, column, n, tile, COLUMNS, false);
    put_tile(c, w, o, column, n, tile);
}

/* All of it, where it is in these caches in any case, and has whole panels. */
static void add_small_weight(const dt_call *c, const dt_wave *w, const outputs *o)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    int32_t *to = c->integers + layer->weight + o->begin * layer->in;
    add_blocks(c, w, o, 0, layer->in, to, layer->in, w->accumulate);
    if (is_whole(c, w))
        for (int64_t r = 0; r < o->n; r++, to += layer->in)
            dt_scales_undo_row(c->scales, o->layer, o->begin + r, 0, layer->in, to);
}

/* Columns outside: so few of all the wave's inputs stay in the second cache until all outputs have
 * met them. To copy what is read for them alone would not pay. */
static void add_weight(const dt_call *c, const dt_wave *w, int thread, const outputs *o,
                       float *across)
{
    int64_t in = c->engine->model->layer[o->layer].in;
    if (in <= COLUMNS && in % DT_PANEL == 0) {
        add_small_weight(c, w, o);
        return;
    }
    bool gathers = in > COLUMNS;
    for (int64_t r = 0; r < o->n && gathers; r += ROWS) {
        outputs rows = part_of(o, r, ROWS);
        gather_blocks(c, w, &rows, across + r * w->rows);
    }
    for (int64_t i = 0; i < in; i += COLUMNS) {
        int64_t columns = in - i < COLUMNS ? in - i : COLUMNS;
        for (int64_t r = 0; r < o->n; r += ROWS) {
            outputs rows = part_of(o, r, ROWS);
            add_tile(c, w, &rows, i, columns, gathers ? across + r * w->rows : NULL);
        }
        dt_call_look(c, thread);
    }
}

/* ---- The bits that integers have ------------------------------------------------------------ */

static bool is_last(const dt_call *c, const dt_wave *w)
{
    return w->first + w->rows == c->part.rows;
}

/* Whether d loss / d an output is 0 in all rows of the wave. */
static bool is_dead(const dt_call *c, const dt_wave *w, int layer, int64_t output)
{
    const dt_layer_work *work = &c->engine->work[layer];
    const float *d = work->delta + output;
    for (int64_t r = 0; r < w->rows; r++, d += work->stride)
        if (*d != 0)
            return false;
    return true;
}

/* A line whose integers are all 0 may have been rounded to that: then it has something, which is
 * less than enough in the units of either word. */
static void note_rounded(const dt_call *c, const dt_wave *w, int layer, int64_t output)
{
    dt_lane_bits *bits = &c->engine->bits[c->scales->layer[layer].line + output];
    uint32_t *least = c->want == DT_WORDS ? bits->widest : bits->any;
    if (dt_lane_bits_all(bits->any) == 0 && !is_dead(c, w, layer, output))
        least[0] |= 1;
}

static dt_line_bits bits_of_row(const dt_call *c, int layer, int64_t output)
{
    const dt_layer_scales *scales = &c->scales->layer[layer];
    const dt_lane_bits *bits = &c->engine->bits[scales->line + output];
    dt_line_bits line = {.any = dt_lane_bits_all(bits->any)};
    bool words = c->want == DT_WORDS;
    line.widest = scales->masked && !words ? dt_lane_bits_all(bits->widest) : line.any;
    line.low = words ? dt_lane_bits_all(bits->widest) : 0;
    return line;
}

static void clear_rows(const dt_call *c, const dt_wave *w, const outputs *o)
{
    if (w->first == 0)
        memset(c->engine->bits + c->scales->layer[o->layer].line + o->begin, 0,
               (size_t)o->n * sizeof *c->engine->bits);
}

static void flag_rows(const dt_call *c, const dt_wave *w, const outputs *o)
{
    int32_t *flag = c->flags + c->scales->layer[o->layer].line;
    for (int64_t i = o->begin; i < o->begin + o->n; i++) {
        note_rounded(c, w, o->layer, i);
        if (is_last(c, w)) {
            dt_line_bits bits = bits_of_row(c, o->layer, i);
            flag[i] = dt_scales_flag(c->scales, &bits);
        }
    }
}

/* A thread's, which run_exact (engine.c) puts together. */
static dt_line_bits *bits_of_vector(const dt_call *c, int thread, int layer, int vector)
{
    int64_t layers = c->engine->model->n_layers;
    return c->engine->vector_bits + (thread * layers + layer) * DT_MOST_VECTORS + vector;
}

static bool has_value(const float *values, int64_t n)
{
    bool has = false;
    for (int64_t i = 0; i < n; i++)
        has |= values[i] != 0;
    return has;
}

/* ---- Vectors as integers -------------------------------------------------------------------- */

/* The vectors' elements of one output: its blocks side by side. */
static void add_element(const dt_call *c, const dt_wave *w, const outputs *o, int vector,
                        float factor, int32_t widest, int32_t *to, dt_lane_bits *lanes, bool *has)
{
    enum { TOGETHER = 16 };
    uint32_t sum = w->accumulate ? (uint32_t)*to : 0;
    float factors[TOGETHER];
    int32_t counted[TOGETHER];
    for (int i = 0; i < TOGETHER; i++) {
        factors[i] = factor;
        counted[i] = widest;
    }
    for (int64_t b = 0; b < w->blocks; b += TOGETHER) {
        float value[TOGETHER] = {0};
        int32_t rounded[TOGETHER];
        for (int64_t i = 0; i < TOGETHER && b + i < w->blocks; i++) {
            int64_t row = dt_wave_begin(w, b + i);
            sum_vector(c, o, vector, row, dt_wave_begin(w, b + i + 1) - row, false, &value[i]);
        }
        *has |= has_value(value, TOGETHER);
        dt_product_round_vector(value, factors, counted, TOGETHER, rounded, false, lanes);
        for (int i = 0; i < TOGETHER; i++)
            sum += (uint32_t)rounded[i];
    }
    *to = (int32_t)sum;
}

static void add_vector(const dt_call *c, const dt_wave *w, int thread, const outputs *o, int v,
                       float *column)
{
    const dt_layer_scales *scales = &c->scales->layer[o->layer];
    int64_t at = v * c->engine->model->layer[o->layer].out + o->begin;
    const float *factor = scales->vector + at;
    const int32_t *widest = scales->widest_vector + at;
    int32_t *to = c->integers + place_of(c, o, v);
    dt_lane_bits lanes = {{0}, {0}};
    bool has = false;
    if (o->n == 1)
        add_element(c, w, o, v, *factor, *widest, to, &lanes, &has);
    for (int64_t b = 0; b < w->blocks && o->n > 1; b++) {
        int64_t row = dt_wave_begin(w, b);
        sum_vector(c, o, v, row, dt_wave_begin(w, b + 1) - row, false, column);
        has |= has_value(column, o->n);
        dt_product_round_vector(column, factor, widest, o->n, to, w->accumulate || b > 0, &lanes);
    }
    if (is_whole(c, w))
        dt_scales_undo_vector(c->scales, o->layer, v, o->begin, o->n, to);
    dt_line_bits *bits = bits_of_vector(c, thread, o->layer, v);
    bits->any |= dt_lane_bits_all(lanes.any) | has;
    bits->widest |= dt_lane_bits_all(lanes.widest);
}

static void add_integers(const dt_call *c, const dt_wave *w, int thread, const outputs *o,
                         float *column)
{
    const dt_engine *e = c->engine;
    int64_t room = dt_engine_most_outputs(e, c->threads) * e->wave;
    clear_rows(c, w, o);
    add_weight(c, w, thread, o, e->across + thread * room);
    flag_rows(c, w, o);
    for (int v = 0; v < dt_layer_vectors(e->model, o->layer); v++)
        add_vector(c, w, thread, o, v, column);
}

/* ---- Lines of two words --------------------------------------------------------------------- */

/* The first of the call's lines from a line on. */
static int64_t find_line(const dt_word_lines *words, int64_t line)
{
    int64_t begin = 0, end = words->n;
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (words->line[middle].line < line)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Up to ROWS weights' rows of these outputs that are among the call's lines. */
typedef struct {
    int64_t first, n; /* of the call's lines */
    int64_t output[ROWS];
    float factor[ROWS];
    dt_lane_bits bits[ROWS];
} word_rows;

static void find_rows(const dt_call *c, const outputs *o, int64_t first, word_rows *rows)
{
    const dt_word_lines *words = c->words;
    int64_t line = c->scales->layer[o->layer].line;
    rows->first = first;
    rows->n = 0;
    for (int64_t i = first; i < words->n && rows->n < ROWS; i++) {
        int64_t output = words->line[i].line - line;
        if (output >= o->begin + o->n)
            break;
        rows->output[rows->n] = output - o->begin;
        rows->factor[rows->n++] =
            dt_scales_word_of_row(c->scales, o->layer, output, words->line[i].raise);
    }
}

/* Some columns of such rows, from what was gathered of them. */
static void add_word_tile(const dt_call *c, const dt_wave *w, const outputs *o, word_rows *rows,
                          int64_t column, int64_t n, const float *across)
{
    _Alignas(64) int32_t high[ROWS * COLUMNS], low[ROWS * COLUMNS];
    int64_t in = c->engine->model->layer[o->layer].in;
    dt_product p = product_of(c, o, 0, w->rows, column, n);
    p.m = rows->n;
    p.a = across;
    p.a_row = 0;
    dt_product_round_words(&p, w->block - w->lack, w->block, rows->factor, c->scales->bits, high,
                           low, COLUMNS, rows->bits);
    for (int64_t r = 0; r < rows->n; r++) {
        int32_t *to = c->words->words + c->words->line[rows->first + r].place + column;
        put_values(w->accumulate, n, high + r * COLUMNS, to);
        put_values(w->accumulate, n, low + r * COLUMNS, to + in);
    }
}

static void put_row_bits(const dt_call *c, const dt_wave *w, const outputs *o,
                         const word_rows *rows)
{
    for (int64_t r = 0; r < rows->n; r++) {
        int64_t output = o->begin + rows->output[r];
        dt_lane_bits *bits = &c->engine->bits[c->scales->layer[o->layer].line + output];
        for (int i = 0; i < DT_LANES; i++) {
            bits->any[i] = (w->first > 0 ? bits->any[i] : 0) | rows->bits[r].any[i];
            bits->widest[i] = (w->first > 0 ? bits->widest[i] : 0) | rows->bits[r].widest[i];
        }
        note_rounded(c, w, o->layer, output);
        dt_line_bits line = bits_of_row(c, o->layer, output);
        c->flags[rows->first + r] = dt_scales_flag_words(c->scales, &line);
    }
}

static void add_word_rows(const dt_call *c, const dt_wave *w, const outputs *o, float *across)
{
    int64_t in = c->engine->model->layer[o->layer].in;
    word_rows rows;
    int64_t first = find_line(c->words, c->scales->layer[o->layer].line + o->begin);
    for (find_rows(c, o, first, &rows); rows.n > 0; find_rows(c, o, first += rows.n, &rows)) {
        dt_product p = product_of(c, o, 0, w->rows, 0, 0);
        p.m = rows.n;
        dt_product_gather_some(&p, rows.output, across);
        memset(rows.bits, 0, (size_t)rows.n * sizeof *rows.bits);
        for (int64_t i = 0; i < in; i += COLUMNS)
            add_word_tile(c, w, o, &rows, i, in - i < COLUMNS ? in - i : COLUMNS, across);
        put_row_bits(c, w, o, &rows);
    }
}

static void add_word_vector(const dt_call *c, const dt_wave *w, int thread, const outputs *o, int v,
                            const dt_word_line *line, float *column)
{
    int64_t out = c->engine->model->layer[o->layer].out;
    const int32_t *widest = c->scales->layer[o->layer].widest_vector + v * out + o->begin;
    int32_t *high = c->words->words + line->place + o->begin, *low = high + out;
    dt_line_bits *bits = bits_of_vector(c, thread, o->layer, v);
    for (int64_t i = 0; i < o->n && !w->accumulate; i++)
        high[i] = low[i] = 0;
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b);
        sum_vector(c, o, v, row, dt_wave_begin(w, b + 1) - row, false, column);
        for (int64_t i = 0; i < o->n; i++) {
            uint32_t any = 0, rest = 0;
            float factor =
                dt_scales_word_of_element(c->scales, o->layer, v, o->begin + i, line->raise);
            dt_product_round_value(column[i] * factor, c->scales->bits, &high[i], &low[i], &any,
                                   &rest);
            bits->any |= any;
            bits->widest |= any & (uint32_t)widest[i];
            bits->low |= (rest & (uint32_t)widest[i]) | (column[i] != 0);
        }
    }
}

static void add_words(const dt_call *c, const dt_wave *w, int thread, const outputs *o,
                      float *column)
{
    const dt_engine *e = c->engine;
    const dt_layer_scales *scales = &c->scales->layer[o->layer];
    int64_t room = dt_engine_most_outputs(e, c->threads) * e->wave;
    int64_t vectors = scales->line + e->model->layer[o->layer].out;
    add_word_rows(c, w, o, e->across + thread * room);
    for (int64_t i = find_line(c->words, vectors); i < c->words->n; i++) {
        int64_t v = c->words->line[i].line - vectors;
        if (v >= scales->vectors)
            break;
        add_word_vector(c, w, thread, o, (int)v, &c->words->line[i], column);
    }
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* The layer's columns, of rows multiplied by their factors. */
static void measure_columns(const dt_call *c, const dt_wave *w, const outputs *o)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    const dt_layer_scales *scales = &c->scales->layer[o->layer];
    float *most = c->most + scales->exponent + (1 + scales->vectors) * layer->out;
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b), rows = dt_wave_begin(w, b + 1) - row;
        dt_product p = product_of(c, o, row, rows, 0, layer->in);
        dt_product_measure(&p, scales->row + o->begin, NULL, most);
    }
}

static void measure_rows(const dt_call *c, const dt_wave *w, const outputs *o, float *column)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    const dt_layer_scales *scales = &c->scales->layer[o->layer];
    float *most = c->most + scales->exponent + o->begin;
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b), rows = dt_wave_begin(w, b + 1) - row;
        dt_product p = product_of(c, o, row, rows, 0, layer->in);
        dt_product_measure(&p, NULL, most, NULL);
        for (int v = 0; v < scales->vectors; v++) {
            sum_vector(c, o, v, row, rows, false, column);
            for (int64_t i = 0; i < o->n; i++)
                if (!(fabsf(column[i]) <= most[(1 + v) * layer->out + i]))
                    most[(1 + v) * layer->out + i] = fabsf(column[i]);
        }
    }
}

int64_t dt_gradients_parts(const dt_call *c, int owner, int layer)
{
    int64_t out = c->engine->model->layer[layer].out;
    int64_t n = dt_share(out, owner + 1, c->threads) - dt_share(out, owner, c->threads);
    return c->threads == 1 ? n > 0 : (n + PART - 1) / PART;
}

void dt_gradients_run(const dt_call *c, const dt_wave *w, int thread, int owner, int layer,
                      int64_t first, int64_t end)
{
    const dt_engine *e = c->engine;
    float *column = e->column + thread * e->widest;
    int64_t out = e->model->layer[layer].out, begin = dt_share(out, owner, c->threads);
    int64_t n = dt_share(out, owner + 1, c->threads) - begin;
    int64_t part = c->threads == 1 ? n : PART;
    outputs o = {.layer = layer, .begin = begin + first * part};
    o.n = end * part < n ? end * part - first * part : n - first * part;
    if (o.n <= 0)
        return;
    if (c->want == DT_FLOATS)
        add_floats(c, w, thread, &o);
    else if (c->want == DT_INTEGERS)
        add_integers(c, w, thread, &o, column);
    else if (c->want == DT_WORDS)
        add_words(c, w, thread, &o, column);
    else if (c->columns)
        measure_columns(c, w, &o);
    else
        measure_rows(c, w, &o, column);
}
