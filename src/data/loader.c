#include "data/loader.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "data/order.h"
#include "data/round.h"

#include <stdlib.h>
#include <string.h>

enum { DELIVERY_BYTES = 32 << 20, ROUND_BYTES = 1 << 20 };

struct dt_loader {
    const dt_world *world;
    const dt_dataset *dataset;
    dt_order order;
    dt_cut cut;
    int64_t steps; /* per epoch */
    float *x;      /* [piece,features] the delivery */
    char *y;       /* [piece] */
    /* one rank alone: where it is */
    int64_t epoch, step, piece; /* of the next delivery; step and piece from 0 */
    /* several ranks: one round is consumed while the next is under way */
    dt_exchange *exchange;
    dt_round round[2];
    int current;                   /* the one being consumed */
    int64_t round_steps;           /* batches to a round */
    int64_t next_step, next_piece; /* where the round after the one under way begins */
    int64_t next_epoch;
    dt_visit *visits, *spare; /* [count] to this rank's rows in next_epoch */
    int64_t visited;          /* those that rounds have dealt with */
};

static dt_cut make_cut(const dt_loader *l, const dt_loader_options *o, int ranks)
{
    const dt_dataset *d = l->dataset;
    int64_t batch = o->batch_size < d->rows ? o->batch_size : d->rows;
    int64_t part = (batch + ranks - 1) / ranks; /* the largest part that a rank can have */
    int64_t fits = DELIVERY_BYTES / (d->features * (int64_t)sizeof(float)) + 1;
    int64_t piece = part < fits ? part : fits;
    return (dt_cut){.positions = o->drop_last ? l->steps * batch : d->rows,
                    .batch_size = batch,
                    .ranks = ranks,
                    .piece = piece,
                    .pieces = (part + piece - 1) / piece};
}

static void begin_epoch_of_rounds(dt_loader *l)
{
    const dt_dataset *d = l->dataset;
    dt_order_begin_epoch(&l->order, l->next_epoch);
    dt_order_visits(&l->order, d->begin, d->begin + d->count, l->visits, l->spare);
    l->visited = 0;
}

static void advance_rounds(dt_loader *l, const dt_round *r)
{
    if (++l->next_piece < l->cut.pieces)
        return;
    l->next_piece = 0;
    l->next_step = r->step + r->steps;
    if (l->next_step == l->steps) {
        l->next_step = 0;
        l->next_epoch++;
    }
}

/* Pack the round that comes next and send it on its way. */
static void start_round(dt_loader *l, dt_round *r)
{
    if (l->next_step == 0 && l->next_piece == 0)
        begin_epoch_of_rounds(l);
    int64_t left = l->steps - l->next_step;
    r->step = l->next_step;
    r->steps = left < l->round_steps ? left : l->round_steps;
    r->piece = l->next_piece;
    int64_t end = (r->step + r->steps) * l->cut.batch_size, n = 0;
    const dt_visit *visits = l->visits + l->visited;
    if (end > l->cut.positions)
        end = l->cut.positions;
    while (l->visited + n < l->dataset->count && visits[n].position < end)
        n++;
    dt_round_pack(r, &l->cut, l->dataset, &l->order, visits, n, l->world->rank);
    advance_rounds(l, r);
    if (l->next_piece == 0)
        l->visited += n;
    dt_exchange_start(l->exchange, r->send, r->send_count, r->receive, r->receive_count);
}

