#include "data/loader.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/random.h"
#include "data/gather.h"
#include "data/order.h"
#include "data/stream.h"
#include "data/transfer.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLICE_BYTES = 32 << 20,   /* of a rank's x in one slice, at most */
    TRANSFER_BYTES = 1 << 20, /* that a rank gets in one transfer, about */
};

struct dt_loader {
    const dt_world *world;
    const dt_dataset *dataset;
    dt_stream *stream; /* NULL: all rows are in memory, as one window */
    dt_batch_plan plan;
    int64_t steps;      /* of an epoch */
    int64_t steps_left; /* to be scheduled; negative: without end */
    /* The slice that is scheduled next: */
    int64_t epoch, step, slice_index; /* epoch is counted from 1, step and slice_index from 0 */
    int64_t position;        /* where the batch, or its part in this window, begins in the epoch */
    const dt_window *window; /* that the slice is in; NULL before the first */
    int64_t window_epoch;    /* the epoch whose order the window's rows have */
    int64_t window_rows;     /* of a window, at most */
    dt_order order;          /* of the window's rows */
    /* The slice that was given out last: */
    int64_t first; /* the position in the window of its first row, or its number in the transfer */
    const dt_transfer *received_in; /* its transfer; NULL: its rows lie in the window */
    /* If ranks exchange rows: one transfer is given out while the next is under way. */
    bool exchanges;
    dt_exchange *exchange;
    dt_transfer transfer[2];
    int current;                           /* the one that is given out */
    int64_t transfer_slices;               /* slices of a transfer, at most */
    dt_scheduled_row *scheduled, *scratch; /* this rank's rows of the window, by position */
    int64_t n_sent;                        /* of them, those that were packed into transfers */
};

/* ---- The schedule: slices in order, window by window --------------------------------------- */

static int64_t own_rows(const dt_loader *l)
{
    return l->window->begin[l->world->rank + 1] - l->window->begin[l->world->rank];
}

/* Go to the next window. If all rows are in memory, it is the same window in the order of the next
 * epoch. */
static void enter_window(dt_loader *l)
{
    uint32_t purpose = DT_RANDOM_ORDER;
    if (l->stream) {
        if (l->window)
            dt_stream_release(l->stream);
        l->window = dt_stream_take(l->stream);
        l->window_epoch = l->window->epoch;
        purpose = DT_RANDOM_WINDOW + 256 * (uint32_t)l->window->index;
    } else {
        l->window = &l->dataset->window;
        l->window_epoch = l->epoch;
    }
    l->order.n = l->window->count;
    dt_order_begin(&l->order, purpose, l->window_epoch);
    l->n_sent = 0;
    if (l->exchanges) {
        int64_t begin = l->window->begin[l->world->rank], own = own_rows(l);
        dt_order_schedule(&l->order, begin, begin + own, l->scheduled, l->scratch);
        while (l->n_sent < own && l->window->first + l->scheduled[l->n_sent].position < l->position)
            l->n_sent++; /* before the step that the run starts with */
    }
}

static int64_t window_end(const dt_loader *l)
{
    return l->window->first + l->window->count;
}

/* Go to the window of the next slice. A streamed window may be passed over: all its rows may belong
 * to a last batch that is left out. */
static void find_window(dt_loader *l)
{
    while (!l->window || l->window_epoch < l->epoch || l->position >= window_end(l))
        enter_window(l);
}

/* The next slice, in the present window. */
static dt_batch_slice next_slice(const dt_loader *l)
{
    int64_t batch_end = l->step * l->plan.batch_size + dt_batch_plan_samples(&l->plan, l->step);
    int64_t end = window_end(l) < batch_end ? window_end(l) : batch_end;
    return (dt_batch_slice){.epoch = l->epoch,
                            .step = l->step,
                            .begin = l->position,
                            .end = end,
                            .index = l->slice_index,
                            .last = end == batch_end && l->slice_index == l->plan.slices - 1};
}

