/* Finds the place where a rank runs, after its threads have been given their cores. */
#ifndef DT_COMM_PLACEMENT_H
#define DT_COMM_PLACEMENT_H

#include "comm/comm.h"
#include "comm/node_cpus.h"

/* The CPUs of one rank's threads, in the form in which ranks send them. */
typedef struct {
    dt_cpu_mask cpus; /* CPUs that the threads may use */
    int64_t threads;
} dt_rank_cpus;

/* Find the place where this rank runs. Collective.
 *   all        [node_size] scratch memory
 *   placement  [out] */
void dt_placement_find(const dt_world *world, const dt_node_cpus *cpus, const dt_team *team,
                       dt_rank_cpus *all, dt_placement *placement);

#endif
