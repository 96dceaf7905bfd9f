#include "engine/engine.h"

#include "core/memory.h"
#include "engine/product.h"
#include "engine/weights.h"
#include "model/activation.h"
#include "model/dropout.h"
#include "model/layer_norm.h"
#include "model/loss.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAVE_ROWS = 128,        /* of a thread in a wave, at least: below, products slow down */
    WAVE_BYTES = 256 << 10, /* of narrow rows so many more: what a core's cache holds */
    APART_BYTES = 104,      /* with three numbers, two cache lines */
    COLUMNS = 64,           /* and ROWS of a gradient are summed up at a time */
    ROWS = 96,
    FLOPS_TO_WAKE = 4000000, /* a step of less is done before the other threads are awake */
    FLOPS_OF_BYTE = 8,       /* that take as long as to fetch a byte of a row */
};

/* What a wave keeps of one layer, in rows of out values that lie stride apart. */
typedef struct {
    dt_panels weight;
    int64_t stride;
    float *a;     /* [wave,out] activations; of the last layer the outputs, then their gradient */
    float *slope; /* [wave,out] of GELU, and where there is dropout, else NULL */
    float *hat;   /* [wave,out] of a LayerNorm its normalised inputs, */
    float *above; /* [wave,out] d loss / d its outputs, */
    float *times; /* [wave] and what the inputs were multiplied by */
    float
        *delta; /* [wave,out] d loss / d (product + bias); of the last layer the same array as a */
} layer_work;

/* A thread's own; so large that no thread's store disturbs another. */
typedef struct {
    double loss;
    int64_t weight;
    uint32_t bits;
    char apart[APART_BYTES];
} thread_sums;

struct dt_engine {
    const dt_model *model;
    const dt_team *team;
    int64_t wave;   /* most rows in a wave */
    int64_t widest; /* layer */
    int64_t x_stride;
    float *x;        /* [wave,inputs] the rows, x_stride apart */
    int64_t y_bytes; /* of a sample's y */
    char *y;         /* [wave] theirs */
    layer_work *work;
    float *column;     /* [threads,widest] sums over the rows of a block */
    thread_sums *sums; /* [threads] */
};

/* What a call wants of the rows. */
typedef enum { OUTPUTS, FLOATS, INTEGERS, MEASURES } want;

typedef struct {
    dt_engine *engine;
    want want;
    const float *parameters;
    bool pack; /* the parameters are not those of the last call */
    dt_batch_part part;
    int threads;
    bool accumulate;
    float *gradient; /* FLOATS: [P] */
    float *output;   /* OUTPUTS: [rows,outputs] */
    const dt_scales *scales;
    int32_t *integers; /* INTEGERS: [P] */
    double *loss;      /* INTEGERS: [blocks] */
    float *most;       /* MEASURES */
} call;

/* Rows of a call that are in memory at a time, and how they are cut: into blocks of a size, of
 * which the first may lack some. */
typedef struct {
    int64_t first, rows; /* of the call */
    int64_t block, lack;
    int64_t blocks;
    bool accumulate; /* onto the wave before */
} wave;

/* ---- Creation ------------------------------------------------------------------------------- */

/* Rows a multiple of 1 kB apart fall into few sets of the cache: products of 512-wide layers ran a
 * fifth slower on them. Whole panels, since products read rows in these. */
static int64_t choose_stride(int64_t width)
{
    int64_t stride = dt_panels_round(width);
    return stride % 256 == 0 ? stride + DT_PANEL : stride;
}

/* Whether derivatives are kept: they cannot be told from the activations. */
static bool has_slope(const dt_model *m)
{
    return m->activation == DT_ACT_GELU || m->dropout.p > 0;
}

/* Of a sample and its activations. */
static double bytes_of_row(const dt_model *m)
{
    double values = (double)choose_stride(m->inputs);
    for (int l = 0; l < m->n_layers; l++) {
        int arrays = l == m->n_layers - 1 ? 1 : 2 + has_slope(m) + 2 * m->layer_norm;
        values += arrays * (double)choose_stride(m->layer[l].out);
    }
    return values * sizeof(float);
}

