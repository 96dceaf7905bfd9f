/* The report of where a rank runs, once its threads have their cores. */
#ifndef DT_COMM_PLACEMENT_H
#define DT_COMM_PLACEMENT_H

#include "comm/comm.h"
#include "comm/node_cpus.h"

/* The CPUs of one rank's threads, as ranks send them. */
typedef struct {
    dt_cpu_mask cpus; /* that the threads may use */
    int64_t threads;
} dt_rank_cpus;

/* Fill in where this rank runs. Collective.
 *   all  [node_size] scratch */
void dt_placement_find(const dt_world *world, const dt_node_cpus *cpus, const dt_team *team,
                       dt_rank_cpus *all, dt_placement *placement);

#endif
