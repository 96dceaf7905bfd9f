/* The ranks of a run, the nodes they are on, and what they must agree on. */
#ifndef DTRAIN_WORLD_H
#define DTRAIN_WORLD_H

#include <dtrain/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dt_world {
    int rank, size;           /* MPI_COMM_WORLD */
    int node_rank, node_size; /* among the ranks that share this rank's memory */
    int nodes;                /* how many such groups there are */
    struct dt_comm *comm;     /* owned; private to the library */
} dt_world;

/* Start MPI, unless the caller has, and find out who is where. Collective.
 *   world  [out]     to be ended with dt_world_end
 *   argc, argv       those of main; MPI may take its own arguments out
 * Returns DT_OK, DT_ERR_MEMORY, or DT_ERR_USAGE where a launcher has started several processes and
 * MPI makes each a world of its own; world->rank is then the launcher's number of this process, so
 * that one of them reports it. A failure inside MPI aborts, as MPI does by default. */
DT_API dt_code dt_world_begin(dt_world *world, int *argc, char ***argv, dt_error *err);

/* The same for work that one process does: where MPI takes each of several processes for a run of
 * its own, which dt_world_begin refuses, they may do it. */
DT_API dt_code dt_world_begin_any(dt_world *world, int *argc, char ***argv, dt_error *err);

/* Free what dt_world_begin made; end MPI if it started MPI. Collective. */
DT_API void dt_world_end(dt_world *world);

/* Make one error of what happened on any rank: afterwards err holds, on every rank, the code and
 * the text of the lowest rank that had failed, or DT_OK. Collective: every rank calls it at the
 * same place, whatever happened to it before. Returns err->code, the same on every rank. */
DT_API dt_code dt_world_agree(const dt_world *world, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