/* Most rows of a thread in a wave: whole blocks of any size that a batch is cut into. */
static int64_t wave_rows(const dt_model *m)
{
    double fit = WAVE_BYTES / bytes_of_row(m);
    return fit < WAVE_ROWS ? WAVE_ROWS : (int64_t)fit;
}

double dt_engine_bytes(const dt_model *m, int threads, int64_t rows)
{
    double most = (double)threads * (double)wave_rows(m), packed = 0;
    for (int l = 0; l < m->n_layers; l++)
        packed += (l == 0 ? 1 : 2) * (double)m->layer[l].in * (double)m->layer[l].out;
    return ((double)rows < most ? (double)rows : most) * bytes_of_row(m) + packed * sizeof(float);
}

/* Zeros, so that the ends of panels, which are computed with and not used, are no odd numbers. */
static float *rows_of(const dt_engine *e, int64_t stride, dt_error *err)
{
    float *rows = dt_alloc(e->wave * stride, sizeof *rows, "activations", err);
    if (rows)
        memset(rows, 0, (size_t)(e->wave * stride) * sizeof *rows);
    return rows;
}

static dt_code allocate_layer(dt_engine *e, int l, dt_error *err)
{
    const dt_model *m = e->model;
    layer_work *w = &e->work[l];
    bool last = l == m->n_layers - 1;
    w->stride = last ? m->outputs : choose_stride(m->layer[l].out);
    w->a = rows_of(e, w->stride, err);
    w->delta = last ? w->a : rows_of(e, w->stride, err);
    if (!last && has_slope(m))
        w->slope = rows_of(e, w->stride, err);
    if (!last && m->layer_norm) {
        w->hat = rows_of(e, w->stride, err);
        w->above = rows_of(e, w->stride, err);
        w->times = rows_of(e, 1, err);
    }
    if (m->layer[l].out > e->widest)
        e->widest = m->layer[l].out;
    return dt_panels_init(&w->weight, &m->layer[l], l == 0, err);
}

static dt_code allocate(dt_engine *e, dt_error *err)
{
    const dt_model *m = e->model;
    e->x_stride = choose_stride(m->inputs);
    e->y_bytes = dt_target_bytes(m->loss, m->outputs);
    e->x = rows_of(e, e->x_stride, err);
    e->y = dt_alloc(e->wave, (size_t)e->y_bytes, "the samples of a step", err);
    e->sums = dt_alloc(e->team->threads, sizeof *e->sums, "losses", err);
    e->work = calloc((size_t)m->n_layers, sizeof *e->work);
    if (!e->work)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    for (int l = 0; l < m->n_layers && !err->code; l++)
        allocate_layer(e, l, err);
    e->column = dt_alloc(e->team->threads * e->widest, sizeof *e->column, "sums of rows", err);
    return err->code;
}

dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         int64_t block, dt_error *err)
{
    dt_engine *e = calloc(1, sizeof *e);
    *engine = NULL;
    if (!e)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    e->model = model;
    e->team = team;
    e->wave = (int64_t)team->threads * wave_rows(model);
    if (e->wave < block)
        e->wave = block;
    if (allocate(e, err)) {
        dt_engine_destroy(e);
        return err->code;
    }
    *engine = e;
    return DT_OK;
}

void dt_engine_destroy(dt_engine *e)
{
    if (!e)
        return;
    for (int l = 0; e->work && l < e->model->n_layers; l++) {
        free(e->work[l].a);
        free(e->work[l].slope);
        free(e->work[l].hat);
        free(e->work[l].above);
        free(e->work[l].times);
        if (l < e->model->n_layers - 1)
            free(e->work[l].delta);
        dt_panels_free(&e->work[l].weight);
    }
    free(e->work);
    free(e->column);
    free(e->sums);
    free(e->x);
    free(e->y);
    free(e);
}

/* ---- How rows are cut ----------------------------------------------------------------------- */

