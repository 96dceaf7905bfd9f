#include "engine/internal.h"

#include "core/memory.h"
#include "engine/product.h"
#include "model/loss.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAVE_ROWS = 256,         /* of a thread in a wave, at least: below, products slow down */
    WAVE_BYTES = 256 << 10,  /* of narrow rows so many more: what a core's cache holds */
    PIECE_ROWS = 64,         /* of a thread's share that another can take, */
    NARROW_BYTES = 2 << 20,  /* where weights are less: else they are fetched anew for each piece */
    FLOPS_TO_WAKE = 4000000, /* a step of less is done before the other threads are awake */
    FLOPS_OF_BYTE = 8,       /* that take as long as to fetch a byte of a row, */
    FLOPS_TO_PACK = 16,      /* and as to pack a weight */
};

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
    double most = (double)threads * (double)wave_rows(m), widest = 0;
    for (int l = 0; l < m->n_layers; l++)
        widest = fmax(widest, (double)m->layer[l].out);
    double row = bytes_of_row(m) + widest * sizeof(float); /* a delta once more, as gathered */
    return ((double)rows < most ? (double)rows : most) * row;
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
    dt_layer_work *w = &e->work[l];
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
    if (m->layer[l].in * m->layer[l].out * (int64_t)sizeof(float) > NARROW_BYTES)
        e->narrow = false;
    return err->code;
}

int64_t dt_engine_panels(const dt_model *m)
{
    int64_t n = 0;
    for (int l = 0; l < m->n_layers; l++)
        n += dt_panels_floats(&m->layer[l], l == 0);
    return n;
}

/* Zeros, which the ends of panels stay. */
static void make_panels(dt_engine *e, const dt_engine_pack *pack, dt_error *err)
{
    int64_t n = dt_engine_panels(e->model);
    e->crew = pack && dt_crew_ranks(pack->crew) > 1 ? pack->crew : NULL;
    e->panels = pack ? pack->values : dt_alloc(n, sizeof *e->panels, "the packed weights", err);
    e->own_panels = !pack;
    if (e->own_panels && e->panels)
        memset(e->panels, 0, (size_t)n * sizeof *e->panels);
    float *at = e->panels;
    for (int l = 0; l < e->model->n_layers && at; l++) {
        dt_panels_init(&e->work[l].weight, &e->model->layer[l], l == 0, at);
        at += dt_panels_floats(&e->model->layer[l], l == 0);
    }
}

static dt_code allocate(dt_engine *e, int64_t block, const dt_engine_pack *pack, dt_error *err)
{
    const dt_model *m = e->model;
    e->x_stride = choose_stride(m->inputs);
    e->y_bytes = dt_target_bytes(m->loss, m->outputs);
    e->x = rows_of(e, e->x_stride, err);
    for (int64_t r = 0; r < e->wave && e->x && dt_scales_has_ones(m, 0); r++)
        e->x[r * e->x_stride + m->inputs] = 1;
    e->y = dt_alloc(e->wave, (size_t)e->y_bytes, "the samples of a step", err);
    e->sums = dt_alloc(e->team->threads, sizeof *e->sums, "losses", err);
    e->work = calloc((size_t)m->n_layers, sizeof *e->work);
    if (!e->work)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    for (int l = 0; l < m->n_layers && !err->code; l++)
        allocate_layer(e, l, err);
    make_panels(e, pack, err);
    int64_t outputs = e->team->threads * dt_engine_most_outputs(e, e->team->threads);
    e->rows = dt_alloc(e->team->threads, sizeof *e->rows, "shares of work", err);
    e->outputs = dt_alloc(e->team->threads, sizeof *e->outputs, "shares of work", err);
    e->losses = dt_alloc(e->wave, sizeof *e->losses, "losses", err);
    if (block > 0)
        e->across = dt_alloc(outputs * e->wave, sizeof *e->across, "activations", err);
    e->column = dt_alloc(e->team->threads * e->widest, sizeof *e->column, "sums of rows", err);
    return err->code;
}

dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         int64_t block, const dt_engine_pack *pack, dt_error *err)
{
    dt_engine *e = calloc(1, sizeof *e);
    *engine = NULL;
    if (!e)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    e->model = model;
    e->team = team;
    e->narrow = true;
    e->wave = (int64_t)team->threads * wave_rows(model);
    if (e->wave < block)
        e->wave = block;
    if (allocate(e, block, pack, err)) {
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
    }
    if (e->own_panels)
        free(e->panels);
    free(e->work);
    free(e->across);
    free(e->column);
    free(e->sums);
    free(e->rows);
    free(e->outputs);
    free(e->losses);
    free(e->x);
    free(e->y);
    free(e);
}

/* ---- How rows are cut ----------------------------------------------------------------------- */

/* Blocks of floats, of which each thread has as many. */
static int64_t float_block(const dt_call *c, int64_t rows)
{
    int64_t each = c->engine->narrow && c->threads > 1 ? rows / (c->threads * PIECE_ROWS) : 1;
    int64_t blocks = c->threads * (each > 1 ? each : 1);
    return (rows + blocks - 1) / blocks;
}

/* The wave from a row of the call on. */
static dt_wave cut_wave(const dt_call *c, int64_t first)
{
    int64_t most = c->engine->wave, left = c->part.rows - first;
    dt_wave w = {.first = first, .accumulate = c->accumulate || first > 0};
    if (c->part.block > 0) {
        w.block = c->part.block;
        w.number = (c->part.first + first) / w.block;
        w.lack = c->part.first + first - w.number * w.block;
        most = most / w.block * w.block - w.lack;
    }
    w.rows = left < most ? left : most;
    if (c->part.block == 0)
        w.block = float_block(c, w.rows);
    w.blocks = (w.lack + w.rows + w.block - 1) / w.block;
    return w;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static void fill(dt_pile *pile, int64_t begin, int64_t end)
{
    atomic_store_explicit(&pile->next, begin, memory_order_relaxed);
    pile->end = end;
}

static void fill_rows(const dt_call *c, const dt_wave *w, int thread)
{
    fill(&c->engine->rows[thread], dt_share(w->blocks, thread, c->threads),
         dt_share(w->blocks, thread + 1, c->threads));
}

static void fill_outputs(const dt_call *c, int thread)
{
    int64_t parts = 0;
    for (int l = 0; l < c->engine->model->n_layers; l++)
        parts += dt_gradients_parts(c, thread, l);
    fill(&c->engine->outputs[thread], 0, parts);
}

/* All rows, each all the way. */
static void run_blocks(const dt_call *c, const dt_wave *w, int thread, int64_t first, int64_t end,
                       dt_thread_sums *sums)
{
    dt_rows_run(c, w, first, end, sums);
    for (int l = c->engine->model->n_layers - 1; l > 0 && c->want != DT_OUTPUTS; l--)
        dt_rows_back(c, w, thread, first, end, l);
}

static void run_rows(const dt_call *c, const dt_wave *w, int thread, dt_thread_sums *sums)
{
    const dt_engine *e = c->engine;
    int64_t first, n, least = e->narrow ? (PIECE_ROWS + w->block - 1) / w->block : w->blocks;
    while (dt_pile_take(e->rows, c->threads, thread, 2, least, &first, &n) >= 0)
        run_blocks(c, w, thread, first, first + n, sums);
}

/* Parts of a thread's, counted through all layers. */
static void run_parts(const dt_call *c, const dt_wave *w, int thread, int owner, int64_t first,
                      int64_t n, dt_thread_sums *sums)
{
    for (int l = 0; n > 0; l++) {
        int64_t parts = dt_gradients_parts(c, owner, l),
                end = first + n < parts ? first + n : parts;
        if (first < parts) {
            dt_gradients_run(c, w, thread, owner, l, first, end, sums);
            n -= end - first;
            first = end;
        }
        first -= parts;
    }
}

/* In the order of the blocks, so that a run repeats to the bit. */
static void add_losses(const dt_call *c, const dt_wave *w, int thread, dt_thread_sums *sums)
{
    for (int64_t b = 0; b < w->blocks && thread == 0; b++)
        sums->loss += c->engine->losses[b];
}

/* With the fewest barriers. */
static void run_wave(const dt_call *c, const dt_wave *w, int thread, dt_thread_sums *sums)
{
    int64_t first, n;
    int owner;
    run_rows(c, w, thread, sums);
    fill_outputs(c, thread);
#pragma omp barrier
    if (c->want == DT_OUTPUTS)
        return;
    add_losses(c, w, thread, sums);
    dt_pile *piles = c->engine->outputs;
    while ((owner = dt_pile_take(piles, c->threads, thread, INT64_MAX, 1, &first, &n)) >= 0)
        run_parts(c, w, thread, owner, first, n, sums);
}

/* All of a thread's parts of a layer. */
static void run_layer(const dt_call *c, const dt_wave *w, int thread, int layer,
                      dt_thread_sums *sums)
{
    dt_gradients_run(c, w, thread, thread, layer, 0, dt_gradients_parts(c, thread, layer), sums);
}

/* Where there is nobody to share with. */
static void run_alone(const dt_call *c, const dt_wave *w, dt_thread_sums *sums)
{
    run_blocks(c, w, 0, 0, w->blocks, sums);
    if (c->want == DT_OUTPUTS)
        return;
    add_losses(c, w, 0, sums);
    for (int l = 0; l < c->engine->model->n_layers; l++)
        run_layer(c, w, 0, l, sums);
}

/* Each layer's gradient as soon as it can be had. */
static void run_watched(const dt_call *c, const dt_wave *w, int thread, dt_thread_sums *sums)
{
    const dt_pile *own = &c->engine->rows[thread];
    int64_t first = own->next, end = own->end;
    dt_rows_run(c, w, first, end, sums);
    for (int l = c->engine->model->n_layers - 1; l >= 0; l--) {
#pragma omp barrier
        if (l == c->engine->model->n_layers - 1)
            add_losses(c, w, thread, sums);
        run_layer(c, w, thread, l, sums);
        if (l == 0)
            return; /* complete when all threads have ended */
#pragma omp barrier
        if (thread == 0)
            c->watcher->complete(c->watcher->with, l);
        dt_rows_back(c, w, thread, first, end, l);
    }
}

/* The first panel of a layer's outputs whose weights begin at this place of the parameters. */
static int64_t panel_at(const dt_layer *l, int64_t place)
{
    int64_t panels = dt_panels_round(l->out) / DT_PANEL, size = DT_PANEL * l->in;
    int64_t i = place < l->weight ? 0 : (place - l->weight + size - 1) / size;
    return i < panels ? i : panels;
}

/* A thread's share of this rank's panels: of a crew those whose weights it updates itself. */
static void pack(const dt_call *c, int thread)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    int64_t begin = 0, n = m->parameters;
    if (e->crew)
        n = dt_crew_part(e->crew, n, &begin);
    for (int l = 0; l < m->n_layers; l++) {
        int64_t first = panel_at(&m->layer[l], begin);
        int64_t panels = panel_at(&m->layer[l], begin + n) - first;
        dt_panels_pack(&e->work[l].weight, &m->layer[l], c->parameters + m->layer[l].weight,
                       first + dt_share(panels, thread, c->threads),
                       first + dt_share(panels, thread + 1, c->threads));
    }
    if (!e->crew)
        return;
#pragma omp barrier
    if (thread == 0)
        dt_crew_meet(e->crew, true);
}