static dt_code create_rounds(dt_loader *l, dt_error *err)
{
    const dt_dataset *d = l->dataset;
    size_t record = (size_t)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d));
    int64_t fit = ROUND_BYTES / ((int64_t)record * l->cut.piece);
    l->round_steps = l->cut.pieces > 1 || fit < 1 ? 1 : fit < l->steps ? fit : l->steps;
    l->next_epoch = 1;
    l->visits = dt_alloc(d->count, sizeof *l->visits, "the visits to the shard", err);
    l->spare = dt_alloc(d->count, sizeof *l->spare, "the visits to the shard", err);
    for (int i = 0; i < 2; i++)
        dt_round_init(&l->round[i], &l->cut, d, l->round_steps, err);
    return dt_exchange_create(l->world, record, &l->exchange, err);
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
    l->epoch = 1;
    l->steps = dt_steps_per_epoch(dataset->rows, options->batch_size, options->drop_last);
    l->cut = make_cut(l, options, world->size);
    dt_order_init(&l->order, dataset->rows, options->seed, options->shuffle, err);
    l->x = dt_alloc(l->cut.piece * dataset->features, sizeof *l->x, "the samples of a batch", err);
    l->y =
        dt_alloc(l->cut.piece, (size_t)dt_dataset_y_bytes(dataset), "the samples of a batch", err);
    if (world->size > 1 ? create_rounds(l, err) : err->code) {
        dt_loader_destroy(l);
        return err->code;
    }
    if (world->size > 1)
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
    dt_round_free(&l->round[0]);
    dt_round_free(&l->round[1]);
    dt_order_free(&l->order);
    free(l->visits);
    free(l->spare);
    free(l->x);
    free(l->y);
    free(l);
}

/* A row of x as the model sees it. */
static void unpack_x(const dt_dataset *d, const char *x, float *out)
{
    if (d->x_is_bytes) {
        dt_unit_from_bytes((const uint8_t *)x, d->features, out);
        dt_normalizer_apply(d->normalizer, 1, out);
    } else {
        memcpy(out, x, (size_t)d->features * sizeof *out);
    }
}

/* One rank has every row: it gathers those of the delivery, or points at them where they lie. */
static dt_samples deliver_own(dt_loader *l, dt_span span)
{
    const dt_dataset *d = l->dataset;
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    int64_t count = span.end - span.begin;
    const char *x = d->x, *y = d->y;
    if (!l->order.shuffle && !d->x_is_bytes)
        return (dt_samples){.count = count,
                            .x = (const float *)d->x + span.begin * d->features,
                            .y = y + (size_t)span.begin * y_bytes};
#pragma omp parallel for if ((size_t)count * x_bytes > 1 << 17)
    for (int64_t i = 0; i < count; i++) {
        size_t row = (size_t)dt_order_row(&l->order, span.begin + i);
        unpack_x(d, x + row * x_bytes, l->x + i * d->features);
        memcpy(l->y + (size_t)i * y_bytes, y + row * y_bytes, y_bytes);
    }
    return (dt_samples){.count = count, .x = l->x, .y = l->y};
}

static dt_samples deliver_received(dt_loader *l, dt_span span)
{
    const dt_dataset *d = l->dataset;
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    dt_round *r = &l->round[l->current];
    for (int64_t i = 0; i < span.end - span.begin; i++) {
        const char *record = dt_round_take(r, x_bytes + y_bytes);
        unpack_x(d, record, l->x + i * d->features);
        memcpy(l->y + (size_t)i * y_bytes, record + x_bytes, y_bytes);
    }
    return (dt_samples){.count = span.end - span.begin, .x = l->x, .y = l->y};
}

/* The current round is used up: the one under way becomes current, and the one after it starts. */
static void turn_rounds(dt_loader *l)
{
    dt_exchange_finish(l->exchange);
    l->current = !l->current;
    start_round(l, &l->round[!l->current]);
}

static bool round_begins(const dt_loader *l)
{
    return l->cut.pieces > 1 || l->step % l->round_steps == 0;
}

static void advance(dt_loader *l)
{
    if (++l->piece < l->cut.pieces)
        return;
    l->piece = 0;
    if (++l->step < l->steps)
        return;
    l->step = 0;
    l->epoch++;
}

dt_samples dt_loader_next(dt_loader *l)
{
    dt_samples samples;
    dt_span span = dt_cut_span(&l->cut, l->step, l->piece, l->world->rank);
    if (l->world->size > 1) {
        if (round_begins(l))
            turn_rounds(l);
        samples = deliver_received(l, span);
    } else {
        if (l->step == 0 && l->piece == 0)
            dt_order_begin_epoch(&l->order, l->epoch);
        samples = deliver_own(l, span);
    }
    advance(l);
    samples.last = l->piece == 0;
    return samples;
}