/* The wave from a row of the call on. Blocks of floats are the threads' shares. */
static wave cut_wave(const call *c, int64_t first)
{
    int64_t most = c->engine->wave, left = c->part.rows - first;
    wave w = {.first = first, .accumulate = c->accumulate || first > 0};
    if (c->part.block > 0) {
        w.block = c->part.block;
        w.lack = (c->part.first + first) % w.block;
        most = most / w.block * w.block - w.lack;
    }
    w.rows = left < most ? left : most;
    if (c->part.block == 0)
        w.block = (w.rows + c->threads - 1) / c->threads;
    w.blocks = (w.lack + w.rows + w.block - 1) / w.block;
    return w;
}

/* Where a block begins in the wave's rows, or the last one ends. */
static int64_t block_begin(const wave *w, int64_t block)
{
    int64_t row = block * w->block - w->lack;
    return row < 0 ? 0 : row < w->rows ? row : w->rows;
}

static int64_t share(int64_t n, int thread, int threads)
{
    return n * thread / threads;
}

/* ---- A thread's rows: forward, loss, backward ----------------------------------------------- */

static void fetch(const call *c, const wave *w, int64_t begin, int64_t n)
{
    dt_engine *e = c->engine;
    const dt_feed *feed = c->part.feed;
    int64_t inputs = e->model->inputs, row = w->first + begin;
    float *x = e->x + begin * e->x_stride;
    char *y = e->y + begin * e->y_bytes;
    if (!feed->x) {
        feed->fetch(feed->from, row, n, x, e->x_stride, y);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * e->x_stride, feed->x + (row + i) * inputs, (size_t)inputs * sizeof *x);
    if (feed->y)
        memcpy(y, (const char *)feed->y + row * e->y_bytes, (size_t)(n * e->y_bytes));
}

/* What follows a hidden layer's product. */
static void finish_hidden(const call *c, const wave *w, int l, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    const dt_layer *layer = &m->layer[l];
    const layer_work *work = &c->engine->work[l];
    const float *bias = c->parameters + layer->bias;
    int64_t at = begin * work->stride, sample = c->part.feed->first + w->first + begin;
    float *a = work->a + at, *slope = work->slope ? work->slope + at : NULL;
    if (m->layer_norm) {
        dt_layer_norm(n, layer->out, work->stride, bias, c->parameters + layer->gain, a,
                      work->hat + at, work->times + begin);
        bias = c->parameters + layer->shift;
    }
    dt_activate(m->activation, n, layer->out, work->stride, bias, a, slope);
    if (m->dropout.p > 0 && c->want != OUTPUTS)
        dt_dropout_apply(&m->dropout, l, sample, n, layer->out, work->stride, a, slope);
}

/* Rows [begin, begin + n) through the layers; the last layer's bias is left to the loss. */
static void forward(const call *c, const wave *w, int64_t begin, int64_t n)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    const float *in = e->x + begin * e->x_stride; /* [n,in] */
    int64_t in_stride = e->x_stride;
    for (int l = 0; l < m->n_layers; l++) {
        const dt_layer *layer = &m->layer[l];
        const layer_work *work = &e->work[l];
        float *out = work->a + begin * work->stride;
        dt_product_store(&(dt_product){.m = n,
                                       .n = layer->out,
                                       .k = layer->in,
                                       .a = in,
                                       .a_row = in_stride,
                                       .a_step = 1,
                                       .b = work->weight.forward,
                                       .b_step = DT_PANEL,
                                       .b_panel = DT_PANEL * layer->in},
                         out, work->stride, false);
        if (l < m->n_layers - 1)
            finish_hidden(c, w, l, begin, n);
        in = out;
        in_stride = work->stride;
    }
}

/* From d loss / d the outputs of a LayerNorm to that of its inputs. */
static void norm_back(const call *c, int l, int64_t begin, int64_t n)
{
    const dt_layer *layer = &c->engine->model->layer[l];
    const layer_work *work = &c->engine->work[l];
    int64_t at = begin * work->stride;
    memcpy(work->above + at, work->delta + at, (size_t)(n * work->stride) * sizeof *work->delta);
    dt_layer_norm_back(n, layer->out, work->stride, c->parameters + layer->gain, work->hat + at,
                       work->times + begin, work->delta + at);
}

