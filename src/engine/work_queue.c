/* Work stealing: see dt_work_queue. */
#include "engine/internal.h"

/* Take from one queue. Returns the number of pieces, which begin at *first. */
static int64_t take_chunk(dt_work_queue *q, int64_t divisor, int64_t min, int64_t *first)
{
    long long next = atomic_load_explicit(&q->next, memory_order_relaxed);
    int64_t n;
    do {
        int64_t left = q->end - next;
        if (left <= 0)
            return 0;
        n = left / divisor;
        n = n < min ? min : n;
        n = n < left ? n : left;
    } while (!atomic_compare_exchange_weak_explicit(&q->next, &next, next + n, memory_order_relaxed,
                                                    memory_order_relaxed));
    *first = next;
    return n;
}

int dt_work_queue_take_chunk(dt_work_queue *queues, int threads, int thread, int64_t divisor,
                             int64_t min, int64_t *first, int64_t *n)
{
    for (int i = 0; i < threads; i++) {
        int owner = (thread + i) % threads;
        *n = take_chunk(&queues[owner], i == 0 ? divisor : INT64_MAX, min, first);
        if (*n > 0)
            return owner;
    }
    return -1;
}