static void work(const dt_call *c, int thread)
{
    const dt_engine *e = c->engine;
    dt_thread_sums *sums = &e->sums[thread];
    *sums = (dt_thread_sums){0};
    if (c->pack)
        pack(c, thread);
    dt_wave w;
    for (int64_t first = 0; first < c->part.rows; first += w.rows) {
        w = cut_wave(c, first);
        bool watched = c->watcher && first + w.rows == c->part.rows;
        if (c->threads == 1 && !watched) {
            run_alone(c, &w, sums);
            continue;
        }
        fill_rows(c, &w, thread);
#pragma omp barrier
        if (watched)
            run_watched(c, &w, thread, sums);
        else
            run_wave(c, &w, thread, sums);
    }
}

static int threads_for(const dt_call *c)
{
    const dt_model *m = c->engine->model;
    double row = 6.0 * (double)m->parameters + (double)FLOPS_OF_BYTE * 4 * (double)m->inputs;
    double all = row * (double)c->part.rows;
    if (c->pack)
        all += FLOPS_TO_PACK * (double)m->parameters;
    return all < FLOPS_TO_WAKE ? 1 : c->engine->team->threads;
}

static dt_thread_sums run(dt_call *c)
{
    const dt_engine *e = c->engine;
    dt_thread_sums all = {0};
    if (c->want == DT_MEASURES) /* rare, and what it finds is one thread's */
        c->threads = 1;
    else
        c->threads = threads_for(c);
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
    for (int l = c->part.rows > 0 ? 0 : e->model->n_layers - 1; l >= 0 && c->watcher; l--)
        c->watcher->complete(c->watcher->with, l);
    for (int t = 0; t < c->threads; t++) {
        all.loss += e->sums[t].loss;
        all.weight += e->sums[t].weight;
        all.bits |= e->sums[t].bits;
    }
    return all;
}

