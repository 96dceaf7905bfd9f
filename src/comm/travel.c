#include "comm/travel.h"

#include <string.h>

typedef float float_there __attribute__((may_alias)); /* in memory that also holds integers */

void dt_travel_add(dt_sum_kind kind, bool first, const int32_t *restrict values,
                   int32_t *restrict sum, int64_t n)
{
    if (first) {
        memcpy(sum, values, (size_t)n * sizeof *sum);
    } else if (kind == DT_SUM_FLOAT) {
        const float_there *from = (const void *)values;
        float_there *to = (void *)sum;
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            to[i] += from[i];
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            sum[i] = (int32_t)((uint32_t)sum[i] + (uint32_t)values[i]);
    }
}

/* A message, at most: values that TCP within Open MPI sends without asking first. What asks waits
 * behind all that flows the other way, so that of long messages only one direction flows at a time,
 * at half the speed of the link. */
enum { MESSAGE = 16000 };

static int64_t message_of(int64_t at, int64_t n)
{
    return n - at < MESSAGE ? n - at : MESSAGE;
}

static MPI_Request *request_at(dt_travel_flow *f, int64_t at)
{
    return &f->request[at / MESSAGE % DT_TRAVEL_DEPTH];
}

/* Whether another message can be under way. */
static bool has_room(const dt_travel_flow *f, int64_t n)
{
    return f->posted < n && f->posted - f->done < (DT_TRAVEL_DEPTH - 1) * MESSAGE;
}

/* Whether the first one that is under way has come to its end. */
static bool is_done(dt_travel_flow *f)
{
    int done = 0;
    if (f->done < f->posted)
        MPI_Test(request_at(f, f->done), &done, MPI_STATUS_IGNORE);
    return done;
}

/* Returns whether anything has been received; n values are to be. */
static bool receive(dt_travel *t, const dt_travellers *with, const dt_stage *s, int64_t n,
                    int32_t *values, int32_t *room)
{
    int32_t *to = (s->adds ? room : values) + s->receive.begin;
    dt_travel_flow *f = &t->in;
    for (; has_room(f, n); f->posted += message_of(f->posted, n))
        MPI_Irecv(to + f->posted, (int)message_of(f->posted, n), MPI_INT32_T, s->from, t->tag,
                  with->ranks, request_at(f, f->posted));
    if (!is_done(f))
        return false;
    if (s->adds)
        dt_travel_add(with->kind, false, to + f->done, values + s->receive.begin + f->done,
                      message_of(f->done, n));
    f->done += message_of(f->done, n);
    return true;
}

static bool send(dt_travel *t, const dt_travellers *with, const dt_stage *s, int64_t n,
                 const int32_t *values)
{
    const int32_t *from = values + s->send.begin;
    dt_travel_flow *f = &t->out;
    for (; has_room(f, n); f->posted += message_of(f->posted, n))
        MPI_Isend(from + f->posted, (int)message_of(f->posted, n), MPI_INT32_T, s->to, t->tag,
                  with->ranks, request_at(f, f->posted));
    if (!is_done(f))
        return false;
    f->done += message_of(f->done, n);
    return true;
}

/* Returns whether the stage has ended. */
static bool proceed(dt_travel *t, const dt_travellers *with, const dt_stage *s, int32_t *values,
                    int32_t *room)
{
    int64_t in = s->from < 0 ? 0 : s->receive.end - s->receive.begin;
    int64_t out = s->to < 0 ? 0 : s->send.end - s->send.begin;
    bool moved = true;
    while (moved) {
        moved = send(t, with, s, out, values);
        moved = receive(t, with, s, in, values, room) || moved;
    }
    if (t->in.done < in || t->out.done < out)
        return false;
    t->in.posted = t->in.done = t->out.posted = t->out.done = 0;
    t->stage++;
    return true;
}

bool dt_travel_proceed(dt_travel *t, const dt_travellers *with, int32_t *values, int32_t *room)
{
    int stages = dt_route_stages(with->size);
    while (t->stage < stages) {
        dt_stage s = dt_route_stage(with->rank, with->size, t->all, t->stage);
        if (!proceed(t, with, &s, values, room))
            return false;
    }
    return true;
}
