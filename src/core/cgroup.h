/* What the system's control groups leave a process: the limits of a batch job or a container. */
#ifndef DT_CORE_CGROUP_H
#define DT_CORE_CGROUP_H

#include <stdint.h>

/* Bytes of memory that this process's group may use: the smallest limit of the group and of all
 * those that it lies in, of version 1 and 2; INT64_MAX: there is none.
 *   root  put before /proc and /sys; "" is the system's own. Format: cgroups(7) */
int64_t dt_cgroup_memory(const char *root);

#endif