void dt_engine_take(dt_engine *e, const float *parameters)
{
    dt_call c = {.engine = e, .want = DT_OUTPUTS, .parameters = parameters, .pack = true};
    run(&c);
}

double dt_engine_gradient(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                          bool accumulate, float *gradient, const dt_watcher *watcher,
                          int64_t *weight)
{
    dt_call c = {.engine = e,
                 .want = DT_FLOATS,
                 .parameters = parameters,
                 .pack = !accumulate,
                 .part = {.feed = feed, .rows = rows},
                 .accumulate = accumulate,
                 .gradient = gradient,
                 .watcher = watcher};
    if (rows == 0 && !accumulate)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    dt_thread_sums sums = run(&c);
    *weight += sums.weight;
    return sums.loss;
}

void dt_engine_gradient_exact(dt_engine *e, const float *parameters, const dt_batch_part *part,
                              bool whole, const dt_scales *scales, int32_t *gradient,
                              const dt_watcher *watcher, dt_exact_sums *exact)
{
    dt_call c = {.engine = e,
                 .want = DT_INTEGERS,
                 .parameters = parameters,
                 .pack = true,
                 .part = *part,
                 .whole = whole,
                 .scales = scales,
                 .integers = gradient,
                 .loss = exact->loss,
                 .watcher = watcher};
    if (part->rows == 0)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    dt_thread_sums sums = run(&c);
    exact->weight += sums.weight;
    exact->bits |= sums.bits;
}

void dt_engine_measure(dt_engine *e, const float *parameters, const dt_batch_part *part,
                       float *most)
{
    dt_call c = {
        .engine = e, .want = DT_MEASURES, .parameters = parameters, .part = *part, .most = most};
    run(&c);
}

void dt_engine_forward(dt_engine *e, const float *parameters, const dt_feed *feed, int64_t rows,
                       float *output)
{
    dt_call c = {.engine = e,
                 .want = DT_OUTPUTS,
                 .parameters = parameters,
                 .part = {.feed = feed, .rows = rows},
                 .output = output};
    run(&c);
}
