/* What the threads of a rank do in a call: weights, and then the rows, wave by wave. */
#include "engine/internal.h"

#include "engine/product.h"

enum { PIECE_ROWS = 64 }; /* of a thread's share that another can take */

/* Blocks of floats, of which each thread has as many. */
static int64_t choose_float_block(const dt_call *c, int64_t rows)
{
    int64_t each =
        c->engine->weights_fit_l2 && c->threads > 1 ? rows / (c->threads * PIECE_ROWS) : 1;
    int64_t blocks = c->threads * (each > 1 ? each : 1);
    return (rows + blocks - 1) / blocks;
}

/* The wave from a row of the call on. */
static dt_wave cut_wave(const dt_call *c, int64_t first)
{
    int64_t max = c->engine->wave_rows, left = c->part.rows - first;
    dt_wave w = {.first = first, .accumulate = c->accumulate || first > 0};
    if (c->part.block > 0) {
        w.block = c->part.block;
        w.first_block = (c->part.first + first) / w.block;
        w.first_block_skip = c->part.first + first - w.first_block * w.block;
        max = max / w.block * w.block - w.first_block_skip;
    }
    w.rows = left < max ? left : max;
    if (c->part.block == 0)
        w.block = choose_float_block(c, w.rows);
    w.blocks = (w.first_block_skip + w.rows + w.block - 1) / w.block;
    return w;
}

/* ---- A wave --------------------------------------------------------------------------------- */

static void fill_queue(dt_work_queue *queue, int64_t begin, int64_t end)
{
    atomic_store_explicit(&queue->next, begin, memory_order_relaxed);
    queue->end = end;
}

static void fill_row_queue(const dt_call *c, const dt_wave *w, int thread)
{
    fill_queue(&c->engine->row_queues[thread], dt_chunk_begin(w->blocks, thread, c->threads),
               dt_chunk_begin(w->blocks, thread + 1, c->threads));
}

static void fill_part_queue(const dt_call *c, int thread)
{
    int64_t parts = 0;
    for (int l = 0; l < c->engine->model->n_layers; l++)
        parts += dt_gradients_parts(c, thread, l);
    fill_queue(&c->engine->part_queues[thread], 0, parts);
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
    int64_t first, n, min = e->weights_fit_l2 ? (PIECE_ROWS + w->block - 1) / w->block : w->blocks;
    while (dt_work_queue_take_chunk(e->row_queues, c->threads, thread, 2, min, &first, &n) >= 0)
        run_blocks(c, w, thread, first, first + n, sums);
}

/* Parts of a thread's, counted through all layers. */
static void run_parts(const dt_call *c, const dt_wave *w, int thread, int owner, int64_t first,
                      int64_t n)
{
    for (int l = 0; n > 0; l++) {
        int64_t parts = dt_gradients_parts(c, owner, l),
                end = first + n < parts ? first + n : parts;
        if (first < parts) {
            dt_gradients_run(c, w, thread, owner, l, first, end);
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
    if (!c->reuse_rows)
        run_rows(c, w, thread, sums);
    fill_part_queue(c, thread);
#pragma omp barrier
    if (c->want == DT_OUTPUTS)
        return;
    add_losses(c, w, thread, sums);
    dt_work_queue *queues = c->engine->part_queues;
    while ((owner = dt_work_queue_take_chunk(queues, c->threads, thread, INT64_MAX, 1, &first,
                                             &n)) >= 0)
        run_parts(c, w, thread, owner, first, n);
}

/* All of a thread's parts of a layer. */
static void run_layer(const dt_call *c, const dt_wave *w, int thread, int layer)
{
    dt_gradients_run(c, w, thread, thread, layer, 0, dt_gradients_parts(c, thread, layer));
}

/* Where there is nobody to share with. */
static void run_alone(const dt_call *c, const dt_wave *w, dt_thread_sums *sums)
{
    if (!c->reuse_rows)
        run_blocks(c, w, 0, 0, w->blocks, sums);
    if (c->want == DT_OUTPUTS)
        return;
    add_losses(c, w, 0, sums);
    for (int l = 0; l < c->engine->model->n_layers; l++)
        run_layer(c, w, 0, l);
}

/* Each layer's gradient as soon as it can be had. */
static void run_overlapped(const dt_call *c, const dt_wave *w, int thread, dt_thread_sums *sums)
{
    const dt_work_queue *own = &c->engine->row_queues[thread];
    int64_t first = own->next, end = own->end;
    dt_rows_run(c, w, first, end, sums);
    for (int l = c->engine->model->n_layers - 1; l >= 0; l--) {
#pragma omp barrier
        if (l == c->engine->model->n_layers - 1)
            add_losses(c, w, thread, sums);
        run_layer(c, w, thread, l);
        if (l == 0)
            return; /* complete when all threads have ended */
#pragma omp barrier
        if (thread == 0)
            c->overlap->on_layer_done(c->overlap->with, l);
        dt_rows_back(c, w, thread, first, end, l);
    }
}

/* ---- The weights ---------------------------------------------------------------------------- */

/* The first panel of a layer's outputs whose weights begin at this place of the parameters. */
static int64_t find_panel(const dt_layer *l, int64_t place)
{
    int64_t panels = dt_panels_round(l->out) / DT_PANEL, size = DT_PANEL * l->in;
    int64_t i = place < l->weight ? 0 : (place - l->weight + size - 1) / size;
    return i < panels ? i : panels;
}

/* A thread's part of this rank's panels: of shared ones those whose weights it updates itself. */
static void pack_weights(const dt_call *c, int thread)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    int64_t begin = 0, n = m->parameters;
    if (e->sharing.with)
        n = e->sharing.part(e->sharing.with, n, &begin);
    for (int l = 0; l < m->n_layers; l++) {
        int64_t first = find_panel(&m->layer[l], begin);
        int64_t panels = find_panel(&m->layer[l], begin + n) - first;
        dt_panels_pack(&e->work[l].weight, &m->layer[l], c->parameters + m->layer[l].weight,
                       first + dt_chunk_begin(panels, thread, c->threads),
                       first + dt_chunk_begin(panels, thread + 1, c->threads));
    }
    if (!e->sharing.with)
        return;
#pragma omp barrier
    if (thread == 0) /* a rank that has failed is here too: it says so with the gradient's sum */
        (void)e->sharing.barrier(e->sharing.with, true);
}

void dt_threads_work(const dt_call *c, int thread)
{
    const dt_engine *e = c->engine;
    dt_thread_sums *sums = &e->sums[thread];
    *sums = (dt_thread_sums){0};
    if (c->pack)
        pack_weights(c, thread);
    dt_wave w;
    for (int64_t first = 0; first < c->part.rows; first += w.rows) {
        w = cut_wave(c, first);
        bool overlapped = c->overlap && first + w.rows == c->part.rows;
        if (c->threads == 1 && !overlapped) {
            run_alone(c, &w, sums);
            continue;
        }
        fill_row_queue(c, &w, thread);
#pragma omp barrier
        if (overlapped)
            run_overlapped(c, &w, thread, sums);
        else
            run_wave(c, &w, thread, sums);
    }
}
