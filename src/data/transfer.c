#include "data/transfer.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "data/batch.h"
#include "data/prefetch.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARALLEL_BYTES = 1 << 17
}; /* of rows: below, one thread copies them before other threads wake */

int64_t dt_batch_plan_samples(const dt_batch_plan *plan, int64_t step)
{
    int64_t left = plan->positions - step * plan->batch_size;
    return left < plan->batch_size ? left : plan->batch_size;
}

dt_range dt_batch_plan_range(const dt_batch_plan *plan, const dt_batch_slice *d, int rank)
{
    dt_split split = dt_batch_split(dt_batch_plan_samples(plan, d->step), plan->block, plan->ranks);
    int64_t base = d->step * plan->batch_size;
    int64_t begin =
        dt_max(base + dt_split_begin(&split, rank), d->begin) + d->index * plan->slice_rows;
    int64_t end = dt_min(base + dt_split_begin(&split, rank + 1), d->end);
    end = dt_min(end, begin + plan->slice_rows);
    return (dt_range){.begin = begin, .end = dt_max(begin, end)};
}

static size_t record_bytes(const dt_dataset *d)
{
    return (size_t)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d));
}

/* Without shuffling one rank may own every row of a transfer: so the memory for sending has that
 * size. Pages that are never used cost nothing. */
dt_code dt_transfer_init(dt_transfer *r, const dt_batch_plan *plan, const dt_dataset *dataset,
                         int64_t n_slices, int64_t own_rows, dt_error *err)
{
    int64_t out = dt_min(n_slices * plan->batch_size, own_rows);
    int64_t in = n_slices * plan->slice_rows;
    memset(r, 0, sizeof *r);
    r->slice = dt_alloc(n_slices, sizeof *r->slice, "the slices", err);
    r->send = dt_alloc(out, record_bytes(dataset), "rows to send", err);
    r->to = dt_alloc(out, sizeof *r->to, "rows to send", err);
    r->receive = dt_alloc(in, record_bytes(dataset), "rows to receive", err);
    r->from = dt_alloc(in, sizeof *r->from, "rows to receive", err);
    r->send_count = dt_alloc(plan->ranks, sizeof *r->send_count, "counts of rows", err);
    r->receive_count = dt_alloc(plan->ranks, sizeof *r->receive_count, "counts of rows", err);
    r->next = dt_alloc(plan->ranks, sizeof *r->next, "counts of rows", err);
    return err->code;
}

void dt_transfer_free(dt_transfer *r)
{
    free(r->slice);
    free(r->send);
    free(r->to);
    free(r->receive);
    free(r->from);
    free(r->send_count);
    free(r->receive_count);
    free(r->next);
    memset(r, 0, sizeof *r);
}

static void find_begins(const int64_t *count, int64_t *begin, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        begin[i] = sum;
        sum += count[i];
    }
}

/* The rank that computes the sample at a position; -1: it belongs to another slice. */
static int32_t find_consumer(const dt_batch_plan *plan, const dt_batch_slice *d,
                             const dt_split *batch, int64_t position)
{
    int64_t base = d->step * plan->batch_size;
    int64_t rank = dt_split_owner(batch, position - base);
    if (plan->slices == 1)
        return (int32_t)rank;
    int64_t begin = dt_max(base + dt_split_begin(batch, rank), d->begin);
    return (position - begin) / plan->slice_rows == d->index ? (int32_t)rank : -1;
}

/* Replace ranks by numbers of records: records lie in the order of the ranks, and for each rank in
 * the order in which they come.
 *   rank  [in,out] [n] */
static void assign_records(dt_transfer *r, const int64_t *count, int ranks, int32_t *rank,
                           int64_t n)
{
    find_begins(count, r->next, ranks);
    for (int64_t i = 0; i < n; i++)
        if (rank[i] >= 0)
            rank[i] = (int32_t)r->next[rank[i]]++;
}

static void find_destinations(dt_transfer *r, const dt_batch_plan *plan, int64_t first,
                              const dt_scheduled_row *scheduled, int64_t n)
{
    const dt_batch_slice *d = r->slice;
    dt_split batch = dt_batch_split(dt_batch_plan_samples(plan, d->step), plan->block, plan->ranks);
    memset(r->send_count, 0, (size_t)plan->ranks * sizeof *r->send_count);
    for (int64_t i = 0; i < n; i++) {
        int64_t position = first + scheduled[i].position;
        while (position >= d->end) {
            d++;
            batch = dt_batch_split(dt_batch_plan_samples(plan, d->step), plan->block, plan->ranks);
        }
        r->to[i] = find_consumer(plan, d, &batch, position);
        if (r->to[i] >= 0)
            r->send_count[r->to[i]]++;
    }
    assign_records(r, r->send_count, plan->ranks, r->to, n);
}

static void copy_out(const dt_transfer *r, const dt_dataset *d, const dt_window *w,
                     const dt_scheduled_row *scheduled, int64_t n, int rank)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    const char *x = w->x, *y = w->y;
#pragma omp parallel for if ((size_t)n * x_bytes > PARALLEL_BYTES)
    for (int64_t i = 0; i < n; i++) {
        if (i + DT_PREFETCH_AHEAD < n)
            dt_prefetch_row(dt_dataset_x_of(d, w, rank, x, scheduled[i + DT_PREFETCH_AHEAD].row),
                            x_bytes);
        if (r->to[i] < 0)
            continue;
        size_t row = (size_t)(scheduled[i].row - w->begin[rank]);
        char *record = r->send + (size_t)r->to[i] * (x_bytes + y_bytes);
        memcpy(record, dt_dataset_x_of(d, w, rank, x, scheduled[i].row), x_bytes);
        memcpy(record + x_bytes, y + row * y_bytes, y_bytes);
    }
}

static void find_sources(dt_transfer *r, const dt_batch_plan *plan, const dt_window *w,
                         const dt_order *order, int rank)
{
    int64_t n = 0;
    memset(r->receive_count, 0, (size_t)plan->ranks * sizeof *r->receive_count);
    for (int64_t i = 0; i < r->n_slices; i++) {
        dt_range mine = dt_batch_plan_range(plan, &r->slice[i], rank);
        for (int64_t position = mine.begin; position < mine.end; position++) {
            int64_t row = dt_order_row(order, position - w->first);
            int32_t source = dt_window_owner(w, plan->ranks, row);
            r->from[n++] = source;
            r->receive_count[source]++;
        }
    }
    assign_records(r, r->receive_count, plan->ranks, r->from, n);
    r->consumed = 0;
}

void dt_transfer_pack(dt_transfer *r, const dt_batch_plan *plan, const dt_dataset *dataset,
                      const dt_window *window, const dt_order *order,
                      const dt_scheduled_row *scheduled, int64_t n_scheduled, int rank)
{
    find_destinations(r, plan, window->first, scheduled, n_scheduled);
    copy_out(r, dataset, window, scheduled, n_scheduled, rank);
    find_sources(r, plan, window, order, rank);
}
