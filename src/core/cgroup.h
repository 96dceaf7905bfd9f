/* Reads the limits of Linux control groups, which batch systems and containers set. Not
 * collective. */
#ifndef DT_CORE_CGROUP_H
#define DT_CORE_CGROUP_H

#include <stdint.h>

/* Return the bytes of memory that the control group of this process may use: the smallest limit of
 * the group and of all groups that contain it, in version 1 and 2. INT64_MAX: there is no limit.
 * cgroups(7) describes the files.
 *   root  the folder that contains /proc and /sys; "": the system's */
int64_t dt_cgroup_memory(const char *root);

/* The processors that it may use: the smallest quota of time by its period, rounded up; INT64_MAX:
 * there is no quota. The same group, groups and versions. */
int64_t dt_cgroup_processors(const char *root);

#endif
