/* Whether the other ranks are alive. A rank that is killed may leave the others waiting for ever,
 * since not every launcher ends them (srun without --kill-on-bad-exit does not). So a rank that
 * waits checks now and then whether the processes of all ranks of its node are alive. If not, it
 * ends the run, and MPI then ends the ranks of other nodes. The first rank that finds it says so;
 * another may be busy for long. A rank that is alone on its node is checked by none.
 *
 * This holds only where every wait for a rank of the node checks. So from dt_liveness_begin on,
 * such a call of MPI is one that only begins (MPI_Ibcast, MPI_Irecv), and dt_wait_for_request
 * waits. */
#ifndef DT_COMM_LIVENESS_H
#define DT_COMM_LIVENESS_H

#include <dtrain/world.h>

#include <mpi.h>

typedef struct dt_watched_process dt_watched_process;

typedef struct {
    dt_watched_process *of; /* [ranks of the node]; NULL: no rank is checked; owned */
    struct dt_shm *mark;    /* whether some rank has said it; NULL: each says it; owned */
    double next_check;      /* dt_clock_coarse of the next check */
    int missed;             /* checks, one after the other, that did not find some rank */
} dt_liveness;

/* Find the processes of the node's ranks. Collective. */
void dt_liveness_begin(dt_world *world);

/* Free what dt_liveness_begin made. Not collective. */
void dt_liveness_end(dt_world *world);

/* A rank that has waited for a while calls it again and again; it checks about once a second, and
 * otherwise returns at once. Not collective. */
void dt_liveness_check(const dt_world *world);

/* Wait for the end of a request, and check meanwhile. Not collective. */
void dt_wait_for_request(const dt_world *world, MPI_Request *request);

#endif
