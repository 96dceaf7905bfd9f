#include "engine/gradients.h"

#include "core/bug.h"
#include "core/memory.h"
#include "engine/product.h"
#include "model/loss.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAVE_ROWS = 256,         /* of a thread in a wave, at least: below, products slow down */
    WAVE_BYTES = 256 << 10,  /* of narrow rows so many more: what a core's cache holds */
    L2_BYTES = 2 << 20,      /* weights of less are not fetched anew for each piece of the rows */
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
static bool keeps_act_grad(const dt_model *m)
{
    return m->activation == DT_ACT_GELU || m->dropout.p > 0;
}

/* Of a sample and its activations. */
static double count_row_bytes(const dt_model *m)
{
    double values = (double)choose_stride(m->inputs);
    for (int l = 0; l < m->n_layers; l++) {
        int arrays = l == m->n_layers - 1 ? 1 : 2 + keeps_act_grad(m) + 2 * m->layer_norm;
        values += arrays * (double)choose_stride(m->layer[l].out);
    }
    return values * sizeof(float);
}

/* Most rows of a thread in a wave: whole blocks of any size that a batch is cut into. */
static int64_t choose_wave_rows(const dt_model *m)
{
    double fit = WAVE_BYTES / count_row_bytes(m);
    return fit < WAVE_ROWS ? WAVE_ROWS : (int64_t)fit;
}

double dt_engine_bytes(const dt_model *m, int threads, int64_t block)
{
    double rows = (double)threads * (double)choose_wave_rows(m), widest = 0;
    for (int l = 0; l < m->n_layers; l++)
        widest = fmax(widest, (double)m->layer[l].out);
    double row = count_row_bytes(m) + widest * sizeof(float); /* a delta once more, as gathered */
    return fmax(rows, (double)block) * row;
}

/* Zeros, so that the ends of panels, which are computed with and not used, are no odd numbers. */
static float *alloc_rows(const dt_engine *e, int64_t stride, dt_error *err)
{
    float *rows = dt_alloc(e->wave_rows * stride, sizeof *rows, "activations", err);
    if (rows)
        memset(rows, 0, (size_t)(e->wave_rows * stride) * sizeof *rows);
    return rows;
}

