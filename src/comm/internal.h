/* What the files of this room share. */
#ifndef DT_COMM_INTERNAL_H
#define DT_COMM_INTERNAL_H

#include "comm/liveness.h"
#include <dtrain/world.h>
#include <mpi.h>
#include <stdbool.h>

/* Messages between two ranks: each protocol has its tags, as they may be under way together. */
enum {
    DT_TAG_SUM = 0,
    DT_TAG_SUMS = 64 /* so many, from that one on */,
    DT_TAG_GATHER,
    DT_TAG_WATCH
};

struct dt_comm {
    MPI_Comm all;      /* for the steps of the caller's thread */
    MPI_Comm exchange; /* for rows that travel meanwhile */
    MPI_Comm node;     /* the ranks that share memory with this one */
    MPI_Comm
        cross_node; /* those of this number on their node, one on each; none: not every node has */
    int min_node_size; /* ranks of the smallest node */
    dt_liveness watch;
    bool started_mpi;
};

/* A world of these ranks, that neither starts nor ends MPI. Collective over them; ranks is
 * borrowed. To be ended with dt_world_end.
 *   node  MPI_UNDEFINED: as the system has them; else a number of this rank's node, on all ranks */
dt_code dt_world_of(dt_world *world, MPI_Comm ranks, int node, dt_error *err);

#endif
