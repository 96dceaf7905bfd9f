#include "train/gradient.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "model/loss.h"

#include <stdlib.h>
#include <string.h>

/* ---- Creation ------------------------------------------------------------------------------- */

/* Pages that no batch reaches cost nothing. */
static dt_code init_collected(dt_gradient *g, dt_error *err)
{
    const dt_model *m = g->model;
    int64_t part = dt_batch_max_per_rank(g->batch_size, g->block, g->world->size);
    size_t y_bytes = (size_t)dt_target_bytes(m->loss, m->outputs);
    size_t x_bytes = (size_t)m->inputs * sizeof(float);
    g->collected.x = dt_alloc(part, x_bytes, "the samples of a batch", err);
    g->collected.y = dt_alloc(part, y_bytes, "the samples of a batch", err);
    return err->code;
}

static dt_code init_exact(dt_gradient *g, dt_error *err)
{
    g->block = dt_batch_block(g->batch_size);
    g->blocks = (g->batch_size + g->block - 1) / g->block;
    if (dt_scales_init(&g->scales, g->model, g->blocks, err))
        return err->code;
    g->loss = dt_alloc(g->blocks, sizeof *g->loss, "losses", err);
    g->most = dt_alloc(g->scales.n, sizeof *g->most, "the scales", err);
    g->exponent = dt_alloc(g->scales.n, sizeof *g->exponent, "the scales", err);
    return err->code;
}

dt_code dt_gradient_init(dt_gradient *g, const dt_world *world, const dt_model *model,
                         const dt_team *team, const dt_gradient_options *options, dt_error *err)
{
    *g = (dt_gradient){.world = world,
                       .model = model,
                       .batch_size = options->batch_size,
                       .exact = options->exact,
                       .numa_group = options->numa_group};
    if (options->exact && !init_exact(g, err) && options->in_parts)
        init_collected(g, err);
    int64_t panels = dt_engine_panels(model);
    dt_engine_pack pack = {.numa_group = options->numa_group};
    pack.values =
        dt_numa_group_alloc(pack.numa_group, panels, sizeof(float), "the packed weights", err);
    if (!err->code)
        dt_engine_create(&g->engine, model, team, g->block, &pack, err);
    if (dt_world_agree(world, err))
        return err->code;
    int64_t room = dt_totals_room(g->blocks);
    if (dt_reducer_create(world, room + model->parameters, g->exact ? DT_SUM_INT32 : DT_SUM_FLOAT,
                          &g->reducer, err))
        return err->code;
    memset(dt_reducer_values(g->reducer), 0, (size_t)room * sizeof *g->values);
    g->values = (float *)dt_reducer_values(g->reducer) + room;
    g->integers = (int32_t *)dt_reducer_values(g->reducer) + room;
    return DT_OK;
}

void dt_gradient_free(dt_gradient *g)
{
    dt_engine_destroy(g->engine);
    dt_scales_free(&g->scales);
    dt_reducer_destroy(g->reducer);
    free(g->loss);
    free(g->most);
    free(g->exponent);
    free(g->collected.x);
    free(g->collected.y);
    memset(g, 0, sizeof *g);
}

/* ---- What is on its way while the rest is computed ------------------------------------------ */

enum {
    LEAST_PART = 1 << 16, /* values: of fewer the latency is more than the way */
    MOST_PARTS = 32       /* of the same size, were layers to be cut */
};

static int64_t least_part(const dt_model *m)
{
    int64_t least = m->parameters / MOST_PARTS;
    return least > LEAST_PART ? least : LEAST_PART;
}

static void complete(void *gradient, int layer)
{
    dt_gradient *g = gradient;
    int64_t begin = g->model->layer[layer].weight, room = dt_totals_room(g->blocks);
    if (layer == 0 || g->begun - begin < least_part(g->model))
        return;
    dt_reducer_start(g->reducer, room + begin, room + g->begun);
    g->begun = begin;
}

static void meanwhile(void *gradient)
{
    dt_reducer_progress(((dt_gradient *)gradient)->reducer);
}

/* Of a call of the engine after which the gradient is complete; *watcher is filled in. NULL where
 * there is nothing to be gained: then all is summed at once. */
static const dt_watcher *watch(dt_gradient *g, dt_watcher *watcher)
{
    const dt_model *m = g->model;
    g->begun = m->parameters;
    if (!dt_reducer_crosses_nodes(g->reducer) || m->n_layers == 1 ||
        m->parameters - m->layer[1].weight < least_part(m))
        return NULL;
    *watcher = (dt_watcher){complete, meanwhile, g};
    return watcher;
}

/* ---- Sums of floats ------------------------------------------------------------------------- */

static void compute_floats(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                           dt_totals *totals)
{
    bool more = false;
    dt_samples samples;
    dt_watcher watcher;
    do {
        samples = dt_loader_next(loader);
        t->data += dt_times_lap(t);
        totals->loss += dt_engine_gradient(
            g->engine, parameters, &samples.source, samples.count, more, g->values,
            samples.last ? watch(g, &watcher) : NULL, &totals->weight);
        totals->samples += samples.count;
        t->compute += dt_times_lap(t);
        more = true;
    } while (!samples.last);
}

/* ---- Sums of integers ----------------------------------------------------------------------- */

