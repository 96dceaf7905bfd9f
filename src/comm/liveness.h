/* Checks whether the other ranks are alive. If a rank is killed, the others could wait for it for
 * ever, since not every launcher ends them (srun without --kill-on-bad-exit does not). So a rank
 * that waits checks from time to time whether the processes of all ranks of its node are alive. If
 * one is not, it ends the run, and MPI then ends the ranks of other nodes. Only the first rank that
 * notices it prints a message. Nobody checks a rank that is alone on its node.
 *
 * This works only if every wait for a rank of the node makes these checks. So after
 * dt_liveness_begin, the program uses the nonblocking calls of MPI for such ranks (MPI_Ibcast,
 * MPI_Irecv), and waits with dt_wait_for_request. */
#ifndef DT_COMM_LIVENESS_H
#define DT_COMM_LIVENESS_H

#include <dtrain/world.h>

#include <mpi.h>

typedef struct dt_watched_process dt_watched_process;

typedef struct {
    dt_watched_process *of; /* [ranks of the node]; NULL: no rank is checked; owned */
    struct dt_shm *mark;    /* set by the rank that prints the message; NULL: each prints; owned */
    double next_check;      /* time of the next check, in dt_clock_coarse */
    int missed;             /* number of consecutive checks that did not find some rank */
} dt_liveness;

/* Find the processes of the node's ranks. Collective. */
void dt_liveness_begin(dt_world *world);

/* Free the memory of dt_liveness_begin. Not collective. */
void dt_liveness_end(dt_world *world);

/* Check the ranks of the node, if the last check was about a second ago; if not, return at once. A
 * rank that has waited for a while calls it repeatedly. Not collective. */
void dt_liveness_check(const dt_world *world);

/* Wait until a request is complete, and check the ranks of the node while waiting. Not collective.
 */
void dt_wait_for_request(const dt_world *world, MPI_Request *request);

#endif
