#include "data/round.h"

#include "core/memory.h"
#include "data/batch.h"
#include "data/prefetch.h"

#include <stdlib.h>
#include <string.h>

enum { PARALLEL_BYTES = 1 << 17 }; /* below, one thread has copied them before others wake */

int64_t dt_cut_batch(const dt_cut *cut, int64_t step)
{
    int64_t left = cut->positions - step * cut->batch_size;
    return left < cut->batch_size ? left : cut->batch_size;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

dt_span dt_cut_span(const dt_cut *cut, const dt_delivery *d, int rank)
{
    dt_split split = dt_batch_split(dt_cut_batch(cut, d->step), cut->block, cut->ranks);
    int64_t base = d->step * cut->batch_size;
    int64_t begin = larger(base + dt_split_begin(&split, rank), d->begin) + d->piece * cut->piece;
    int64_t end = smaller(base + dt_split_begin(&split, rank + 1), d->end);
    end = smaller(end, begin + cut->piece);
    return (dt_span){.begin = begin, .end = larger(begin, end)};
}

static size_t record_bytes(const dt_dataset *d)
{
    return (size_t)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d));
}

/* In file order all of a round's rows may be one rank's, so there is room for that to be sent;
 * pages that are never used cost nothing. */
dt_code dt_round_init(dt_round *r, const dt_cut *cut, const dt_dataset *dataset, int64_t deliveries,
                      int64_t own_rows, dt_error *err)
{
    int64_t out = smaller(deliveries * cut->batch_size, own_rows);
    int64_t in = deliveries * cut->piece;
    memset(r, 0, sizeof *r);
    r->delivery = dt_alloc(deliveries, sizeof *r->delivery, "the deliveries", err);
    r->send = dt_alloc(out, record_bytes(dataset), "rows to send", err);
    r->to = dt_alloc(out, sizeof *r->to, "rows to send", err);
    r->receive = dt_alloc(in, record_bytes(dataset), "rows to receive", err);
    r->from = dt_alloc(in, sizeof *r->from, "rows to receive", err);
    r->send_count = dt_alloc(cut->ranks, sizeof *r->send_count, "counts of rows", err);
    r->receive_count = dt_alloc(cut->ranks, sizeof *r->receive_count, "counts of rows", err);
    r->next = dt_alloc(cut->ranks, sizeof *r->next, "counts of rows", err);
    return err->code;
}

void dt_round_free(dt_round *r)
{
    free(r->delivery);
    free(r->send);
    free(r->to);
    free(r->receive);
    free(r->from);
    free(r->send_count);
    free(r->receive_count);
    free(r->next);
    memset(r, 0, sizeof *r);
}

static void begins(const int64_t *count, int64_t *begin, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        begin[i] = sum;
        sum += count[i];
    }
}

/* The rank that consumes a position of a delivery, or -1 if it does in another piece. */
static int32_t consumer(const dt_cut *cut, const dt_delivery *d, const dt_split *batch,
                        int64_t position)
{
    int64_t base = d->step * cut->batch_size;
    int64_t rank = dt_split_owner(batch, position - base);
    if (cut->pieces == 1)
        return (int32_t)rank;
    int64_t begin = larger(base + dt_split_begin(batch, rank), d->begin);
    return (position - begin) / cut->piece == d->piece ? (int32_t)rank : -1;
}

/* rank [n] becomes record: records lie by rank, and of each in the order that they come in. */
static void assign_records(dt_round *r, const int64_t *count, int ranks, int32_t *rank, int64_t n)
{
    begins(count, r->next, ranks);
    for (int64_t i = 0; i < n; i++)
        if (rank[i] >= 0)
            rank[i] = (int32_t)r->next[rank[i]]++;
}

static void find_destinations(dt_round *r, const dt_cut *cut, int64_t first, const dt_visit *visits,
                              int64_t n)
{
    const dt_delivery *d = r->delivery;
    dt_split batch = dt_batch_split(dt_cut_batch(cut, d->step), cut->block, cut->ranks);
    memset(r->send_count, 0, (size_t)cut->ranks * sizeof *r->send_count);
    for (int64_t i = 0; i < n; i++) {
        int64_t position = first + visits[i].position;
        while (position >= d->end) {
            d++;
            batch = dt_batch_split(dt_cut_batch(cut, d->step), cut->block, cut->ranks);
        }
        r->to[i] = consumer(cut, d, &batch, position);
        if (r->to[i] >= 0)
            r->send_count[r->to[i]]++;
    }
    assign_records(r, r->send_count, cut->ranks, r->to, n);
}

static void copy_out(const dt_round *r, const dt_dataset *d, const dt_window *w,
                     const dt_visit *visits, int64_t n, int rank)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    const char *x = w->x, *y = w->y;
#pragma omp parallel for if ((size_t)n * x_bytes > PARALLEL_BYTES)
    for (int64_t i = 0; i < n; i++) {
        if (i + DT_PREFETCH_AHEAD < n)
            dt_prefetch_row(x + (size_t)(visits[i + DT_PREFETCH_AHEAD].row - w->begin[rank]) *
                                    x_bytes,
                            x_bytes);
        if (r->to[i] < 0)
            continue;
        size_t row = (size_t)(visits[i].row - w->begin[rank]);
        char *record = r->send + (size_t)r->to[i] * (x_bytes + y_bytes);
        memcpy(record, x + row * x_bytes, x_bytes);
        memcpy(record + x_bytes, y + row * y_bytes, y_bytes);
    }
}

static void find_sources(dt_round *r, const dt_cut *cut, const dt_window *w, const dt_order *order,
                         int rank)
{
    int64_t n = 0;
    memset(r->receive_count, 0, (size_t)cut->ranks * sizeof *r->receive_count);
    for (int64_t i = 0; i < r->deliveries; i++) {
        dt_span mine = dt_cut_span(cut, &r->delivery[i], rank);
        for (int64_t position = mine.begin; position < mine.end; position++) {
            int64_t row = dt_order_row(order, position - w->first);
            int32_t source = dt_window_owner(w, cut->ranks, row);
            r->from[n++] = source;
            r->receive_count[source]++;
        }
    }
    assign_records(r, r->receive_count, cut->ranks, r->from, n);
    r->taken = 0;
}

void dt_round_pack(dt_round *r, const dt_cut *cut, const dt_dataset *dataset,
                   const dt_window *window, const dt_order *order, const dt_visit *visits,
                   int64_t n_visits, int rank)
{
    find_destinations(r, cut, window->first, visits, n_visits);
    copy_out(r, dataset, window, visits, n_visits, rank);
    find_sources(r, cut, window, order, rank);
}