static void advance_schedule(dt_loader *l, const dt_batch_slice *d)
{
    if (++l->slice_index < l->plan.slices)
        return;
    l->slice_index = 0;
    l->position = d->end;
    if (!d->last)
        return;
    l->steps_left--;
    if (++l->step == l->steps) {
        l->step = 0;
        l->position = 0;
        l->epoch++;
    }
}

/* ---- Transfers ---------------------------------------------------------------------------------
 * */

/* Choose the slices of a transfer: all are in the present window. */
static void schedule_transfer(dt_loader *l, dt_transfer *r)
{
    int64_t epoch = l->epoch;
    r->n_slices = r->n_consumed = 0;
    do {
        dt_batch_slice d = next_slice(l);
        r->slice[r->n_slices++] = d;
        advance_schedule(l, &d);
    } while (r->n_slices < l->transfer_slices && l->plan.slices == 1 && l->epoch == epoch &&
             l->steps_left != 0 && l->position < window_end(l));
}

/* Pack the next transfer and start its exchange. */
static void start_transfer(dt_loader *l, dt_transfer *r)
{
    int64_t n = 0;
    find_window(l);
    schedule_transfer(l, r);
    int64_t end = r->slice[r->n_slices - 1].end - l->window->first, own = own_rows(l);
    const dt_scheduled_row *scheduled = l->scheduled + l->n_sent;
    while (l->n_sent + n < own && scheduled[n].position < end)
        n++;
    dt_transfer_pack(r, &l->plan, l->dataset, l->window, &l->order, scheduled, n, l->world->rank);
    if (l->slice_index == 0)
        l->n_sent += n;
    dt_exchange_start(l->exchange, r->send, r->send_count, r->receive, r->receive_count);
}

/* ---- Creation ------------------------------------------------------------------------------- */

static bool rows_are_exchanged(const dt_world *world, const dt_dataset *d)
{
    return world->size > 1 && !d->window.all;
}

static dt_batch_plan make_plan(const dt_dataset *d, const dt_loader_options *o, int ranks,
                               bool exchanges)
{
    int64_t steps = dt_steps_per_epoch(d->rows, o->batch_size, o->drop_last);
    int64_t batch = o->batch_size < d->rows ? o->batch_size : d->rows;
    int64_t block = o->block > 0 ? o->block : 1;
    int64_t part = dt_batch_max_per_rank(batch, block, ranks);
    int64_t fits = SLICE_BYTES / (d->features * (int64_t)sizeof(float)) + 1;
    if (fits > DT_EXCHANGE_RECORDS / ranks) /* of a slice each rank may send to all */
        fits = DT_EXCHANGE_RECORDS / ranks;
    int64_t slice_rows = part < fits || !exchanges ? part : fits;
    return (dt_batch_plan){.positions = o->drop_last ? steps * batch : d->rows,
                           .batch_size = batch,
                           .block = block,
                           .ranks = ranks,
                           .slice_rows = slice_rows,
                           .slices = (part + slice_rows - 1) / slice_rows};
}

static int64_t record_bytes(const dt_dataset *d)
{
    return dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d);
}

/* Slices that are sent together. */
static int64_t choose_slices(const dt_batch_plan *plan, int64_t steps, int64_t record)
{
    int64_t fit = TRANSFER_BYTES / (record * plan->slice_rows);
    if (fit > DT_EXCHANGE_RECORDS / plan->batch_size) /* all of a transfer may be one rank's */
        fit = DT_EXCHANGE_RECORDS / plan->batch_size;
    return plan->slices > 1 || fit < 1 ? 1 : fit < steps ? fit : steps;
}

static dt_code create_transfers(dt_loader *l, int64_t own, dt_error *err)
{
    const dt_dataset *d = l->dataset;
    size_t record = (size_t)record_bytes(d);
    l->transfer_slices = choose_slices(&l->plan, l->steps, (int64_t)record);
    l->scheduled = dt_alloc(own, sizeof *l->scheduled, "the visits to the shard", err);
    l->scratch = dt_alloc(own, sizeof *l->scratch, "the visits to the shard", err);
    for (int i = 0; i < 2; i++)
        dt_transfer_init(&l->transfer[i], &l->plan, d, l->transfer_slices, own, err);
    return dt_exchange_create(l->world, record, &l->exchange, err);
}

