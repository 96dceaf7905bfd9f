/* What the files of comm/ share. */
#ifndef DT_COMM_INTERNAL_H
#define DT_COMM_INTERNAL_H

#include "comm/liveness.h"
#include <dtrain/world.h>
#include <mpi.h>
#include <stdbool.h>

/* Tags of messages between two ranks. Each protocol has its own, since messages of several may be
 * under way at the same time. */
enum {
    DT_TAG_SUM = 0,
    DT_TAG_SUMS = 64 /* the sums use so many tags, from DT_TAG_SUM on */,
    DT_TAG_GATHER,
    DT_TAG_WATCH
};

struct dt_comm {
    MPI_Comm all;        /* all ranks, for the steps of the caller's thread */
    MPI_Comm exchange;   /* all ranks, for rows that are exchanged at the same time */
    MPI_Comm node;       /* the ranks that share memory with this one */
    MPI_Comm cross_node; /* one rank of each node: those with this rank's number on its node;
                            MPI_COMM_NULL: some node has no such rank */
    int min_node_size;   /* ranks of the node with the fewest */
    dt_liveness watch;
    bool started_mpi;
};

/* A world of these ranks that neither starts nor ends MPI. Collective over `ranks`, which is
 * borrowed. The world is to be ended with dt_world_end.
 *   node  MPI_UNDEFINED on all ranks: the system knows the nodes; else the number of this rank's
 *         node */
dt_code dt_world_of(dt_world *world, MPI_Comm ranks, int node, dt_error *err);

#endif