/* Behind what was collected of this batch. */
static void collect(dt_gradient *g, const dt_samples *s)
{
    dt_collected *c = &g->collected;
    int64_t inputs = g->model->inputs, y_bytes = dt_target_bytes(g->model->loss, g->model->outputs);
    float *x = c->x + c->count * inputs;
    char *y = c->y + c->count * y_bytes;
    s->source.fetch(s->source.from, 0, s->count, x, inputs, y);
    c->count += s->count;
}

/* All of this rank's samples of the batch as one part, which stays until the next batch. */
static void take_batch(dt_gradient *g, dt_loader *loader)
{
    dt_samples *s = &g->samples;
    *s = dt_loader_next(loader);
    if (!s->last) {
        dt_samples first = *s;
        g->collected.count = 0;
        collect(g, s);
        while (!s->last) {
            *s = dt_loader_next(loader);
            collect(g, s);
        }
        *s = first;
        s->count = g->collected.count;
        s->source =
            (dt_row_source){.x = g->collected.x, .y = g->collected.y, .first = first.source.first};
    }
    g->part = (dt_batch_part){
        .source = &s->source, .first = s->first, .rows = s->count, .block = g->block};
}

static void compute_integers(dt_gradient *g, const float *parameters, dt_totals *totals)
{
    dt_exact_sums sums = {.loss = g->loss};
    dt_watcher watcher;
    memset(g->loss, 0, (size_t)g->blocks * sizeof *g->loss);
    dt_engine_gradient_exact(g->engine, parameters, &g->part, g->world->size == 1, &g->scales,
                             g->integers, watch(g, &watcher), &sums);
    totals->samples = g->part.rows;
    totals->weight = sums.weight;
    totals->overflow = sums.bits >> g->scales.bits != 0;
}

/* Find scales that all blocks of this batch fit. Collective. Returns whether they are finite. */
static bool measure(dt_gradient *g, const float *parameters)
{
    int64_t n = g->scales.n - 2;
    dt_engine_take(g->engine, parameters);
    memset(g->most, 0, (size_t)n * sizeof *g->most);
    dt_engine_measure(g->engine, parameters, &g->part, g->most);
    dt_scales_exponents(&g->scales, g->most, g->exponent);
    dt_max_int64(g->world, g->exponent, n);
    return dt_scales_measured(&g->scales, g->exponent);
}

/* ---- Either --------------------------------------------------------------------------------- */

void dt_gradient_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                         dt_totals *totals)
{
    *totals = (dt_totals){0};
    if (!g->exact) {
        compute_floats(g, loader, parameters, t, totals);
        return;
    }
    take_batch(g, loader);
    t->data += dt_times_lap(t);
    if (dt_scales_known(&g->scales))
        compute_integers(g, parameters, totals);
    else
        *totals = (dt_totals){.samples = g->part.rows, .overflow = true}; /* on every rank */
    t->compute += dt_times_lap(t);
}

/* The totals before the gradient stay as they are. */
static void undo(const void *gradient, int64_t begin, int64_t n, void *values)
{
    const dt_gradient *g = gradient;
    int64_t room = dt_totals_room(g->blocks), skip = begin < room ? room - begin : 0;
    if (skip < n)
        dt_scales_undo(&g->scales, begin + skip - room, n - skip, (int32_t *)values + skip);
}

/* What is to be summed; the engine has undone what is one rank's. After integers turn out to be too
 * small the scales that were found are followed. */
static dt_sum sum_of(const dt_gradient *g, bool whole, const dt_finish *undoing)
{
    int64_t head = dt_totals_room(g->blocks);
    bool several = g->world->size > 1;
    return (dt_sum){.n = head + g->model->parameters,
                    .head = head,
                    .whole = whole || dt_numa_group_size(g->numa_group) < g->world->node_size ||
                             (g->exact && dt_scales_looks(&g->scales)),
                    .finish = several && g->exact ? undoing : NULL};
}

static void sum_integers(dt_gradient *g, const dt_sum *sum, dt_totals *totals)
{
    if (g->world->size > 1) {
        dt_totals_sum_exact(g->reducer, sum, g->loss, g->blocks, totals);
        return;
    }
    totals->loss = 0;
    for (int64_t b = 0; b < g->blocks; b++)
        totals->loss += g->loss[b];
}

bool dt_gradient_sum(dt_gradient *g, const float *parameters, bool whole, dt_totals *totals)
{
    dt_finish undoing = {.part = undo, .with = g};
    dt_sum sum = sum_of(g, whole, &undoing);
    if (!g->exact) {
        if (g->world->size > 1)
            dt_totals_sum(g->reducer, &sum, g->batch_size, totals);
        return true;
    }
    dt_totals mine = *totals;
    sum_integers(g, &sum, totals);
    if (totals->overflow && !totals->failed) {
        if (!measure(g, parameters)) {
            totals->overflow = false; /* scales were not too small: the gradient is not finite */
            return false;
        }
        compute_integers(g, parameters, &mine);
        *totals = mine;
        sum = sum_of(g, whole, &undoing);
        sum_integers(g, &sum, totals);
    }
    if (totals->failed || totals->overflow)
        return false;
    dt_scales_follow(&g->scales, g->values);
    return true;
}
