/* A barrier for ranks that share memory. Each rank has a counter in a cache line of its own. It is
 * zero at first, and counts the barriers that the rank has reached. */
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

/* Make a barrier. Not collective. A struct of zeros is a barrier without ranks.
 *   arrived  [ranks] the ranks' counters, borrowed
 *   self     the number of this rank among them */
void dt_spin_barrier_init(dt_spin_barrier *g, const dt_world *world, atomic_uint **arrived,
                          int ranks, int self);

/* Back off after `polls` unsuccessful polls of another rank's memory. At first it only pauses;
 * later it polls MPI, checks the other ranks' processes, and yields the core. Not collective. */
void dt_spin_backoff(const dt_spin_barrier *g, int polls);

/* Wait until all ranks have reached the barrier. Afterwards each rank sees the values that the
 * others wrote before it. Collective over the ranks of the barrier. */
void dt_spin_barrier_wait(dt_spin_barrier *g);

#endif
