/* The ranks of a node whose cores are nearest to the same memory. They need not each have what is
 * the same on all of them: a NUMA group holds it once, each writes a part, and all read it. */
#ifndef DT_COMM_NUMA_GROUP_H
#define DT_COMM_NUMA_GROUP_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dt_numa_group dt_numa_group;

/* Collective over the world. *group is NULL after an error.
 *   memory  a number of what is nearest to this rank's cores; negative: this rank is alone */
dt_code dt_numa_group_create(const dt_world *world, int memory, dt_numa_group **numa_group,
                             dt_error *err);

/* How many ranks it has, and which of them this one is. Not collective. */
int dt_numa_group_size(const dt_numa_group *numa_group);
int dt_numa_group_rank(const dt_numa_group *numa_group);

/* n items that the NUMA group has together, zeros at first, at a multiple of 64 bytes; they are the
 * NUMA group's, to its end. n is the same on all ranks. Collective over the world: it is NULL on all of
 * them if one has an error, before or in here. */
void *dt_numa_group_alloc(dt_numa_group *numa_group, int64_t n, size_t size, const char *what,
                          dt_error *err);

/* Which of n values are this rank's to write: from *begin on, as many as it returns. Not
 * collective.
 */
int64_t dt_numa_group_part(const dt_numa_group *numa_group, int64_t n, int64_t *begin);

/* Wait for each other; what each wrote is then there for all. Collective over the NUMA group.
 * Returns whether all are well. */
bool dt_numa_group_barrier(dt_numa_group *numa_group, bool ok);

/* Not collective. Takes NULL. */
void dt_numa_group_destroy(dt_numa_group *numa_group);

#endif
