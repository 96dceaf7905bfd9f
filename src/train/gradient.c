/* The gradient of a step, in the order of the calls:
 *
 *   dt_gradient_compute   fetch this rank's samples, and run the engine over them. Floats: rows are
 *                         summed 2048 at a time, and these sums in double. Integers: see
 *                         gradient_exact.c. Between nodes the gradient of the last layers is sent
 *                         meanwhile (send_layers)
 *   dt_gradient_sum       the step's one allreduce, of a vector that holds
 *
 *                           header          step_sums.h: counts, stop, failure, losses
 *                           flags           of lines; integers only
 *                           gradient        [P]; [2 P] where each line has two words
 */
#include "train/gradient_internal.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "model/loss.h"

#include <stdlib.h>
#include <string.h>

/* Rows whose floats are added one after the other; their sums are then added in double. 1e6 floats
 * one after the other lose 12 of their 24 bits. */
enum { FLOAT_ROWS = 2048 };

/* ---- Creation ------------------------------------------------------------------------------- */

static dt_code init_floats(dt_gradient *g, dt_error *err)
{
    if (dt_batch_max_per_rank(g->batch_size, 0, g->world->size) > FLOAT_ROWS)
        g->parts = dt_alloc(g->model->parameters, sizeof *g->parts, "the gradient", err);
    return err->code;
}

dt_code dt_gradient_init(dt_gradient *g, const dt_world *world, const dt_model *model,
                         const dt_team *team, const dt_gradient_options *options, dt_error *err)
{
    *g = (dt_gradient){.world = world,
                       .model = model,
                       .batch_size = options->batch_size,
                       .is_exact = options->exact,
                       .numa_group = options->numa_group};
    if (options->exact)
        dt_exact_init(g, options, err);
    else
        init_floats(g, err);
    int64_t panels = dt_engine_panels(model);
    dt_engine_pack pack = {.sharing = dt_numa_group_sharing(options->numa_group)};
    pack.values =
        dt_numa_group_alloc(options->numa_group, panels, sizeof(float), "the packed weights", err);
    if (!err->code)
        dt_engine_create(&g->engine, model, team,
                         dt_batch_rows_kept(g->batch_size, g->exact.block, world->size), &pack,
                         err);
    if (dt_world_agree(world, err))
        return err->code;
    bool words = g->is_exact && g->exact.scales.words;
    g->header_len =
        dt_step_sums_header_len(g->exact.blocks) + (g->is_exact ? dt_exact_flags(&g->exact) : 0);
    if (dt_reducer_create(world, g->header_len + (words ? 2 : 1) * model->parameters,
                          g->is_exact ? DT_SUM_INT32 : DT_SUM_FLOAT, &g->reducer, err))
        return err->code;
    float *values = dt_reducer_values(g->reducer);
    int32_t *integers = dt_reducer_values(g->reducer);
    memset(values, 0, (size_t)g->header_len * sizeof *values);
    g->exact.flags = integers + dt_step_sums_header_len(g->exact.blocks);
    g->exact.sums = integers + g->header_len;
    if (words)
        g->values = dt_alloc(model->parameters, sizeof *g->values, "the gradient", err);
    else
        g->values = values + g->header_len;
    return dt_world_agree(world, err);
}

void dt_gradient_free(dt_gradient *g)
{
    dt_engine_destroy(g->engine);
    if (g->exact.scales.words)
        free(g->values);
    dt_exact_free(&g->exact);
    dt_reducer_destroy(g->reducer);
    free(g->parts);
    memset(g, 0, sizeof *g);
}

/* ---- Sending layers while others are computed ------------------------------------------------ */

enum {
    MIN_MESSAGE = 1 << 16, /* values; of fewer a message's latency costs more than its bandwidth */
    MAX_MESSAGES = 32      /* messages in a step, if all had the same size */
};

static int64_t choose_message(const dt_model *m)
{
    int64_t min = m->parameters / MAX_MESSAGES;
    return min > MIN_MESSAGE ? min : MIN_MESSAGE;
}

static void send_layers(void *gradient, int layer)
{
    dt_gradient *g = gradient;
    int64_t begin = g->model->layer[layer].weight;
    if (layer == 0 || g->sent_from - begin < choose_message(g->model))
        return;
    dt_reducer_start(g->reducer, g->header_len + begin, g->header_len + g->sent_from);
    g->sent_from = begin;
}

static void progress_sends(void *gradient)
{
    dt_reducer_progress(((dt_gradient *)gradient)->reducer);
}

const dt_overlap *dt_gradient_start_overlap(dt_gradient *g, dt_overlap *overlap)
{
    const dt_model *m = g->model;
    g->sent_from = m->parameters;
    if (!dt_reducer_crosses_nodes(g->reducer) || m->n_layers == 1 ||
        m->parameters - m->layer[1].weight < choose_message(m))
        return NULL;
    *overlap = (dt_overlap){send_layers, progress_sends, g};
    return overlap;
}

