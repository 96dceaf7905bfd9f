#include "data/loader.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/random.h"
#include "data/gather.h"
#include "data/order.h"
#include "data/round.h"
#include "data/stream.h"

#include <stdlib.h>
#include <string.h>

enum { DELIVERY_BYTES = 32 << 20, ROUND_BYTES = 1 << 20 };

struct dt_loader {
    const dt_world *world;
    const dt_dataset *dataset;
    dt_stream *stream; /* NULL: the one window is in memory */
    dt_cut cut;
    int64_t steps;      /* per epoch */
    int64_t steps_left; /* to be scheduled; below 0: without end */
    /* the delivery that is scheduled next */
    int64_t epoch, step, piece; /* epoch from 1; step and piece from 0 */
    int64_t position;           /* where the batch's part in this window begins */
    const dt_window *window;    /* that it is in; NULL before the first */
    int64_t window_epoch;       /* whose order the window's rows have */
    int64_t window_rows;        /* most rows of a window */
    dt_order order;             /* of the window's rows */
    /* the delivery that was taken last */
    int64_t first;         /* its first row: position in the window, or among a round's rows */
    const dt_round *taken; /* the round it came in; NULL: its rows are where the window has them */
    /* rows that have to travel: one round is consumed while the next is under way */
    bool travels;
    dt_exchange *exchange;
    dt_round round[2];
    int current;              /* the one being consumed */
    int64_t round_deliveries; /* most of them in a round */
    dt_visit *visits, *spare; /* to this rank's rows of the window */
    int64_t visited;          /* those that rounds have dealt with */
};

/* ---- The schedule: deliveries in order, window by window ------------------------------------ */

static int64_t own_rows(const dt_loader *l)
{
    return l->window->begin[l->world->rank + 1] - l->window->begin[l->world->rank];
}

/* The window that the next delivery is in: the one it was in, the next, or, in memory, the only one
 * in the order of a new epoch. */
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
    l->visited = 0;
    if (l->travels) {
        int64_t begin = l->window->begin[l->world->rank], own = own_rows(l);
        dt_order_visits(&l->order, begin, begin + own, l->visits, l->spare);
        while (l->visited < own && l->window->first + l->visits[l->visited].position < l->position)
            l->visited++; /* before the step that the run starts with */
    }
}

static int64_t window_end(const dt_loader *l)
{
    return l->window->first + l->window->count;
}

/* Go to the window of the next delivery. Streamed windows of which nothing is used (of a last batch
 * that is left out) are passed over. */
static void find_window(dt_loader *l)
{
    while (!l->window || l->window_epoch < l->epoch || l->position >= window_end(l))
        enter_window(l);
}

/* The delivery that is next, in the window that is open. */
static dt_delivery next_delivery(const dt_loader *l)
{
    int64_t batch_end = l->step * l->cut.batch_size + dt_cut_batch(&l->cut, l->step);
    int64_t end = window_end(l) < batch_end ? window_end(l) : batch_end;
    return (dt_delivery){.epoch = l->epoch,
                         .step = l->step,
                         .begin = l->position,
                         .end = end,
                         .piece = l->piece,
                         .last = end == batch_end && l->piece == l->cut.pieces - 1};
}

