/* A rank that is killed may leave the others waiting for ever: not every launcher ends them (srun
 * without --kill-on-bad-exit). So a rank that waits looks now and then whether all ranks of its
 * node are alive, and if not, it ends the run. The first to find it says so: another may be busy
 * for long. The ranks of other nodes are ended with it; one that is alone on its node is watched by
 * none.
 *
 * This holds only where every wait for a rank of the node looks. So from dt_liveness_begin on such a
 * call of MPI is one that only begins (MPI_Ibcast, MPI_Irecv), with dt_wait_for_request behind it. */
#ifndef DT_COMM_LIVENESS_H
#define DT_COMM_LIVENESS_H

#include <dtrain/world.h>

#include <mpi.h>

typedef struct dt_watched_process dt_watched_process;

typedef struct {
    dt_watched_process *of; /* [ranks of the node]; NULL: nobody is watched; owned */
    struct dt_shm *mark;    /* whether some rank has said it; NULL: each says it; owned */
    double look_at;         /* dt_clock_coarse: the next look */
    int missed;             /* looks that did not find some rank, one after the other */
} dt_liveness;

/* Find the ranks of the node. Collective. */
void dt_liveness_begin(dt_world *world);

/* Free what that has made. Not collective. */
void dt_liveness_end(dt_world *world);

/* To be called again and again by a rank that has waited for a while; it seldom does anything. Not
 * collective. */
void dt_liveness_check(const dt_world *world);

/* Wait for the end of a request, and look. Not collective. */
void dt_wait_for_request(const dt_world *world, MPI_Request *request);

#endif