/* Of two transfers, each with rows that are sent and received. If rows are shuffled, a rank sends
 * about as many as it receives. */
double dt_loader_bytes(const dt_world *world, const dt_dataset *d, const dt_loader_options *o)
{
    if (!rows_are_exchanged(world, d))
        return 0;
    dt_batch_plan plan = make_plan(d, o, world->size, true);
    int64_t n_slices = choose_slices(
        &plan, dt_steps_per_epoch(d->rows, o->batch_size, o->drop_last), record_bytes(d));
    double in = (double)n_slices * (double)plan.slice_rows;
    double out = o->shuffle ? in : in * world->size;
    return 2 * (in + out) * ((double)record_bytes(d) + sizeof(int32_t));
}

static dt_code create_parts(dt_loader *l, const dt_loader_options *o, dt_error *err)
{
    const dt_dataset *d = l->dataset;
    const dt_world *world = l->world;
    dt_stream_plan plan = {0};
    int64_t rows = d->rows, own = 0;
    if (d->streamed && !dt_stream_plan_make(&plan, d, err)) {
        rows = dt_stream_window_rows(&plan, d);
        own = dt_stream_rank_rows(&plan, world->size);
    } else if (!d->streamed) {
        own = d->window.begin[world->rank + 1] - d->window.begin[world->rank];
    }
    if (dt_world_agree(world, err))
        return err->code;
    l->window_rows = rows;
    dt_order_init(&l->order, rows, o->seed, o->shuffle, err);
    if (l->exchanges)
        create_transfers(l, own, err);
    dt_stream_options streaming = {.seed = o->seed,
                                   .shuffle = o->shuffle,
                                   .team = o->team,
                                   .epoch = l->epoch,
                                   .position = l->position};
    if (!err->code && d->streamed)
        dt_stream_open(&l->stream, world, d, &plan, &streaming, err);
    return dt_world_agree(world, err);
}

dt_code dt_loader_create(dt_loader **loader, const dt_world *world, const dt_dataset *dataset,
                         const dt_loader_options *options, dt_error *err)
{
    dt_loader *l = calloc(1, sizeof *l);
    *loader = NULL;
    if (!l)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the loader");
    if (dt_world_agree(world, err)) {
        free(l);
        return err->code;
    }
    l->world = world;
    l->dataset = dataset;
    l->exchanges = rows_are_exchanged(world, dataset);
    l->steps = dt_steps_per_epoch(dataset->rows, options->batch_size, options->drop_last);
    l->steps_left = options->total_steps > 0 ? options->total_steps - options->done_steps : -1;
    l->plan = make_plan(dataset, options, world->size, l->exchanges);
    l->epoch = options->done_steps / l->steps + 1;
    l->step = options->done_steps % l->steps;
    l->position = l->step * l->plan.batch_size;
    if (create_parts(l, options, err)) {
        dt_loader_destroy(l);
        return err->code;
    }
    if (l->exchanges && l->steps_left != 0)
        start_transfer(l, &l->transfer[1]);
    *loader = l;
    return DT_OK;
}

void dt_loader_destroy(dt_loader *l)
{
    if (!l)
        return;
    if (l->exchange)
        dt_exchange_finish(l->exchange);
    dt_exchange_destroy(l->exchange);
    dt_stream_close(l->stream);
    dt_transfer_free(&l->transfer[0]);
    dt_transfer_free(&l->transfer[1]);
    dt_order_free(&l->order);
    free(l->scheduled);
    free(l->scratch);
    free(l);
}

/* ---- Slices ----------------------------------------------------------------------------- */

enum { ADDRESSES = 128 }; /* of rows that are found before the rows are copied */

