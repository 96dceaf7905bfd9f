#include "data/round.h"

#include "core/memory.h"
#include "data/batch.h"

#include <stdlib.h>
#include <string.h>

static int64_t batch_samples(const dt_cut *cut, int64_t step)
{
    int64_t left = cut->positions - step * cut->batch_size;
    return left < cut->batch_size ? left : cut->batch_size;
}

dt_span dt_cut_span(const dt_cut *cut, int64_t step, int64_t piece, int rank)
{
    dt_split split = dt_batch_split(batch_samples(cut, step), cut->ranks);
    int64_t begin = dt_split_begin(&split, rank) + piece * cut->piece;
    int64_t end = dt_split_begin(&split, rank + 1);
    int64_t base = step * cut->batch_size;
    if (begin > end)
        begin = end;
    if (end > begin + cut->piece)
        end = begin + cut->piece;
    return (dt_span){.begin = base + begin, .end = base + end};
}

static size_t record_bytes(const dt_dataset *d)
{
    return (size_t)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d));
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* In file order all of a round's rows may be one rank's, so there is room for that to be sent;
 * pages that are never used cost nothing. */
dt_code dt_round_init(dt_round *r, const dt_cut *cut, const dt_dataset *dataset, int64_t steps,
                      dt_error *err)
{
    int64_t out = smaller(smaller(steps * cut->batch_size, cut->positions), dataset->count);
    int64_t in = steps * cut->piece;
    memset(r, 0, sizeof *r);
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

static void find_destinations(dt_round *r, const dt_cut *cut, const dt_visit *visits, int64_t n)
{
    int64_t end_of_batch = -1, base = 0;
    dt_split split = {0};
    memset(r->send_count, 0, (size_t)cut->ranks * sizeof *r->send_count);
    for (int64_t i = 0; i < n; i++) {
        if (visits[i].position >= end_of_batch) {
            int64_t step = visits[i].position / cut->batch_size;
            split = dt_batch_split(batch_samples(cut, step), cut->ranks);
            base = step * cut->batch_size;
            end_of_batch = base + split.n;
        }
        int64_t sample = visits[i].position - base;
        int64_t rank = dt_split_owner(&split, sample);
        bool now =
            cut->pieces == 1 || (sample - dt_split_begin(&split, rank)) / cut->piece == r->piece;
        r->to[i] = now ? (int32_t)rank : -1;
        if (now)
            r->send_count[rank]++;
    }
}

static void copy_out(dt_round *r, const dt_cut *cut, const dt_dataset *d, const dt_visit *visits,
                     int64_t n)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    begins(r->send_count, r->next, cut->ranks);
    for (int64_t i = 0; i < n; i++) {
        if (r->to[i] < 0)
            continue;
        size_t row = (size_t)(visits[i].row - d->begin);
        char *record = r->send + (size_t)r->next[r->to[i]]++ * (x_bytes + y_bytes);
        memcpy(record, (const char *)d->x + row * x_bytes, x_bytes);
        memcpy(record + x_bytes, (const char *)d->y + row * y_bytes, y_bytes);
    }
}

static void find_sources(dt_round *r, const dt_cut *cut, const dt_dataset *d, const dt_order *order,
                         int rank)
{
    int64_t n = 0;
    memset(r->receive_count, 0, (size_t)cut->ranks * sizeof *r->receive_count);
    for (int64_t step = r->step; step < r->step + r->steps; step++) {
        dt_span mine = dt_cut_span(cut, step, r->piece, rank);
        for (int64_t position = mine.begin; position < mine.end; position++) {
            int32_t source = (int32_t)dt_split_owner(&d->split, dt_order_row(order, position));
            r->from[n++] = source;
            r->receive_count[source]++;
        }
    }
    begins(r->receive_count, r->next, cut->ranks);
    r->taken = 0;
}

void dt_round_pack(dt_round *r, const dt_cut *cut, const dt_dataset *dataset, const dt_order *order,
                   const dt_visit *visits, int64_t n_visits, int rank)
{
    find_destinations(r, cut, visits, n_visits);
    copy_out(r, cut, dataset, visits, n_visits);
    find_sources(r, cut, dataset, order, rank);
}

const char *dt_round_take(dt_round *r, size_t bytes)
{
    int32_t source = r->from[r->taken++];
    return r->receive + (size_t)r->next[source]++ * bytes;
}