static void advance(dt_loader *l, const dt_delivery *d)
{
    if (++l->piece < l->cut.pieces)
        return;
    l->piece = 0;
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

/* ---- Rounds --------------------------------------------------------------------------------- */

/* The deliveries of a round: all in the window that is open, and each whole. */
static void schedule_round(dt_loader *l, dt_round *r)
{
    int64_t epoch = l->epoch;
    r->deliveries = r->delivered = 0;
    do {
        dt_delivery d = next_delivery(l);
        r->delivery[r->deliveries++] = d;
        advance(l, &d);
    } while (r->deliveries < l->round_deliveries && l->cut.pieces == 1 && l->epoch == epoch &&
             l->steps_left != 0 && l->position < window_end(l));
}

/* Pack the round that comes next and send it on its way. */
static void start_round(dt_loader *l, dt_round *r)
{
    int64_t n = 0;
    find_window(l);
    schedule_round(l, r);
    int64_t end = r->delivery[r->deliveries - 1].end - l->window->first, own = own_rows(l);
    const dt_visit *visits = l->visits + l->visited;
    while (l->visited + n < own && visits[n].position < end)
        n++;
    dt_round_pack(r, &l->cut, l->dataset, l->window, &l->order, visits, n, l->world->rank);
    if (l->piece == 0)
        l->visited += n;
    dt_exchange_start(l->exchange, r->send, r->send_count, r->receive, r->receive_count);
}

/* ---- Creation ------------------------------------------------------------------------------- */

static bool rows_travel(const dt_world *world, const dt_dataset *d)
{
    return world->size > 1 && !d->window.all;
}

static dt_cut make_cut(const dt_dataset *d, const dt_loader_options *o, int ranks, bool travels)
{
    int64_t steps = dt_steps_per_epoch(d->rows, o->batch_size, o->drop_last);
    int64_t batch = o->batch_size < d->rows ? o->batch_size : d->rows;
    int64_t block = o->block > 0 ? o->block : 1;
    int64_t part = dt_batch_most(batch, block, ranks);
    int64_t fits = DELIVERY_BYTES / (d->features * (int64_t)sizeof(float)) + 1;
    if (fits > DT_EXCHANGE_RECORDS / ranks) /* of a delivery each rank may send to all */
        fits = DT_EXCHANGE_RECORDS / ranks;
    int64_t piece = part < fits || !travels ? part : fits;
    return (dt_cut){.positions = o->drop_last ? steps * batch : d->rows,
                    .batch_size = batch,
                    .block = block,
                    .ranks = ranks,
                    .piece = piece,
                    .pieces = (part + piece - 1) / piece};
}

static int64_t record_bytes(const dt_dataset *d)
{
    return dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d);
}

/* Deliveries that are sent together. */
static int64_t choose_deliveries(const dt_cut *cut, int64_t steps, int64_t record)
{
    int64_t fit = ROUND_BYTES / (record * cut->piece);
    if (fit > DT_EXCHANGE_RECORDS / cut->batch_size) /* all of a round may be one rank's */
        fit = DT_EXCHANGE_RECORDS / cut->batch_size;
    return cut->pieces > 1 || fit < 1 ? 1 : fit < steps ? fit : steps;
}

static dt_code create_rounds(dt_loader *l, int64_t own, dt_error *err)
{
    const dt_dataset *d = l->dataset;
    size_t record = (size_t)record_bytes(d);
    l->round_deliveries = choose_deliveries(&l->cut, l->steps, (int64_t)record);
    l->visits = dt_alloc(own, sizeof *l->visits, "the visits to the shard", err);
    l->spare = dt_alloc(own, sizeof *l->spare, "the visits to the shard", err);
    for (int i = 0; i < 2; i++)
        dt_round_init(&l->round[i], &l->cut, d, l->round_deliveries, own, err);
    return dt_exchange_create(l->world, record, &l->exchange, err);
}

/* In two rounds, out and in; of shuffled rows a rank sends about as many as it gets. */
double dt_loader_bytes(const dt_world *world, const dt_dataset *d, const dt_loader_options *o)
{
    if (!rows_travel(world, d))
        return 0;
    dt_cut cut = make_cut(d, o, world->size, true);
    int64_t deliveries = choose_deliveries(
        &cut, dt_steps_per_epoch(d->rows, o->batch_size, o->drop_last), record_bytes(d));
    double in = (double)deliveries * (double)cut.piece;
    double out = o->shuffle ? in : in * world->size;
    return 2 * (in + out) * ((double)record_bytes(d) + sizeof(int32_t));
}

static dt_code create(dt_loader *l, const dt_loader_options *o, dt_error *err)
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
    if (l->travels)
        create_rounds(l, own, err);
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
    l->travels = rows_travel(world, dataset);
    l->steps = dt_steps_per_epoch(dataset->rows, options->batch_size, options->drop_last);
    l->steps_left = options->total_steps > 0 ? options->total_steps - options->done_steps : -1;
    l->cut = make_cut(dataset, options, world->size, l->travels);
    l->epoch = options->done_steps / l->steps + 1;
    l->step = options->done_steps % l->steps;
    l->position = l->step * l->cut.batch_size;
    if (create(l, options, err)) {
        dt_loader_destroy(l);
        return err->code;
    }
    if (l->travels && l->steps_left != 0)
        start_round(l, &l->round[1]);
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
    dt_round_free(&l->round[0]);
    dt_round_free(&l->round[1]);
    dt_order_free(&l->order);
    free(l->visits);
    free(l->spare);
    free(l);
}