/* From the last layer's delta to those of the hidden layers. */
static void backward(const call *c, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    for (int l = m->n_layers - 1; l > 0; l--) {
        const dt_layer *layer = &m->layer[l];
        const layer_work *work = &c->engine->work[l], *below = work - 1;
        int64_t at = begin * below->stride;
        dt_product_store(&(dt_product){.m = n,
                                       .n = layer->in,
                                       .k = layer->out,
                                       .a = work->delta + begin * work->stride,
                                       .a_row = work->stride,
                                       .a_step = 1,
                                       .b = work->weight.backward,
                                       .b_step = DT_PANEL,
                                       .b_panel = DT_PANEL * layer->out},
                         below->delta + at, below->stride, false);
        dt_activate_back(m->activation, n, layer->in, below->stride, below->a + at,
                         below->slope ? below->slope + at : NULL, below->delta + at);
        if (m->layer_norm)
            norm_back(c, l - 1, begin, n);
    }
}

/* The outputs of a block become their gradient. */
static double turn_back(const call *c, int64_t begin, int64_t n)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    const dt_layer *last = &m->layer[m->n_layers - 1];
    return dt_loss_back(m->loss, &m->criterion, n, m->outputs, c->parameters + last->bias,
                        e->y + begin * e->y_bytes, e->work[m->n_layers - 1].a + begin * m->outputs);
}

static void put_out(const call *c, const wave *w, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    const float *bias = c->parameters + m->layer[m->n_layers - 1].bias;
    const float *from = c->engine->work[m->n_layers - 1].a + begin * m->outputs;
    float *to = c->output + (w->first + begin) * m->outputs;
    for (int64_t r = 0; r < n; r++)
        for (int64_t k = 0; k < m->outputs; k++)
            to[r * m->outputs + k] = from[r * m->outputs + k] + bias[k];
}

/* A thread's blocks: all their rows at once, but for the loss. */
static void run_rows(const call *c, const wave *w, int thread, thread_sums *sums)
{
    const dt_engine *e = c->engine;
    int64_t first = share(w->blocks, thread, c->threads);
    int64_t end = share(w->blocks, thread + 1, c->threads);
    int64_t begin = block_begin(w, first), n = block_begin(w, end) - begin;
    if (n == 0)
        return;
    fetch(c, w, begin, n);
    forward(c, w, begin, n);
    if (c->want == OUTPUTS) {
        put_out(c, w, begin, n);
        return;
    }
    sums->weight += dt_loss_weight(&e->model->criterion, n, e->y + begin * e->y_bytes);
    for (int64_t b = first; b < end; b++) {
        int64_t row = block_begin(w, b);
        double loss = turn_back(c, row, block_begin(w, b + 1) - row);
        sums->loss += loss;
        if (c->want == INTEGERS)
            c->loss[(c->part.first + w->first + row) / w->block] += loss;
    }
    backward(c, begin, n);
}

/* ---- A thread's part of the gradient -------------------------------------------------------- */

/* Some of a layer's outputs, of which a thread computes the gradient: rows of its weight. */
typedef struct {
    int layer;
    int64_t begin, n;
} outputs;

/* delta^T x of some rows of the wave, for columns from one on. */
static dt_product product_of(const call *c, const outputs *o, int64_t row, int64_t rows,
                             int64_t column, int64_t columns)
{
    const dt_engine *e = c->engine;
    const layer_work *work = &e->work[o->layer];
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
static void sum_vector(const call *c, const outputs *o, int vector, int64_t row, int64_t rows,
                       bool accumulate, float *sum)
{
    const layer_work *work = &c->engine->work[o->layer];
    int64_t at = row * work->stride + o->begin;
    if (!accumulate)
        memset(sum, 0, (size_t)o->n * sizeof *sum);
    if (vector == 1)
        sum_products(rows, work->stride, o->n, work->above + at, work->hat + at, sum);
    else
        sum_rows(rows, work->stride, o->n, (vector == 0 ? work->delta : work->above) + at, sum);
}

/* Where such a vector's elements for these outputs are in the parameters. */
static int64_t place_of(const call *c, const outputs *o, int vector)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    return layer->bias + vector * layer->out + o->begin;
}

