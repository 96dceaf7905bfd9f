/* The cores of this node, as hwloc knows them. */
#ifndef DT_COMM_TOPOLOGY_H
#define DT_COMM_TOPOLOGY_H

#include <dtrain/world.h>
#include <hwloc.h>
#include <stddef.h>
#include <stdint.h>

/* One rank of the node asks the system, with some hundred files to be opened, and the others hear
 * of it. Collective. *topology is to be destroyed, unless it is NULL after an error (on this rank).
 */
dt_code dt_topology_load(const dt_world *world, hwloc_topology_t *topology, dt_error *err);

/* Cores of which some CPU is in the set. Not collective, as is what follows. */
int64_t dt_topology_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* The NUMA node, by its number, that all CPUs of the set are in; -1: they are in several. */
int dt_topology_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* The processor's model, with its numbers: the same text for the same type. */
void dt_topology_processor(hwloc_topology_t topology, char *text, size_t size);

#endif
