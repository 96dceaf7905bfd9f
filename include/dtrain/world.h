/* The ranks of a run, the nodes on which they run, and agreement on errors. */
#ifndef DTRAIN_WORLD_H
#define DTRAIN_WORLD_H

#include <dtrain/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dt_world {
    int rank, size;           /* rank and size in MPI_COMM_WORLD */
    int node_rank, node_size; /* rank and size among the ranks that share memory with this rank */
    int nodes;                /* number of nodes */
    struct dt_comm *comm;     /* owned; private to the library */
} dt_world;

/* Start MPI, unless the caller has started it, and find the ranks of each node. Collective.
 *   world       [out] the caller calls dt_world_end
 *   argc, argv  [in,out] the arguments of main; MPI may remove its own arguments
 * Returns DT_OK, DT_ERR_MEMORY, or DT_ERR_USAGE if a launcher has started several processes, but
 * each of them is alone in its MPI_COMM_WORLD. In that case, world->rank is the launcher's number
 * of this process, so that one process can report the error. A failure inside MPI ends the program,
 * which is MPI's default. */
DT_API dt_code dt_world_begin(dt_world *world, int *argc, char ***argv, dt_error *err);

/* The same for work that one process does alone. It does not return DT_ERR_USAGE: it accepts
 * several processes that are each alone in their MPI_COMM_WORLD. */
DT_API dt_code dt_world_begin_any(dt_world *world, int *argc, char ***argv, dt_error *err);

/* Free the world, and end MPI if dt_world_begin started it. Collective. */
DT_API void dt_world_end(dt_world *world);

/* Agree on one error. Afterwards, err on every rank has the code and the text of the lowest rank
 * that had an error, or DT_OK. Collective: every rank calls it at the same place, also after an
 * error. Returns err->code, which is the same on every rank. */
DT_API dt_code dt_world_agree(const dt_world *world, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
