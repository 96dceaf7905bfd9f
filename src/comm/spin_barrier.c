#include "comm/spin_barrier.h"

#include "comm/internal.h"

#include <sched.h>
#include <unistd.h>

enum { SPINS = 500, EAGER = 50 }; /* polls; the EAGER ones come first, without a pause */

void dt_spin_barrier_init(dt_spin_barrier *g, const dt_world *world, atomic_uint **arrived,
                          int ranks, int self)
{
    *g = (dt_spin_barrier){.world = world, .arrived = arrived, .ranks = ranks, .self = self};
    /* none where the one that is waited for may want this core */
    g->spins = world->node_size > sysconf(_SC_NPROCESSORS_ONLN) ? 0 : SPINS;
}

/* An exchange of rows may be under way, and MPI makes progress only within its calls: so it is
 * polled. */
void dt_spin_backoff(const dt_spin_barrier *g, int polls)
{
    int flag;
    if (polls < 0)
        return;
    if (polls < g->spins) {
#if defined __x86_64__ || defined __i386__
        __builtin_ia32_pause();
#endif
        return;
    }
    if (polls % 16 == 0) {
        dt_liveness_check(g->world);
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, g->world->comm->exchange, &flag, MPI_STATUS_IGNORE);
    }
    sched_yield();
}

void dt_spin_barrier_wait(dt_spin_barrier *g)
{
    unsigned generation = ++g->generation;
    atomic_store_explicit(g->arrived[g->self], generation, memory_order_release);
    for (int i = 0; i < g->ranks; i++)
        for (int polls = -EAGER;
             (int)(atomic_load_explicit(g->arrived[i], memory_order_acquire) - generation) < 0;
             polls = polls < 1 << 30 ? polls + 1 : g->spins)
            dt_spin_backoff(g, polls);
}
