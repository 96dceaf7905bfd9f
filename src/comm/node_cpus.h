/* The CPUs of a rank, and those that the job has on the rank's node. */
#ifndef DT_COMM_NODE_CPUS_H
#define DT_COMM_NODE_CPUS_H

#include "comm/topology.h"

#include <dtrain/world.h>
#include <stdbool.h>

enum { DT_MASK_WORDS = 64 }; /* of 64 logical CPUs each: a node has at most 4096 */

/* A set of CPUs, as ranks send it. */
typedef struct {
    unsigned long word[DT_MASK_WORDS];
} dt_cpu_mask;

typedef struct {
    hwloc_topology_t topology;
    hwloc_bitmap_t own; /* CPUs that the launcher left this rank */
    hwloc_bitmap_t job; /* CPUs that the job has on this node */
    bool apart;         /* the ranks' own CPUs do not overlap */
    int64_t min_cores;  /* fewest own cores of a rank on the node */
} dt_node_cpus;

void dt_cpu_mask_of_set(hwloc_const_bitmap_t set, dt_cpu_mask *mask);
void dt_cpu_mask_to_set(const dt_cpu_mask *mask, hwloc_bitmap_t set);

/* Find the CPUs of this rank and, so far as this rank knows them, of the job. Collective; an error
 * may be this rank's only. To be ended with dt_node_cpus_close, also after an error. */
dt_code dt_node_cpus_open(dt_node_cpus *cpus, const dt_world *world, dt_error *err);

/* Put together the CPUs of all ranks of the node. Collective; an error on any rank is an error on
 * every rank. */
dt_code dt_node_cpus_gather(const dt_world *world, dt_node_cpus *cpus, dt_error *err);

/* Not collective. */
void dt_node_cpus_close(dt_node_cpus *cpus);

#endif
