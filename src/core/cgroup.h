/* Linux control groups: the limits of a batch job or a container. */
#ifndef DT_CORE_CGROUP_H
#define DT_CORE_CGROUP_H

#include <stdint.h>

/* The bytes of memory that this process's control group may use: the smallest limit of the group
 * and of all groups that contain it, in version 1 and 2; INT64_MAX: there is no limit.
 *   root  the folder that has /proc and /sys; "": the system's. Their format: cgroups(7) */
int64_t dt_cgroup_memory(const char *root);

/* The processors that it may use: the smallest quota of time by its period, rounded up; INT64_MAX:
 * there is no quota. The same group, groups and versions. */
int64_t dt_cgroup_processors(const char *root);

#endif