/* ---- Deliveries ----------------------------------------------------------------------------- */

enum { ADDRESSES = 128 }; /* rows found at a time, before they are copied */

static dt_row_address address_in_window(const dt_loader *l, int64_t row)
{
    const dt_window *w = l->window;
    int owner = l->world->size == 1 ? 0 : dt_window_owner(w, l->world->size, row);
    const dt_rows_of_rank *rows = &w->all[owner];
    row -= w->begin[owner];
    return (dt_row_address){.x = rows->x + row * dt_dataset_x_bytes(l->dataset),
                            .y = rows->y + row * dt_dataset_y_bytes(l->dataset)};
}

static void find_in_window(const dt_loader *l, int64_t position, int64_t n, dt_row_address *address)
{
    int64_t row[ADDRESSES];
    dt_order_rows(&l->order, position, n, row);
    for (int64_t i = 0; i < n; i++)
        address[i] = address_in_window(l, row[i]);
}

static dt_row_address address_in_round(const dt_loader *l, int64_t i)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(l->dataset);
    size_t y_bytes = (size_t)dt_dataset_y_bytes(l->dataset);
    const char *record = dt_round_record(l->taken, i, x_bytes + y_bytes);
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
        if (!l->taken)
            find_in_window(l, first + i, part, address);
        for (int64_t k = 0; k < part && l->taken; k++)
            address[k] = address_in_round(l, first + i + k);
        dt_gather_rows(l->dataset, address, part, x + i * stride, stride, (char *)y + i * y_bytes);
    }
}

/* The number in the run of the sample at this position of the epoch. */
static int64_t number_of(const dt_loader *l, const dt_delivery *delivery, int64_t position)
{
    return (delivery->epoch - 1) * l->dataset->rows + position;
}

/* Rows that this rank can read where they lie. */
static dt_samples deliver_window(dt_loader *l)
{
    find_window(l);
    dt_delivery delivery = next_delivery(l);
    dt_span span = dt_cut_span(&l->cut, &delivery, l->world->rank);
    dt_samples samples = {.count = span.end - span.begin,
                          .first = span.begin - delivery.step * l->cut.batch_size,
                          .source = {.fetch = fetch_rows, .from = l},
                          .last = delivery.last};
    samples.source.first = number_of(l, &delivery, span.begin);
    l->first = span.begin - l->window->first;
    advance(l, &delivery);
    return samples;
}

/* The current round is used up: the one under way becomes current, and the one after it starts. */
static void turn_rounds(dt_loader *l)
{
    dt_exchange_finish(l->exchange);
    l->current = !l->current;
    if (l->steps_left != 0)
        start_round(l, &l->round[!l->current]);
}

static dt_samples deliver_received(dt_loader *l)
{
    if (l->round[l->current].delivered == l->round[l->current].deliveries)
        turn_rounds(l);
    dt_round *r = &l->round[l->current];
    const dt_delivery *delivery = &r->delivery[r->delivered++];
    dt_span span = dt_cut_span(&l->cut, delivery, l->world->rank);
    l->taken = r;
    l->first = r->taken;
    r->taken += span.end - span.begin;
    return (dt_samples){
        .count = span.end - span.begin,
        .first = span.begin - delivery->step * l->cut.batch_size,
        .source = {.fetch = fetch_rows, .from = l, .first = number_of(l, delivery, span.begin)},
        .last = delivery->last};
}

dt_samples dt_loader_next(dt_loader *l)
{
    return l->travels ? deliver_received(l) : deliver_window(l);
}

int64_t dt_loader_window_rows(const dt_loader *l)
{
    return l->stream ? l->window_rows : 0;
}

dt_code dt_loader_check(const dt_loader *l, dt_error *err)
{
    return l->stream ? dt_stream_check(l->stream, err) : DT_OK;
}
