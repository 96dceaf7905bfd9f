#include "comm/async_sum.h"

#include <string.h>

typedef float float_there __attribute__((may_alias)); /* in memory that also holds integers */

void dt_add_values(dt_sum_kind kind, bool first, const int32_t *restrict values,
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
enum { MESSAGE_VALUES = 16000 };

static int64_t message_values(int64_t at, int64_t n)
{
    return n - at < MESSAGE_VALUES ? n - at : MESSAGE_VALUES;
}

static MPI_Request *request_at(dt_message_window *f, int64_t at)
{
    return &f->request[at / MESSAGE_VALUES % DT_MESSAGES_UNDER_WAY];
}

/* Whether another message can be under way. */
static bool has_room(const dt_message_window *f, int64_t n)
{
    return f->posted < n && f->posted - f->done < (DT_MESSAGES_UNDER_WAY - 1) * MESSAGE_VALUES;
}

/* Whether the first one that is under way has come to its end. */
static bool is_done(dt_message_window *f)
{
    int done = 0;
    if (f->done < f->posted)
        MPI_Test(request_at(f, f->done), &done, MPI_STATUS_IGNORE);
    return done;
}

/* Returns whether anything has been received; n values are to be. */
static bool receive_messages(dt_async_sum *t, const dt_sum_ranks *with, const dt_sum_step *s,
                             int64_t n, int32_t *values, int32_t *scratch)
{
    int32_t *to = (s->adds ? scratch : values) + s->receive.begin;
    dt_message_window *f = &t->in;
    for (; has_room(f, n); f->posted += message_values(f->posted, n))
        MPI_Irecv(to + f->posted, (int)message_values(f->posted, n), MPI_INT32_T, s->from, t->tag,
                  with->ranks, request_at(f, f->posted));
    if (!is_done(f))
        return false;
    if (s->adds)
        dt_add_values(with->kind, false, to + f->done, values + s->receive.begin + f->done,
                      message_values(f->done, n));
    f->done += message_values(f->done, n);
    return true;
}

static bool send_messages(dt_async_sum *t, const dt_sum_ranks *with, const dt_sum_step *s,
                          int64_t n, const int32_t *values)
{
    const int32_t *from = values + s->send.begin;
    dt_message_window *f = &t->out;
    for (; has_room(f, n); f->posted += message_values(f->posted, n))
        MPI_Isend(from + f->posted, (int)message_values(f->posted, n), MPI_INT32_T, s->to, t->tag,
                  with->ranks, request_at(f, f->posted));
    if (!is_done(f))
        return false;
    f->done += message_values(f->done, n);
    return true;
}

/* Returns whether the stage has ended. */
static bool run_step(dt_async_sum *t, const dt_sum_ranks *with, const dt_sum_step *s,
                     int32_t *values, int32_t *scratch)
{
    int64_t in = s->from < 0 ? 0 : s->receive.end - s->receive.begin;
    int64_t out = s->to < 0 ? 0 : s->send.end - s->send.begin;
    bool moved = true;
    while (moved) {
        moved = send_messages(t, with, s, out, values);
        moved = receive_messages(t, with, s, in, values, scratch) || moved;
    }
    if (t->in.done < in || t->out.done < out)
        return false;
    t->in.posted = t->in.done = t->out.posted = t->out.done = 0;
    t->step++;
    return true;
}

bool dt_async_sum_progress(dt_async_sum *t, const dt_sum_ranks *with, int32_t *values,
                           int32_t *scratch)
{
    int steps = dt_sum_schedule_steps(with->size);
    while (t->step < steps) {
        dt_sum_step s = dt_sum_schedule_step(with->rank, with->size, t->all, t->step);
        if (!run_step(t, with, &s, values, scratch))
            return false;
    }
    return true;
}
