/* A NUMA group is the ranks of a node whose cores belong to the same NUMA node. Data that is the
 * same on all of them (weights, the optimizer's state) is in their shared memory only once: each
 * rank writes a part of it, and all ranks read all of it. */
#ifndef DT_COMM_NUMA_GROUP_H
#define DT_COMM_NUMA_GROUP_H

#include "core/sharing.h"
#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dt_numa_group dt_numa_group;

/* Find the groups. Collective over the world. *numa_group is NULL after an error.
 *   memory  the number of this rank's NUMA node; negative: this rank is a group of its own */
dt_code dt_numa_group_create(const dt_world *world, int memory, dt_numa_group **numa_group,
                             dt_error *err);

/* Return the number of ranks in the group, or the number of this rank in it. Not collective. */
int dt_numa_group_size(const dt_numa_group *numa_group);
int dt_numa_group_rank(const dt_numa_group *numa_group);

/* Allocate n items that the group shares. They are zero at first and aligned to 64 bytes, and are
 * freed with the group. n is the same on all ranks. Collective over the world: if any rank has an
 * error, before this call or in it, the result is NULL on every rank. */
void *dt_numa_group_alloc(dt_numa_group *numa_group, int64_t n, size_t size, const char *what,
                          dt_error *err);

/* Find this rank's part of n values: it writes the values [*begin, *begin + result). Not
 * collective. */
int64_t dt_numa_group_part(const dt_numa_group *numa_group, int64_t n, int64_t *begin);

/* Barrier: afterwards each rank sees the values that the other ranks wrote before it. Returns false
 * on every rank if any rank passed false. Collective over the group. */
bool dt_numa_group_barrier(dt_numa_group *numa_group, bool ok);

/* Return the functions above as a dt_sharing, for folders that do not include comm/. The group is
 * borrowed. Not collective. Takes NULL; then nothing is shared. */
dt_sharing dt_numa_group_sharing(dt_numa_group *numa_group);

/* Free the group and its memory. Not collective. Takes NULL. */
void dt_numa_group_destroy(dt_numa_group *numa_group);

#endif
