/* A barrier of ranks that share memory, which costs them a cache line each. Each has a counter of
 * its own there, which is zero at first. */
#ifndef DT_COMM_GATE_H
#define DT_COMM_GATE_H

#include <dtrain/world.h>
#include <stdatomic.h>

typedef struct {
    const dt_world *world;
    atomic_uint **arrived; /* [ranks] borrowed */
    int ranks, self;
    int spins; /* before the core is offered to others, and MPI its turn */
    unsigned turn;
} dt_gate;

/* Not collective. A gate that is all zero has no ranks. */
void dt_gate_init(dt_gate *gate, const dt_world *world, atomic_uint **arrived, int ranks, int self);

/* One look more at what another rank of the node is to do, after so many in vain. */
void dt_gate_patience(const dt_gate *gate, int looks);

/* Wait until all its ranks are here. What they wrote before is there for the others. */
void dt_gate_pass(dt_gate *gate);

#endif
