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
            dt_scales_undo_row(c->scales, o->layer, column, n, to);
    }
}

/* The same of the column of ones. */
static void put_bias(const dt_call *c, const dt_wave *w, const outputs *o, const int32_t *column)
{
    int32_t *to = c->integers + place_of(c, o, 0);
    for (int64_t r = 0; r < o->n; r++)
        put_values(w->accumulate, 1, column + r * COLUMNS, to + r);
    if (is_whole(c, w))
        dt_scales_undo_vector(c->scales, o->layer, 0, o->n, to);
}

/* d loss / d the outputs, of each block as products read it. */
static void gather_blocks(const dt_call *c, const dt_wave *w, const outputs *o, float *across)
{
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b);
        dt_product p = product_of(c, o, row, dt_wave_begin(w, b + 1) - row, 0, 0);
        dt_product_gather(&p, across + row * o->n);
    }
}

/* Some outputs by some inputs, over all blocks of the wave, into sum, rows lds apart: replaced, or
 * added to. */
static uint32_t add_blocks(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                           int64_t n, int32_t *sum, int64_t lds, bool add)
{
    const float *scale = dt_scales_of(c->scales, o->layer) + column;
    dt_product p = product_of(c, o, 0, w->rows, column, n);
    return dt_product_round_blocks(&p, w->block - w->lack, w->block, scale, sum, lds, add);
}

/* The same from what gather_blocks left of these outputs. */
static uint32_t add_gathered(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                             int64_t n, const float *across, int32_t *sum, int64_t lds)
{
    const float *scale = dt_scales_of(c->scales, o->layer) + column;
    dt_product p = product_of(c, o, 0, 0, column, n);
    uint32_t bits = 0;
    p.a_row = 0;
    for (int64_t i = 0; i < w->blocks; i++) {
        p.k = dt_wave_begin(w, i + 1) - dt_wave_begin(w, i);
        p.a = across;
        bits |= dt_product_round(&p, scale, sum, lds, i > 0);
        across += p.k * o->n;
        p.b += p.k * p.b_step;
    }
    return bits;
}

/* The sum stays in the first caches, so that the gradient is gone through once a wave, not once a
 * block. */
static uint32_t add_tile(const dt_call *c, const dt_wave *w, const outputs *o, int64_t column,
                         int64_t n, const float *across)
{
    _Alignas(64) int32_t tile[ROWS * COLUMNS];
    const dt_model *m = c->engine->model;
    bool ones = dt_scales_has_ones(m, o->layer) && column + n == m->inputs;
    uint32_t bits = across ? add_gathered(c, w, o, column, n + ones, across, tile, COLUMNS)
                           : add_blocks(c, w, o, column, n + ones, tile, COLUMNS, false);
    put_tile(c, w, o, column, n, tile);
    if (ones)
        put_bias(c, w, o, tile + n);
    return bits;
}

/* All of it, where it is in these caches in any case, and has whole panels. */
static uint32_t add_small_weight(const dt_call *c, const dt_wave *w, const outputs *o)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    int32_t *to = c->integers + layer->weight + o->begin * layer->in;
    uint32_t bits = add_blocks(c, w, o, 0, layer->in, to, layer->in, w->accumulate);
    if (is_whole(c, w))
        for (int64_t r = 0; r < o->n; r++, to += layer->in)
            dt_scales_undo_row(c->scales, o->layer, 0, layer->in, to);
    return bits;
}

/* Columns outside: so few of all the wave's inputs stay in the second cache until all outputs have
 * met them. To copy what is read for them alone would not pay. */
static uint32_t add_weight(const dt_call *c, const dt_wave *w, int thread, const outputs *o,
                           float *across)
{
    int64_t in = c->engine->model->layer[o->layer].in;
    uint32_t bits = 0;
    if (in <= COLUMNS && in % DT_PANEL == 0)
        return add_small_weight(c, w, o);
    bool gathers = in > COLUMNS;
    for (int64_t r = 0; r < o->n && gathers; r += ROWS) {
        outputs rows = part_of(o, r, ROWS);
        gather_blocks(c, w, &rows, across + r * w->rows);
    }
    for (int64_t i = 0; i < in; i += COLUMNS) {
        int64_t columns = in - i < COLUMNS ? in - i : COLUMNS;
        for (int64_t r = 0; r < o->n; r += ROWS) {
            outputs rows = part_of(o, r, ROWS);
            bits |= add_tile(c, w, &rows, i, columns, gathers ? across + r * w->rows : NULL);
        }
        dt_call_look(c, thread);
    }
    return bits;
}

