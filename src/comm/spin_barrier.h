/* A barrier of ranks that share memory, which costs them a cache line each. Each has a counter of
 * its own there, which is zero at first. */
#ifndef DT_COMM_SPIN_BARRIER_H
#define DT_COMM_SPIN_BARRIER_H

#include <dtrain/world.h>
#include <stdatomic.h>

typedef struct {
    const dt_world *world;
    atomic_uint **arrived; /* [ranks] borrowed */
    int ranks, self;
    int spins; /* before the core is offered to others, and MPI its turn */
    unsigned generation;
} dt_spin_barrier;

/* Not collective. A barrier that is all zero has no ranks. */
void dt_spin_barrier_init(dt_spin_barrier *gate, const dt_world *world, atomic_uint **arrived,
                          int ranks, int self);

/* One look more at what another rank of the node is to do, after so many in vain. */
void dt_spin_backoff(const dt_spin_barrier *gate, int polls);

/* Wait until all its ranks are here. What they wrote before is there for the others. */
void dt_spin_barrier_wait(dt_spin_barrier *gate);

#endif
