/* A rank that is killed may leave the others waiting for ever: not every launcher ends them (srun
 * without --kill-on-bad-exit). So a rank that waits looks now and then whether all ranks of its
 * node are alive, and if not, it ends the run: the first that is left says so. The ranks of other
 * nodes are ended with it; one that is alone on its node is watched by none. */
#ifndef DT_COMM_WATCH_H
#define DT_COMM_WATCH_H

#include <dtrain/world.h>

#include <mpi.h>
#include <stdbool.h>

typedef struct dt_watched dt_watched;

typedef struct {
    dt_watched *of; /* [ranks of the node]; NULL: nobody is watched; owned */
    double look_at; /* dt_clock_coarse: the next look */
    int missed;     /* looks that did not find some rank, one after the other */
    bool speaks;    /* at the first of them this rank was the first that was left */
} dt_watch;

/* Find the ranks of the node. Collective over it. */
void dt_watch_begin(dt_world *world);

/* To be called again and again by a rank that has waited for a while; it seldom does anything. Not
 * collective. */
void dt_watch_look(const dt_world *world);

/* Wait for the end of a request, and look. Not collective. */
void dt_watch_wait(const dt_world *world, MPI_Request *request);

/* Wait until all ranks are here, and look: before a call of MPI that would wait without.
 * Collective.
 */
void dt_watch_meet(const dt_world *world);

#endif