/* ---- Sums of floats ------------------------------------------------------------------------- */

/* Rows of a source, from one on. */
typedef struct {
    const dt_row_source *source;
    int64_t begin;
} slice;

static void fetch_slice(const void *from, int64_t begin, int64_t n, float *x, int64_t stride,
                        void *y)
{
    const slice *s = from;
    s->source->fetch(s->source->from, s->begin + begin, n, x, stride, y);
}

static dt_row_source slice_source(const dt_gradient *g, const slice *s)
{
    dt_row_source source = *s->source;
    source.first += s->begin;
    if (source.x) {
        const dt_model *m = g->model;
        int64_t y_bytes = dt_target_bytes(m->loss, m->targets, m->criterion.weighted);
        source.x += s->begin * g->model->inputs;
        source.y = (const char *)source.y + s->begin * y_bytes;
    } else {
        source.fetch = fetch_slice;
        source.from = s;
    }
    return source;
}

/* What is in values to what is in parts. */
static void add_to_double(dt_gradient *g)
{
    for (int64_t i = 0; i < g->model->parameters; i++)
        g->parts[i] += (double)g->values[i];
}

/* The sum of a step. */
typedef struct {
    bool begun;    /* the engine has this step's parameters */
    int64_t added; /* rows whose gradient is in dt_gradient.values */
} float_sum;

static dt_gradient_mode next_mode(const float_sum *sum)
{
    if (!sum->begun)
        return DT_GRADIENT_FIRST;
    return sum->added > 0 ? DT_GRADIENT_ADD : DT_GRADIENT_REPLACE;
}

/* A delivery of many rows, some at a time. */
static double add_rows(dt_gradient *g, const dt_samples *samples, const float *parameters,
                       const dt_overlap *overlap, float_sum *sum, dt_step_sums *step_sums)
{
    double loss = 0;
    int64_t begin = 0;
    do {
        slice s = {&samples->source, begin};
        dt_row_source source = slice_source(g, &s);
        int64_t left = samples->count - begin, n = left;
        if (g->parts && sum->added >= FLOAT_ROWS) {
            add_to_double(g);
            sum->added = 0;
        }
        if (g->parts && n > FLOAT_ROWS - sum->added)
            n = FLOAT_ROWS - sum->added;
        loss += dt_engine_gradient(g->engine, parameters, &source, n, next_mode(sum), g->values,
                                   n == left ? overlap : NULL, &step_sums->weight);
        sum->begun = true;
        sum->added += n;
        begin += n;
    } while (begin < samples->count);
    return loss;
}

static void compute_floats(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                           dt_step_sums *step_sums)
{
    dt_samples samples;
    dt_overlap overlap;
    float_sum sum = {0};
    if (g->parts)
        memset(g->parts, 0, (size_t)g->model->parameters * sizeof *g->parts);
    do {
        samples = dt_loader_next(loader);
        t->data += dt_times_lap(t);
        const dt_overlap *watched =
            samples.last && !g->parts ? dt_gradient_start_overlap(g, &overlap) : NULL;
        step_sums->loss += add_rows(g, &samples, parameters, watched, &sum, step_sums);
        step_sums->samples += samples.count;
        t->compute += dt_times_lap(t);
    } while (!samples.last);
    for (int64_t i = 0; g->parts && i < g->model->parameters; i++)
        g->values[i] = (float)(g->parts[i] + (double)g->values[i]);
    t->compute += dt_times_lap(t);
}

static void sum_floats(dt_gradient *g, bool whole, dt_step_sums *step_sums)
{
    dt_sum sum = {.n = g->header_len + g->model->parameters,
                  .head = g->header_len,
                  .whole = whole || dt_numa_group_size(g->numa_group) < g->world->node_size};
    if (g->world->size > 1)
        dt_step_sums_reduce(g->reducer, &sum, g->batch_size, step_sums);
}

/* ---- Either --------------------------------------------------------------------------------- */

void dt_gradient_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                         dt_step_sums *step_sums)
{
    *step_sums = (dt_step_sums){0};
    if (g->is_exact)
        dt_exact_compute(g, loader, parameters, t, step_sums);
    else
        compute_floats(g, loader, parameters, t, step_sums);
}

bool dt_gradient_sum(dt_gradient *g, const float *parameters, bool whole, dt_step_sums *step_sums)
{
    if (g->is_exact)
        return dt_exact_sum(g, parameters, whole, step_sums);
    sum_floats(g, whole, step_sums);
    return true;
}

int64_t dt_gradient_consume_redone(dt_gradient *g)
{
    return g->is_exact ? dt_scales_consume_redone(&g->exact.scales) : 0;
}