static dt_row_address address_in_window(const dt_loader *l, int64_t row)
{
    const dt_window *w = l->window;
    int owner = l->world->size == 1 ? 0 : dt_window_owner(w, l->world->size, row);
    const dt_rows_of_rank *rows = &w->all[owner];
    return (dt_row_address){.x = dt_dataset_x_of(l->dataset, w, owner, rows->x, row),
                            .y =
                                rows->y + (row - w->begin[owner]) * dt_dataset_y_bytes(l->dataset)};
}

static void find_in_window(const dt_loader *l, int64_t position, int64_t n, dt_row_address *address)
{
    int64_t row[ADDRESSES];
    dt_order_rows(&l->order, position, n, row);
    for (int64_t i = 0; i < n; i++)
        address[i] = address_in_window(l, row[i]);
}

static dt_row_address address_in_transfer(const dt_loader *l, int64_t i)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(l->dataset);
    size_t y_bytes = (size_t)dt_dataset_y_bytes(l->dataset);
    const char *record = dt_transfer_record(l->received_in, i, x_bytes + y_bytes);
    return (dt_row_address){.x = record, .y = record + x_bytes};
}

static void fetch_rows(const void *from, int64_t begin, int64_t n, float *x, int64_t stride,
                       void *y)
{
    const dt_loader *l = from;
    int64_t y_bytes = dt_dataset_y_bytes(l->dataset), first = l->first + begin;
    dt_row_address address[ADDRESSES];
    for (int64_t i = 0, part; i < n; i += part) {
        part = n - i < ADDRESSES ? n - i : ADDRESSES;
        if (!l->received_in)
            find_in_window(l, first + i, part, address);
        for (int64_t k = 0; k < part && l->received_in; k++)
            address[k] = address_in_transfer(l, first + i + k);
        dt_gather_rows(l->dataset, address, part, x + i * stride, stride, (char *)y + i * y_bytes);
    }
}

/* The number in the run of the sample at a position of the epoch. */
static int64_t sample_number(const dt_loader *l, const dt_batch_slice *slice, int64_t position)
{
    return (slice->epoch - 1) * l->dataset->rows + position;
}

/* The next slice, whose rows this rank reads where they lie. */
static dt_samples consume_window(dt_loader *l)
{
    find_window(l);
    dt_batch_slice slice = next_slice(l);
    dt_range span = dt_batch_plan_range(&l->plan, &slice, l->world->rank);
    dt_samples samples = {.count = span.end - span.begin,
                          .first = span.begin - slice.step * l->plan.batch_size,
                          .source = {.fetch = fetch_rows, .from = l},
                          .last = slice.last};
    samples.source.first = sample_number(l, &slice, span.begin);
    l->first = span.begin - l->window->first;
    advance_schedule(l, &slice);
    return samples;
}

/* The current transfer is given out: the one under way becomes current, and the next one starts. */
static void swap_transfers(dt_loader *l)
{
    dt_exchange_finish(l->exchange);
    l->current = !l->current;
    if (l->steps_left != 0)
        start_transfer(l, &l->transfer[!l->current]);
}

static dt_samples consume_transfer(dt_loader *l)
{
    if (l->transfer[l->current].n_consumed == l->transfer[l->current].n_slices)
        swap_transfers(l);
    dt_transfer *r = &l->transfer[l->current];
    const dt_batch_slice *slice = &r->slice[r->n_consumed++];
    dt_range span = dt_batch_plan_range(&l->plan, slice, l->world->rank);
    l->received_in = r;
    l->first = r->consumed;
    r->consumed += span.end - span.begin;
    return (dt_samples){
        .count = span.end - span.begin,
        .first = span.begin - slice->step * l->plan.batch_size,
        .source = {.fetch = fetch_rows, .from = l, .first = sample_number(l, slice, span.begin)},
        .last = slice->last};
}

dt_samples dt_loader_next(dt_loader *l)
{
    return l->exchanges ? consume_transfer(l) : consume_window(l);
}

int64_t dt_loader_window_rows(const dt_loader *l)
{
    return l->stream ? l->window_rows : 0;
}

dt_code dt_loader_check(const dt_loader *l, dt_error *err)
{
    return l->stream ? dt_stream_check(l->stream, err) : DT_OK;
}
