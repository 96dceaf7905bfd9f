/* Finds the CPUs of a rank, and the CPUs that the job has on the rank's node. */
#ifndef DT_COMM_NODE_CPUS_H
#define DT_COMM_NODE_CPUS_H

#include "comm/topology.h"

#include <dtrain/world.h>
#include <stdbool.h>

enum { DT_MASK_WORDS = 64 }; /* one word for 64 logical CPUs: a node has at most 4096 */

/* A set of CPUs, in the form in which ranks send it. */
typedef struct {
    unsigned long word[DT_MASK_WORDS];
} dt_cpu_mask;

typedef struct {
    hwloc_topology_t topology;
    hwloc_bitmap_t own; /* CPUs that the launcher lets this rank use */
    hwloc_bitmap_t job; /* CPUs that the job has on this node */
    bool apart;         /* no two ranks have an own CPU in common */
    int64_t min_cores;  /* the smallest number of own cores of a rank on the node */
} dt_node_cpus;

/* Convert between a set of hwloc and a mask. Not collective. */
void dt_cpu_mask_of_set(hwloc_const_bitmap_t set, dt_cpu_mask *mask);
void dt_cpu_mask_to_set(const dt_cpu_mask *mask, hwloc_bitmap_t set);

/* Find the CPUs of this rank and, as far as this rank knows them, of the job. Collective, but the
 * error may differ between ranks. The caller calls dt_node_cpus_close, also after an error. */
dt_code dt_node_cpus_open(dt_node_cpus *cpus, const dt_world *world, dt_error *err);

/* Combine the CPUs of all ranks of the node. Collective; an error on any rank is an error on every
 * rank. */
dt_code dt_node_cpus_gather(const dt_world *world, dt_node_cpus *cpus, dt_error *err);

/* Free the sets and the topology. Not collective. */
void dt_node_cpus_close(dt_node_cpus *cpus);

#endif