static void add_floats(const call *c, const wave *w, const outputs *o)
{
    const dt_model *m = c->engine->model;
    const dt_layer *layer = &m->layer[o->layer];
    dt_product p = product_of(c, o, 0, w->rows, 0, layer->in);
    dt_product_store(&p, c->gradient + layer->weight + o->begin * layer->in, layer->in,
                     w->accumulate);
    for (int v = 0; v < dt_layer_vectors(m, o->layer); v++)
        sum_vector(c, o, v, 0, w->rows, w->accumulate, c->gradient + place_of(c, o, v));
}

/* One block's gradient of a vector, rounded. */
static uint32_t add_vector(const call *c, const outputs *o, int vector, const float *sum,
                           bool accumulate)
{
    int32_t *to = c->integers + place_of(c, o, vector);
    float up = dt_scales_of_vector(c->scales, o->layer, vector);
    uint32_t bits = 0;
    for (int64_t i = 0; i < o->n; i++) {
        float v = sum[i] * up;
        int32_t n = fabsf(v) < 0x1p31f ? (int32_t)lrintf(v) : INT32_MIN;
        bits |= (uint32_t)(n < 0 ? ~n : n);
        to[i] = (int32_t)((uint32_t)n + (accumulate ? (uint32_t)to[i] : 0));
    }
    return bits;
}

/* A tile of the gradient, over all blocks of the wave: it stays in the first caches, so that the
 * whole is gone through once a wave, not once a block. */
static uint32_t add_tile(const call *c, const wave *w, const outputs *o, int64_t column, int64_t n)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    int32_t tile[ROWS * COLUMNS];
    uint32_t bits = 0;
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = block_begin(w, b);
        dt_product p = product_of(c, o, row, block_begin(w, b + 1) - row, column, n);
        bits |=
            dt_product_round(&p, dt_scales_of(c->scales, o->layer) + column, tile, COLUMNS, b > 0);
    }
    for (int64_t r = 0; r < o->n; r++) {
        int32_t *to = c->integers + layer->weight + (o->begin + r) * layer->in + column;
        const int32_t *from = tile + r * COLUMNS;
        if (!w->accumulate)
            memcpy(to, from, (size_t)n * sizeof *to);
        for (int64_t i = 0; i < n && w->accumulate; i++)
            to[i] = (int32_t)((uint32_t)to[i] + (uint32_t)from[i]);
    }
    return bits;
}

static uint32_t add_integers(const call *c, const wave *w, const outputs *o, float *column)
{
    const dt_model *m = c->engine->model;
    int64_t in = m->layer[o->layer].in, end = o->begin + o->n;
    uint32_t bits = 0;
    for (int64_t i = 0; i < in; i += COLUMNS)
        for (int64_t r = o->begin; r < end; r += ROWS) {
            outputs rows = {.layer = o->layer, .begin = r, .n = end - r < ROWS ? end - r : ROWS};
            bits |= add_tile(c, w, &rows, i, in - i < COLUMNS ? in - i : COLUMNS);
        }
    for (int v = 0; v < dt_layer_vectors(m, o->layer); v++)
        for (int64_t b = 0; b < w->blocks; b++) {
            int64_t row = block_begin(w, b);
            sum_vector(c, o, v, row, block_begin(w, b + 1) - row, false, column);
            bits |= add_vector(c, o, v, column, w->accumulate || b > 0);
        }
    return bits;
}

