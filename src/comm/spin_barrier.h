/* A barrier of ranks that share memory. Each rank has a counter in a cache line of its own, which
 * is zero at first; it counts the barriers that the rank has reached. */
#ifndef DT_COMM_SPIN_BARRIER_H
#define DT_COMM_SPIN_BARRIER_H

#include <dtrain/world.h>
#include <stdatomic.h>

typedef struct {
    const dt_world *world;
    atomic_uint **arrived; /* [ranks] the counters; borrowed */
    int ranks, self;
    int spins;           /* polls before the core is offered to others and MPI is polled */
    unsigned generation; /* barriers that this rank has reached */
} dt_spin_barrier;

/* Not collective. A barrier that is all zero has no ranks. */
void dt_spin_barrier_init(dt_spin_barrier *g, const dt_world *world, atomic_uint **arrived,
                          int ranks, int self);

/* Back off after `polls` unsuccessful polls of another rank's memory: first pause, then poll MPI
 * and the other ranks' processes, and yield the core. */
void dt_spin_backoff(const dt_spin_barrier *g, int polls);

/* Wait until all ranks are here. Afterwards each rank sees what the others wrote before. */
void dt_spin_barrier_wait(dt_spin_barrier *g);

#endif