/* The vectors' elements of one output: its blocks side by side. */
static uint32_t add_element(const dt_call *c, const dt_wave *w, const outputs *o, int vector,
                            float up, int32_t *to)
{
    enum { TOGETHER = 16 };
    uint32_t bits = 0, sum = w->accumulate ? (uint32_t)*to : 0;
    for (int64_t b = 0; b < w->blocks; b += TOGETHER) {
        float value[TOGETHER] = {0};
        int32_t rounded[TOGETHER];
        for (int64_t i = 0; i < TOGETHER && b + i < w->blocks; i++) {
            int64_t row = dt_wave_begin(w, b + i);
            sum_vector(c, o, vector, row, dt_wave_begin(w, b + i + 1) - row, false, &value[i]);
        }
        bits |= dt_product_round_vector(value, up, TOGETHER, rounded, false);
        for (int i = 0; i < TOGETHER; i++)
            sum += (uint32_t)rounded[i];
    }
    *to = (int32_t)sum;
    return bits;
}

static uint32_t add_integers(const dt_call *c, const dt_wave *w, int thread, const outputs *o,
                             float *column)
{
    const dt_engine *e = c->engine;
    int64_t room = dt_engine_most_outputs(e, c->threads) * e->wave;
    uint32_t bits = add_weight(c, w, thread, o, e->across + thread * room);
    int first = dt_scales_has_ones(e->model, o->layer); /* the bias is among the weights */
    for (int v = first; v < dt_layer_vectors(e->model, o->layer); v++) {
        float up = dt_scales_of_vector(c->scales, o->layer, v);
        int32_t *to = c->integers + place_of(c, o, v);
        if (o->n == 1)
            bits |= add_element(c, w, o, v, up, to);
        for (int64_t b = 0; b < w->blocks && o->n > 1; b++) {
            int64_t row = dt_wave_begin(w, b);
            sum_vector(c, o, v, row, dt_wave_begin(w, b + 1) - row, false, column);
            bits |= dt_product_round_vector(column, up, o->n, to, w->accumulate || b > 0);
        }
        if (is_whole(c, w))
            dt_scales_undo_vector(c->scales, o->layer, v, o->n, to);
    }
    return bits;
}

/* most: of this layer's inputs and vectors. */
static void measure(const dt_call *c, const dt_wave *w, const outputs *o, float *column,
                    float *most)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = dt_wave_begin(w, b), rows = dt_wave_begin(w, b + 1) - row;
        dt_product p = product_of(c, o, row, rows, 0, layer->in);
        dt_product_measure(&p, most);
        for (int v = 0; v < dt_layer_vectors(c->engine->model, o->layer); v++) {
            sum_vector(c, o, v, row, rows, false, column);
            for (int64_t i = 0; i < o->n; i++)
                if (!(fabsf(column[i]) <= most[layer->in + v]))
                    most[layer->in + v] = fabsf(column[i]);
        }
    }
}

/* Where the layer's are among the places of dt_scales. */
static float *most_of(const dt_call *c, int layer)
{
    const dt_model *m = c->engine->model;
    float *most = c->most;
    for (int l = 0; l < layer; l++)
        most += m->layer[l].in + dt_layer_vectors(m, l);
    return most;
}

int64_t dt_gradients_parts(const dt_call *c, int owner, int layer)
{
    int64_t out = c->engine->model->layer[layer].out;
    int64_t n = dt_share(out, owner + 1, c->threads) - dt_share(out, owner, c->threads);
    return c->threads == 1 ? n > 0 : (n + PART - 1) / PART;
}

void dt_gradients_run(const dt_call *c, const dt_wave *w, int thread, int owner, int layer,
                      int64_t first, int64_t end, dt_thread_sums *sums)
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
        sums->bits |= add_integers(c, w, thread, &o, column);
    else
        measure(c, w, &o, column, most_of(c, layer));
}