/* most: of this layer's inputs and vectors. */
static void measure(const call *c, const wave *w, const outputs *o, float *column, float *most)
{
    const dt_layer *layer = &c->engine->model->layer[o->layer];
    for (int64_t b = 0; b < w->blocks; b++) {
        int64_t row = block_begin(w, b), rows = block_begin(w, b + 1) - row;
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

static void run_weights(const call *c, const wave *w, int thread, thread_sums *sums)
{
    const dt_engine *e = c->engine;
    float *column = e->column + thread * e->widest, *most = c->most;
    for (int l = 0; l < e->model->n_layers; l++) {
        int64_t out = e->model->layer[l].out, begin = share(out, thread, c->threads);
        outputs o = {.layer = l, .begin = begin, .n = share(out, thread + 1, c->threads) - begin};
        if (o.n == 0)
            continue;
        if (c->want == FLOATS)
            add_floats(c, w, &o);
        else if (c->want == INTEGERS)
            sums->bits |= add_integers(c, w, &o, column);
        else
            measure(c, w, &o, column, most);
        most += c->want == MEASURES ? e->model->layer[l].in + dt_layer_vectors(e->model, l) : 0;
    }
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static void work(const call *c, int thread)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    thread_sums *sums = &e->sums[thread];
    *sums = (thread_sums){0};
    for (int l = 0; l < m->n_layers && c->pack; l++)
        dt_panels_pack(&e->work[l].weight, &m->layer[l], c->parameters + m->layer[l].weight, thread,
                       c->threads);
    wave w;
    for (int64_t first = 0; first < c->part.rows; first += w.rows) {
        w = cut_wave(c, first);
#pragma omp barrier
        run_rows(c, &w, thread, sums);
        if (c->want == OUTPUTS)
            continue;
#pragma omp barrier
        run_weights(c, &w, thread, sums);
    }
}

static int threads_for(const dt_engine *e, int64_t rows)
{
    const dt_model *m = e->model;
    double row = 6.0 * (double)m->parameters + (double)FLOPS_OF_BYTE * 4 * (double)m->inputs;
    return row * (double)rows < FLOPS_TO_WAKE ? 1 : e->team->threads;
}

/* The losses are added in the order of the threads, so that a run repeats to the bit. */
static thread_sums run(call *c)
{
    const dt_engine *e = c->engine;
    thread_sums all = {0};
    if (c->want == MEASURES) /* rare, and what it finds is one thread's */
        c->threads = 1;
    else
        c->threads = threads_for(e, c->part.rows);
    if (c->threads == 1) {
        work(c, 0);
    } else {
#pragma omp parallel num_threads(c->threads)
        {
            assert(omp_get_num_threads() == c->threads);
            dt_team_enter(e->team, omp_get_thread_num());
            work(c, omp_get_thread_num());
        }
    }
    for (int t = 0; t < c->threads; t++) {
        all.loss += e->sums[t].loss;
        all.weight += e->sums[t].weight;
        all.bits |= e->sums[t].bits;
    }
    return all;
}

double dt_engine_gradient(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                          bool accumulate, float *gradient, int64_t *weight)
{
    call c = {.engine = e,
              .want = FLOATS,
              .parameters = parameters,
              .pack = !accumulate,
              .part = {.feed = feed, .rows = rows},
              .accumulate = accumulate,
              .gradient = gradient};
    if (rows == 0 && !accumulate)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    thread_sums sums = run(&c);
    *weight += sums.weight;
    return sums.loss;
}

void dt_engine_gradient_exact(dt_engine *e, const float *parameters, const dt_batch_part *part,
                              bool accumulate, const dt_scales *scales, int32_t *gradient,
                              dt_exact_sums *exact)
{
    call c = {.engine = e,
              .want = INTEGERS,
              .parameters = parameters,
              .pack = !accumulate,
              .part = *part,
              .accumulate = accumulate,
              .scales = scales,
              .integers = gradient,
              .loss = exact->loss};
    if (part->rows == 0 && !accumulate)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    thread_sums sums = run(&c);
    exact->weight += sums.weight;
    exact->bits |= sums.bits;
}

void dt_engine_measure(dt_engine *e, const float *parameters, const dt_batch_part *part,
                       float *most)
{
    call c = {.engine = e,
              .want = MEASURES,
              .parameters = parameters,
              .pack = true,
              .part = *part,
              .most = most};
    run(&c);
}

void dt_engine_forward(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                       float *output)
{
    call c = {.engine = e,
              .want = OUTPUTS,
              .parameters = parameters,
              .pack = true,
              .part = {.feed = feed, .rows = rows},
              .output = output};
    run(&c);
}
