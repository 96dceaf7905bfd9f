#include "engine/engine.h"

#include "core/memory.h"
#include "engine/gemm.h"
#include "model/activation.h"
#include "model/loss.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_ROWS = 128,        /* of a thread in a wave, at least: below, products slow down */
    BLOCK_BYTES = 256 << 10, /* of narrow rows so many more: what a core's cache holds */
    APART_BYTES = 112,       /* with two numbers, two cache lines */
    FLOPS_TO_WAKE = 4000000, /* a step of less is done before the other threads are awake */
    FLOPS_OF_BYTE = 8,       /* that take as long as to fetch a byte of a row */
};

/* What a wave keeps of one layer, in rows of out values that lie stride apart. */
typedef struct {
    int64_t stride;
    float *a;     /* [wave,out] activations; of the last layer the outputs, then their gradient */
    float *slope; /* [wave,out] of GELU, else NULL */
    float
        *delta; /* [wave,out] d loss / d (product + bias); of the last layer the same array as a */
} layer_work;

/* Of a thread's rows in the wave; so large that no thread's store disturbs another. */
typedef struct {
    double loss;
    int64_t weight;
    char apart[APART_BYTES];
} wave_sums;

struct dt_engine {
    const dt_model *model;
    const dt_team *team;
    int64_t wave; /* most rows in a wave */
    int64_t x_stride;
    float *x;        /* [wave,inputs] rows that were fetched, x_stride apart */
    int64_t y_bytes; /* of a sample's y */
    char *y;         /* [wave] theirs */
    layer_work *work;
    wave_sums *sums; /* [threads] */
};

/* One wave of one call, seen by all threads. */
typedef struct {
    dt_engine *engine;
    const float *parameters;
    const dt_feed *feed;
    int64_t first; /* the wave's first row in the feed */
    const float *x;
    int64_t x_stride;
    const char *y;
    int64_t rows;
    int threads;
    bool accumulate;
    float *gradient;
    float *output;
} wave;

/* Rows a multiple of 1 kB apart fall into few sets of the cache: products of 512-wide layers ran a
 * fifth slower on them. */
static int64_t choose_stride(int64_t width)
{
    return width % 256 == 0 ? width + 16 : width;
}

static float *rows_of(const dt_engine *e, int64_t stride, dt_error *err)
{
    return dt_alloc(e->wave * stride, sizeof(float), "activations", err);
}

/* Of a sample and its activations. */
static double bytes_of_row(const dt_model *m)
{
    double values = (double)m->inputs;
    for (int l = 0; l < m->n_layers; l++) {
        int arrays = l == m->n_layers - 1 ? 1 : m->activation == DT_ACT_GELU ? 3 : 2;
        values += arrays * (double)m->layer[l].out;
    }
    return values * sizeof(float);
}

/* Most rows of a thread in a wave. */
static int64_t block_rows(const dt_model *m)
{
    double fit = BLOCK_BYTES / bytes_of_row(m);
    return fit < BLOCK_ROWS ? BLOCK_ROWS : (int64_t)fit;
}

double dt_engine_bytes(const dt_model *m, int threads, int64_t rows)
{
    double most = (double)threads * (double)block_rows(m);
    return ((double)rows < most ? (double)rows : most) * bytes_of_row(m);
}

static dt_code allocate(dt_engine *e, dt_error *err)
{
    const dt_model *m = e->model;
    e->x_stride = choose_stride(m->inputs);
    e->y_bytes = dt_target_bytes(m->loss, m->outputs);
    e->x = dt_alloc(e->wave * e->x_stride, sizeof(float), "the samples of a step", err);
    e->y = dt_alloc(e->wave, (size_t)e->y_bytes, "the samples of a step", err);
    e->work = calloc((size_t)m->n_layers, sizeof *e->work);
    e->sums = dt_alloc(e->team->threads, sizeof *e->sums, "losses", err);
    if (!e->work)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    for (int l = 0; l < m->n_layers; l++) {
        layer_work *w = &e->work[l];
        bool last = l == m->n_layers - 1;
        w->stride = last ? m->outputs : choose_stride(m->layer[l].out);
        w->a = rows_of(e, w->stride, err);
        w->delta = last ? w->a : rows_of(e, w->stride, err);
        if (!last && m->activation == DT_ACT_GELU)
            w->slope = rows_of(e, w->stride, err);
    }
    return err->code;
}

dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         dt_error *err)
{
    dt_engine *e = calloc(1, sizeof *e);
    *engine = NULL;
    if (!e)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    e->model = model;
    e->team = team;
    e->wave = (int64_t)team->threads * block_rows(model);
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
        if (l < e->model->n_layers - 1)
            free(e->work[l].delta);
    }
    free(e->work);
    free(e->sums);
    free(e->x);
    free(e->y);
    free(e);
}

/* ---- A wave's samples ----------------------------------------------------------------------- */

/* The wave from row `first` of the feed on: at most so many rows. */
static void begin_wave(wave *w, int64_t first, int64_t rows)
{
    const dt_engine *e = w->engine;
    const dt_feed *feed = w->feed;
    w->first = first;
    w->rows = rows < e->wave ? rows : e->wave;
    w->x = feed->x ? feed->x + first * e->model->inputs : e->x;
    w->x_stride = feed->x ? e->model->inputs : e->x_stride;
    w->y = !feed->x ? e->y : feed->y ? (const char *)feed->y + first * e->y_bytes : NULL;
}

/* A thread's own rows of the wave. */
static void fetch(const wave *w, int64_t begin, int64_t n)
{
    dt_engine *e = w->engine;
    if (!w->feed->x && n > 0)
        w->feed->fetch(w->feed->from, w->first + begin, n, e->x + begin * e->x_stride, e->x_stride,
                       e->y + begin * e->y_bytes);
}

/* ---- A thread's rows: forward, loss, backward ----------------------------------------------- */

/* Rows [begin, begin + n) through the layers; the last layer's bias is left to the loss. */
static void forward(const wave *w, int64_t begin, int64_t n)
{
    const dt_model *m = w->engine->model;
    const float *in = w->x + begin * w->x_stride; /* [n,in] */
    int64_t in_stride = w->x_stride;
    for (int l = 0; l < m->n_layers; l++) {
        const dt_layer *layer = &m->layer[l];
        const layer_work *work = &w->engine->work[l];
        int64_t at = begin * work->stride;
        dt_gemm(&(dt_product){.m = n,
                              .n = layer->out,
                              .k = layer->in,
                              .a = in,
                              .lda = in_stride,
                              .b = w->parameters + layer->weight,
                              .ldb = layer->in,
                              .b_transposed = true,
                              .c = work->a + at,
                              .ldc = work->stride});
        if (l < m->n_layers - 1)
            dt_activate(m->activation, n, layer->out, work->stride, w->parameters + layer->bias,
                        work->a + at, work->slope ? work->slope + at : NULL);
        in = work->a + at;
        in_stride = work->stride;
    }
}

/* From the last layer's delta to those of the hidden layers. */
static void backward(const wave *w, int64_t begin, int64_t n)
{
    const dt_model *m = w->engine->model;
    for (int l = m->n_layers - 1; l > 0; l--) {
        const dt_layer *layer = &m->layer[l];
        const layer_work *work = &w->engine->work[l], *below = work - 1;
        int64_t at = begin * below->stride;
        dt_gemm(&(dt_product){.m = n,
                              .n = layer->in,
                              .k = layer->out,
                              .a = work->delta + begin * work->stride,
                              .lda = work->stride,
                              .b = w->parameters + layer->weight,
                              .ldb = layer->in,
                              .c = below->delta + at,
                              .ldc = below->stride});
        dt_activate_back(m->activation, n, layer->in, below->stride, below->a + at,
                         below->slope ? below->slope + at : NULL, below->delta + at);
    }
}

static void run_rows(const wave *w, int64_t begin, int64_t n, wave_sums *sums)
{
    const dt_model *m = w->engine->model;
    const dt_layer *last = &m->layer[m->n_layers - 1];
    const char *y = w->y + begin * w->engine->y_bytes;
    if (n == 0)
        return;
    forward(w, begin, n);
    sums->weight = dt_loss_weight(&m->criterion, n, y);
    sums->loss = dt_loss_back(m->loss, &m->criterion, n, m->outputs, w->parameters + last->bias, y,
                              w->engine->work[m->n_layers - 1].a + begin * m->outputs);
    backward(w, begin, n);
}

/* ---- A thread's part of the gradient -------------------------------------------------------- */

/* sum[i] (+)= column sums of delta, rows stride apart, columns [0, n). */
static void sum_rows(const float *delta, int64_t rows, int64_t stride, int64_t n, bool accumulate,
                     float *restrict sum)
{
    if (!accumulate)
        memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t r = 0; r < rows; r++) {
        const float *row = delta + r * stride;
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            sum[i] += row[i];
    }
}