static dt_code alloc_layer(dt_engine *e, int l, dt_error *err)
{
    const dt_model *m = e->model;
    dt_layer_work *w = &e->work[l];
    bool last = l == m->n_layers - 1;
    w->stride = last ? m->outputs : choose_stride(m->layer[l].out);
    w->act = alloc_rows(e, w->stride, err);
    w->dz = last ? w->act : alloc_rows(e, w->stride, err);
    if (!last && keeps_act_grad(m))
        w->act_grad = alloc_rows(e, w->stride, err);
    if (!last && m->layer_norm) {
        w->xhat = alloc_rows(e, w->stride, err);
        w->dy = alloc_rows(e, w->stride, err);
        w->inv_std = alloc_rows(e, 1, err);
    }
    if (m->layer[l].out > e->max_outputs)
        e->max_outputs = m->layer[l].out;
    if (m->layer[l].in * m->layer[l].out * (int64_t)sizeof(float) > L2_BYTES)
        e->weights_fit_l2 = false;
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
static void init_panels(dt_engine *e, const dt_engine_pack *pack, dt_error *err)
{
    int64_t n = dt_engine_panels(e->model);
    if (pack && pack->sharing.ranks > 1)
        e->sharing = pack->sharing;
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

/* What the integers of a call have in common. */
static dt_code alloc_bits(dt_engine *e, dt_error *err)
{
    const dt_model *m = e->model;
    int64_t lines = 0, vectors = (int64_t)e->team->threads * m->n_layers * DT_MAX_VECTORS;
    for (int l = 0; l < m->n_layers; l++)
        lines += m->layer[l].out + dt_layer_vectors(m, l);
    e->lane_bits = dt_alloc(lines, sizeof *e->lane_bits, "the scales", err);
    e->line_blocks = dt_alloc(lines, sizeof *e->line_blocks, "the scales", err);
    e->vector_bits = dt_alloc(vectors, sizeof *e->vector_bits, "the scales", err);
    return err->code;
}

static dt_code alloc_arrays(dt_engine *e, int64_t block, const dt_engine_pack *pack, dt_error *err)
{
    const dt_model *m = e->model;
    e->x_stride = choose_stride(m->inputs);
    e->y_bytes = dt_target_bytes(m->loss, m->targets, m->criterion.weighted);
    e->x = alloc_rows(e, e->x_stride, err);
    e->y = dt_alloc(e->wave_rows, (size_t)e->y_bytes, "the samples of a step", err);
    e->sums = dt_alloc(e->team->threads, sizeof *e->sums, "losses", err);
    e->work = calloc((size_t)m->n_layers, sizeof *e->work);
    if (!e->work)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the engine");
    for (int l = 0; l < m->n_layers && !err->code; l++)
        alloc_layer(e, l, err);
    init_panels(e, pack, err);
    int64_t outputs = e->team->threads * dt_engine_outputs_per_thread(e, e->team->threads);
    e->row_queues = dt_alloc(e->team->threads, sizeof *e->row_queues, "shares of work", err);
    e->part_queues = dt_alloc(e->team->threads, sizeof *e->part_queues, "shares of work", err);
    e->losses = dt_alloc(e->wave_rows, sizeof *e->losses, "losses", err);
    if (block > 0)
        alloc_bits(e, err);
    if (block > 0)
        e->packed_dz = dt_alloc(outputs * e->wave_rows, sizeof *e->packed_dz, "activations", err);
    else
        e->scratch = dt_alloc((int64_t)e->team->threads * DT_PRODUCT_SCRATCH, sizeof *e->scratch,
                              "activations", err);
    e->vector_sums =
        dt_alloc(e->team->threads * e->max_outputs, sizeof *e->vector_sums, "sums of rows", err);
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
    e->weights_fit_l2 = true;
    e->wave_rows = (int64_t)team->threads * choose_wave_rows(model);
    if (e->wave_rows < block)
        e->wave_rows = block;
    if (alloc_arrays(e, block, pack, err)) {
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
        free(e->work[l].act);
        free(e->work[l].act_grad);
        free(e->work[l].xhat);
        free(e->work[l].dy);
        free(e->work[l].inv_std);
        if (l < e->model->n_layers - 1)
            free(e->work[l].dz);
    }
    if (e->own_panels)
        free(e->panels);
    free(e->work);
    free(e->packed_dz);
    free(e->lane_bits);
    free(e->line_blocks);
    free(e->vector_bits);
    free(e->vector_sums);
    free(e->scratch);
    free(e->sums);
    free(e->row_queues);
    free(e->part_queues);
    free(e->losses);
    free(e->x);
    free(e->y);
    free(e);
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* Of the lines of a call whose rows are there. */
static double count_line_flops(const dt_call *c)
{
    double widest = 0;
    for (int l = 0; l < c->engine->model->n_layers; l++)
        widest = fmax(widest, (double)c->engine->model->layer[l].in);
    return 2 * widest * (double)c->words->n * (double)c->part.rows;
}

static int choose_threads(const dt_call *c)
{
    const dt_model *m = c->engine->model;
    if (c->reuse_rows && c->words)
        return count_line_flops(c) < FLOPS_TO_WAKE ? 1 : c->engine->team->threads;
    double row = 6.0 * (double)m->parameters + (double)FLOPS_OF_BYTE * 4 * (double)m->inputs;
    double all = row * (double)c->part.rows;
    if (c->pack)
        all += FLOPS_TO_PACK * (double)m->parameters;
    return all < FLOPS_TO_WAKE ? 1 : c->engine->team->threads;
}

static dt_thread_sums run_call(dt_call *c)
{
    const dt_engine *e = c->engine;
    dt_thread_sums all = {0};
    if (c->want == DT_MEASURES && c->measure_columns) /* rare, and what it finds is one thread's */
        c->threads = 1;
    else
        c->threads = choose_threads(c);
    if (c->threads == 1) {
        dt_threads_work(c, 0);
    } else {
#pragma omp parallel num_threads(c->threads)
        {
            DT_ASSERT(omp_get_num_threads() == c->threads);
            dt_team_enter(e->team, omp_get_thread_num());
            dt_threads_work(c, omp_get_thread_num());
        }
    }
    for (int l = c->part.rows > 0 ? 0 : e->model->n_layers - 1; l >= 0 && c->overlap; l--)
        c->overlap->on_layer_done(c->overlap->with, l);
    for (int t = 0; t < c->threads; t++) {
        all.loss += e->sums[t].loss;
        all.weight += e->sums[t].weight;
    }
    return all;
}

void dt_engine_load_weights(dt_engine *e, const float *parameters)
{
    dt_call c = {.engine = e, .want = DT_OUTPUTS, .parameters = parameters, .pack = true};
    run_call(&c);
}

double dt_engine_gradient(dt_engine *e, const float *parameters, const dt_row_source *source,
                          int64_t rows, dt_gradient_mode mode, float *gradient,
                          const dt_overlap *overlap, dt_weight *weight)
{
    dt_call c = {.engine = e,
                 .want = DT_FLOATS,
                 .parameters = parameters,
                 .pack = mode == DT_GRADIENT_FIRST,
                 .part = {.source = source, .rows = rows},
                 .accumulate = mode == DT_GRADIENT_ADD,
                 .gradient = gradient,
                 .overlap = overlap};
    if (rows == 0 && mode != DT_GRADIENT_ADD)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    dt_thread_sums sums = run_call(&c);
    *weight += sums.weight;
    return sums.loss;
}

/* A call whose sums are integers, and the flags of its lines. */
static dt_thread_sums run_exact_call(dt_call *c)
{
    const dt_engine *e = c->engine;
    int64_t vectors = (int64_t)e->team->threads * e->model->n_layers * DT_MAX_VECTORS;
    int64_t flags = c->want == DT_WORDS ? c->words->n : c->scales->lines;
    memset(e->vector_bits, 0, (size_t)vectors * sizeof *e->vector_bits);
    if (c->part.rows == 0)
        memset(c->flags, 0, (size_t)flags * sizeof *c->flags);
    dt_thread_sums sums = run_call(c);
    dt_flags_put_vectors(c);
    return sums;
}

void dt_engine_gradient_exact(dt_engine *e, const float *parameters, const dt_batch_part *part,
                              bool whole, const dt_scales *scales, int32_t *gradient,
                              const dt_overlap *overlap, dt_exact_sums *exact)
{
    dt_call c = {.engine = e,
                 .want = DT_INTEGERS,
                 .parameters = parameters,
                 .pack = true,
                 .part = *part,
                 .whole = whole,
                 .scales = scales,
                 .integers = gradient,
                 .flags = exact->flags,
                 .loss = exact->loss,
                 .overlap = overlap};
    if (part->rows == 0)
        memset(gradient, 0, (size_t)e->model->parameters * sizeof *gradient);
    exact->weight += run_exact_call(&c).weight;
}

/* Of no rows nothing is summed: words are 0. */
static void clear_words(const dt_call *c)
{
    for (int64_t i = 0; i < c->words->n; i++) {
        const dt_word_line *line = &c->words->line[i];
        int64_t n = dt_scales_find(c->scales, line->line).n;
        memset(c->words->words + line->place, 0, (size_t)(2 * n) * sizeof *c->words->words);
    }
}

void dt_engine_gradient_words(dt_engine *e, const float *parameters, const dt_batch_part *part,
                              const dt_scales *scales, const dt_word_lines *words,
                              dt_exact_sums *exact)
{
    dt_call c = {.engine = e,
                 .want = DT_WORDS,
                 .parameters = parameters,
                 .pack = true,
                 .part = *part,
                 .scales = scales,
                 .words = words,
                 .flags = exact->flags,
                 .loss = exact->loss};
    if (part->rows == 0)
        clear_words(&c);
    exact->weight += run_exact_call(&c).weight;
}

/* Whether all rows of a part are in memory at a time. */
static bool is_one_wave(const dt_engine *e, const dt_batch_part *part)
{
    return part->rows <= e->wave_rows / part->block * part->block - part->first % part->block;
}

void dt_engine_sum_again(dt_engine *e, const float *parameters, const dt_batch_part *part,
                         const dt_scales *scales, const dt_word_lines *words, int32_t *flags)
{
    dt_call c = {.engine = e,
                 .want = DT_WORDS,
                 .parameters = parameters,
                 .part = *part,
                 .reuse_rows = is_one_wave(e, part),
                 .scales = scales,
                 .words = words,
                 .flags = flags};
    if (part->rows == 0)
        clear_words(&c);
    run_exact_call(&c);
}

void dt_engine_measure(dt_engine *e, const float *parameters, const dt_batch_part *part,
                       const dt_scales *scales, const bool *only, bool columns, bool reuse_rows,
                       float *max)
{
    dt_call c = {.engine = e,
                 .want = DT_MEASURES,
                 .parameters = parameters,
                 .part = *part,
                 .scales = scales,
                 .measure_columns = columns,
                 .only = only,
                 .reuse_rows = reuse_rows && is_one_wave(e, part),
                 .max = max};
    run_call(&c);
}

void dt_engine_forward(dt_engine *e, const float *parameters, const dt_row_source *source,
                       int64_t rows, float *output)
{
    dt_call c = {.engine = e,
                 .want = DT_OUTPUTS,
                 .parameters = parameters,
                 .part = {.source = source, .rows = rows},
                 .output = output};
    run_call(&c);
}
