/* Finds the cores of this node, with hwloc. */
#ifndef DT_COMM_TOPOLOGY_H
#define DT_COMM_TOPOLOGY_H

#include <dtrain/world.h>
#include <hwloc.h>
#include <stddef.h>
#include <stdint.h>

/* Load the topology. One rank of the node reads it from the system, which opens some hundred files,
 * and sends it to the others. Collective, but the error may differ between ranks.
 *   topology  [out] the caller destroys it with hwloc; NULL after an error on this rank */
dt_code dt_topology_load(const dt_world *world, hwloc_topology_t *topology, dt_error *err);

/* Return the number of cores that have at least one CPU in the set. Not collective. */
int64_t dt_topology_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* Return the number of the NUMA node that has all CPUs of the set; -1: several nodes have them. Not
 * collective. */
int dt_topology_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/* Write the model of the processor, with its numbers, into text [size]. The same model always gives
 * the same text. Not collective. */
void dt_topology_processor(hwloc_topology_t topology, char *text, size_t size);

#endif
