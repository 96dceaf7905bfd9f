#include "core/cgroup.h"

#include "core/minmax.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number in a file; "max", or no such file, is none. */
static int64_t read_limit(const char *path)
{
    long long limit = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return INT64_MAX;
    int n = fscanf(file, "%lld", &limit);
    fclose(file);
    return n == 1 && limit > 0 ? limit : INT64_MAX;
}

/* From the group up to the mount point. In a container the group may be named as the host names it,
 * and not be there; the mount point is the container's own then. */
static int64_t find_limit(const char *mount, const char *group, const char *name)
{
    int64_t lowest = INT64_MAX;
    char *end, folder[PATH_MAX], path[PATH_MAX + 32];
    size_t top = strlen(mount);
    if (top + strlen(group) >= sizeof folder)
        group = "";
    snprintf(folder, sizeof folder, "%s%s", mount, group);
    do {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        lowest = dt_min(lowest, read_limit(path));
        end = strrchr(folder, '/');
        if (end)
            *end = '\0';
    } while (end && strlen(folder) >= top);
    return lowest;
}

static bool has_memory(char *controllers)
{
    char *rest;
    for (char *c = strtok_r(controllers, ",", &rest); c; c = strtok_r(NULL, ",", &rest))
        if (strcmp(c, "memory") == 0)
            return true;
    return false;
}

/* The limit by a line of /proc/self/cgroup: "4:memory:/group", or of version 2 "0::/group". */
static int64_t limit_of_line(const char *root, char *line)
{
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return INT64_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    bool unified = !*++controllers;
    if (!unified && !has_memory(controllers))
        return INT64_MAX;
    snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, unified ? "" : "/memory");
    return find_limit(mount, group, unified ? "memory.max" : "memory.limit_in_bytes");
}

int64_t dt_cgroup_memory(const char *root)
{
    int64_t lowest = INT64_MAX;
    char path[PATH_MAX], *line = NULL;
    size_t capacity = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &capacity, file) > 0)
        lowest = dt_min(lowest, limit_of_line(root, line));
    free(line);
    if (file)
        fclose(file);
    return lowest;
}
