#include "comm/gate.h"

#include "comm/internal.h"

#include <sched.h>
#include <unistd.h>

enum { SPINS = 500, EAGER = 50 }; /* these without a pause: on quiet cores ranks meet so */

void dt_gate_init(dt_gate *g, const dt_world *world, atomic_uint **arrived, int ranks, int self)
{
    *g = (dt_gate){.world = world, .arrived = arrived, .ranks = ranks, .self = self};
    /* none where the one that is waited for may want this core */
    g->spins = world->node_size > sysconf(_SC_NPROCESSORS_ONLN) ? 0 : SPINS;
}

/* Rows may be on their way between the ranks meanwhile: these need MPI's attention. */
void dt_gate_patience(const dt_gate *g, int looks)
{
    int flag;
    if (looks < 0)
        return;
    if (looks < g->spins) {
#if defined __x86_64__ || defined __i386__
        __builtin_ia32_pause();
#endif
        return;
    }
    if (looks % 16 == 0) {
        dt_watch_look(g->world);
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, g->world->comm->exchange, &flag, MPI_STATUS_IGNORE);
    }
    sched_yield();
}

void dt_gate_pass(dt_gate *g)
{
    unsigned turn = ++g->turn;
    atomic_store_explicit(g->arrived[g->self], turn, memory_order_release);
    for (int i = 0; i < g->ranks; i++)
        for (int looks = -EAGER;
             (int)(atomic_load_explicit(g->arrived[i], memory_order_acquire) - turn) < 0;
             looks = looks < 1 << 30 ? looks + 1 : g->spins)
            dt_gate_patience(g, looks);
}
