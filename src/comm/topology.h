/* The cores of this node, by hwloc. */
#ifndef DT_COMM_TOPOLOGY_H
#define DT_COMM_TOPOLOGY_H

#include <dtrain/world.h>
#include <hwloc.h>
#include <stddef.h>
#include <stdint.h>

/* Load the topology. One rank of the node reads it from the system, which opens some hundred files,
 * and sends it to the others. Collective. *topology is to be destroyed; it is NULL after an error
 * on this rank. */
dt_code dt_topology_load(const dt_world *world, hwloc_topology_t *topology, dt_error *err);

/* The number of cores that have some CPU in the set. Not collective, nor are the following. */
int64_t dt_topology_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* The number of the NUMA node that has all CPUs of the set; -1: several have them. */
int dt_topology_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* The model of the processor, with its numbers: the same text for the same model. */
void dt_topology_processor(hwloc_topology_t topology, char *text, size_t size);

#endif
