/* Declarations that only the files of comm/ use. */
#ifndef DT_COMM_INTERNAL_H
#define DT_COMM_INTERNAL_H

#include "comm/liveness.h"
#include <dtrain/world.h>
#include <mpi.h>
#include <stdbool.h>

/* Tags of messages between two ranks. Each protocol has its own tags, since messages of several
 * protocols may be open at the same time. The sums use the tags [DT_TAG_SUM, DT_TAG_SUMS). */
enum { DT_TAG_SUM = 0, DT_TAG_SUMS = 64, DT_TAG_GATHER, DT_TAG_WATCH };

struct dt_comm {
    MPI_Comm all;        /* all ranks, for everything except rows */
    MPI_Comm exchange;   /* all ranks, for rows that are exchanged at the same time */
    MPI_Comm node;       /* the ranks that share memory with this one */
    MPI_Comm cross_node; /* the rank of each node that has the same number on its node as this one;
                            MPI_COMM_NULL: some node has no such rank */
    int min_node_size;   /* the smallest number of ranks on a node */
    dt_liveness watch;
    bool started_mpi; /* dt_world_end ends MPI */
};

/* Make a world of these ranks, without starting or ending MPI. Collective over `ranks`. The caller
 * calls dt_world_end.
 *   ranks  borrowed
 *   node   the number of this rank's node; MPI_UNDEFINED on all ranks: MPI finds the nodes */
dt_code dt_world_of(dt_world *world, MPI_Comm ranks, int node, dt_error *err);

#endif