/* The thread's share of each layer: rows of its weight, that is outputs of the layer. */
static void gradient_of_weights(const wave *w, int thread)
{
    const dt_model *m = w->engine->model;
    for (int l = 0; l < m->n_layers; l++) {
        const dt_layer *layer = &m->layer[l];
        const layer_work *work = &w->engine->work[l];
        int64_t begin = layer->out * thread / w->threads;
        int64_t n = layer->out * (thread + 1) / w->threads - begin;
        if (n == 0)
            continue;
        dt_gemm(&(dt_product){.m = n,
                              .n = layer->in,
                              .k = w->rows,
                              .a = work->delta + begin,
                              .lda = work->stride,
                              .a_transposed = true,
                              .b = l == 0 ? w->x : work[-1].a,
                              .ldb = l == 0 ? w->x_stride : work[-1].stride,
                              .c = w->gradient + layer->weight + begin * layer->in,
                              .ldc = layer->in,
                              .accumulate = w->accumulate});
        sum_rows(work->delta + begin, w->rows, work->stride, n, w->accumulate,
                 w->gradient + layer->bias + begin);
    }
}

/* ---- Waves ---------------------------------------------------------------------------------- */

static int threads_for(const dt_engine *e, int64_t rows)
{
    const dt_model *m = e->model;
    double row = 6.0 * (double)m->parameters + (double)FLOPS_OF_BYTE * 4 * (double)m->inputs;
    return row * (double)rows < FLOPS_TO_WAKE ? 1 : e->team->threads;
}

static double forward_rows(const wave *w, int64_t begin, int64_t n)
{
    const dt_model *m = w->engine->model;
    const dt_layer *last = &m->layer[m->n_layers - 1];
    const float *bias = w->parameters + last->bias;
    const float *from = w->engine->work[m->n_layers - 1].a + begin * m->outputs;
    float *to = w->output + begin * m->outputs;
    if (n == 0)
        return 0;
    forward(w, begin, n);
    memcpy(to, from, (size_t)(n * m->outputs) * sizeof *to);
    if (w->y)
        return dt_loss_sum(m->loss, n, m->outputs, bias, w->y + begin * w->engine->y_bytes, to);
    for (int64_t r = 0; r < n; r++)
        for (int64_t k = 0; k < m->outputs; k++)
            to[r * m->outputs + k] += bias[k];
    return 0;
}

static void work_in_wave(const wave *w, int thread)
{
    int64_t begin = w->rows * thread / w->threads;
    int64_t n = w->rows * (thread + 1) / w->threads - begin;
    wave_sums *sums = &w->engine->sums[thread];
    *sums = (wave_sums){0};
    fetch(w, begin, n);
    if (!w->gradient) {
        sums->loss = forward_rows(w, begin, n);
        return;
    }
    run_rows(w, begin, n, sums);
#pragma omp barrier
    gradient_of_weights(w, thread);
}

/* The losses are added in the order of the threads, so that a run repeats to the bit. */
static void run_wave(const wave *w, double *loss, int64_t *weight)
{
    const dt_team *team = w->engine->team;
    if (w->threads == 1) {
        if (team->threads > 1)
            omp_set_num_threads(1); /* keeps the products on this thread */
        work_in_wave(w, 0);
        if (team->threads > 1)
            omp_set_num_threads(team->threads);
    } else {
#pragma omp parallel num_threads(w->threads)
        {
            assert(omp_get_num_threads() == w->threads);
            dt_team_enter(team, omp_get_thread_num());
            work_in_wave(w, omp_get_thread_num());
        }
    }
    for (int t = 0; t < w->threads; t++) {
        *loss += w->engine->sums[t].loss;
        *weight += w->engine->sums[t].weight;
    }
}

double dt_engine_gradient(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                          bool accumulate, float *gradient, int64_t *weight)
{
    double loss = 0;
    wave w = {.engine = e,
              .parameters = parameters,
              .feed = feed,
              .threads = threads_for(e, rows),
              .gradient = gradient};
    if (rows == 0 && !accumulate)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    for (int64_t r = 0; r < rows; r += w.rows) {
        begin_wave(&w, r, rows - r);
        w.accumulate = accumulate || r > 0;
        run_wave(&w, &loss, weight);
    }
    return loss;
}

double dt_engine_forward(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                         float *output)
{
    double loss = 0;
    int64_t weight = 0;
    wave w = {.engine = e, .parameters = parameters, .feed = feed, .threads = threads_for(e, rows)};
    for (int64_t r = 0; r < rows; r += w.rows) {
        begin_wave(&w, r, rows - r);
        w.output = output + r * e->model->outputs;
        run_wave(&w, &loss, &weight);
    }
    return loss;
}
