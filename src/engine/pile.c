#include "engine/internal.h"

/* Returns how many, from *first on. */
static int64_t take(dt_pile *p, int64_t share, int64_t least, int64_t *first)
{
    long long next = atomic_load_explicit(&p->next, memory_order_relaxed);
    int64_t n;
    do {
        int64_t left = p->end - next;
        if (left <= 0)
            return 0;
        n = left / share;
        n = n < least ? least : n;
        n = n < left ? n : left;
    } while (!atomic_compare_exchange_weak_explicit(&p->next, &next, next + n, memory_order_relaxed,
                                                    memory_order_relaxed));
    *first = next;
    return n;
}

int dt_pile_take(dt_pile *piles, int threads, int thread, int64_t share, int64_t least,
                 int64_t *first, int64_t *n)
{
    for (int i = 0; i < threads; i++) {
        int owner = (thread + i) % threads;
        *n = take(&piles[owner], i == 0 ? share : INT64_MAX, least, first);
        if (*n > 0)
            return owner;
    }
    return -1;
}
