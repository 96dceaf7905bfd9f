/* The ranks of a run, the nodes that they run on, and agreement on errors. */
#ifndef DTRAIN_WORLD_H
#define DTRAIN_WORLD_H

#include <dtrain/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dt_world {
    int rank, size;           /* MPI_COMM_WORLD */
    int node_rank, node_size; /* this rank's node: the ranks that share memory with it */
    int nodes;                /* number of nodes */
    struct dt_comm *comm;     /* owned; private to the library */
} dt_world;

/* Start MPI, unless the caller has started it, and find the ranks of each node. Collective.
 *   world  [out]  to be ended with dt_world_end
 *   argc, argv    those of main; MPI may remove its own arguments
 * Returns DT_OK, DT_ERR_MEMORY, or DT_ERR_USAGE if a launcher has started several processes and for
 * MPI each is a world of its own. world->rank is then the launcher's number of this process, so
 * that one process can report the error. A failure inside MPI aborts, as MPI does by default. */
DT_API dt_code dt_world_begin(dt_world *world, int *argc, char ***argv, dt_error *err);

/* The same for work that one process does. It accepts that for MPI each process is a world of its
 * own, which dt_world_begin refuses. */
DT_API dt_code dt_world_begin_any(dt_world *world, int *argc, char ***argv, dt_error *err);

/* Free the world, and end MPI if dt_world_begin started it. Collective. */
DT_API void dt_world_end(dt_world *world);

/* Agree on one error: afterwards err has, on every rank, the code and the text of the lowest rank
 * with an error, or DT_OK. Collective: every rank calls it at the same place, also after an error.
 * Returns err->code, the same on every rank. */
DT_API dt_code dt_world_agree(const dt_world *world, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
