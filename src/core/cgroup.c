#include "core/cgroup.h"

#include "core/minmax.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A limit that groups have: where version 1 mounts it, and how a group's folder states it. */
typedef struct {
    const char *controller;
    int64_t (*read)(const char *folder, bool unified);
} limit_kind;

/* The numbers in a file. Returns how many there are, up to 2. */
static int read_numbers(const char *folder, const char *name, long long number[2])
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int n = fscanf(file, "%lld %lld", &number[0], &number[1]);
    fclose(file);
    return n < 0 ? 0 : n;
}

/* "max", or no such file, is no limit. */
static int64_t read_memory(const char *folder, bool unified)
{
    long long limit[2] = {0};
    int n = read_numbers(folder, unified ? "memory.max" : "memory.limit_in_bytes", limit);
    return n > 0 && limit[0] > 0 ? limit[0] : INT64_MAX;
}

/* "50000 100000" is half a processor; version 1 has the two numbers in two files. */
static int64_t read_processors(const char *folder, bool unified)
{
    long long number[2] = {0}, period[2] = {0};
    if (unified && read_numbers(folder, "cpu.max", number) < 2)
        return INT64_MAX;
    if (!unified) {
        if (read_numbers(folder, "cpu.cfs_quota_us", number) < 1 ||
            read_numbers(folder, "cpu.cfs_period_us", period) < 1)
            return INT64_MAX;
        number[1] = period[0];
    }
    if (number[0] <= 0 || number[1] <= 0)
        return INT64_MAX;
    return number[0] / number[1] + (number[0] % number[1] != 0);
}

static const limit_kind memory = {"memory", read_memory}, processors = {"cpu", read_processors};

/* From the group up to the mount point. In a container the group may be named as the host names it,
 * and not be there; the mount point is the container's own then. */
static int64_t find_limit(const limit_kind *kind, const char *mount, const char *group,
                          bool unified)
{
    int64_t lowest = INT64_MAX;
    char *end, folder[PATH_MAX];
    size_t top = strlen(mount);
    if (top + strlen(group) >= sizeof folder)
        group = "";
    snprintf(folder, sizeof folder, "%s%s", mount, group);
    do {
        lowest = dt_min(lowest, kind->read(folder, unified));
        end = strrchr(folder, '/');
        if (end)
            *end = '\0';
    } while (end && strlen(folder) >= top);
    return lowest;
}

static bool has_controller(char *controllers, const char *name)
{
    char *rest;
    for (char *c = strtok_r(controllers, ",", &rest); c; c = strtok_r(NULL, ",", &rest))
        if (strcmp(c, name) == 0)
            return true;
    return false;
}

/* The limit by a line of /proc/self/cgroup: "4:memory:/group", or of version 2 "0::/group". */
static int64_t limit_of_line(const limit_kind *kind, const char *root, char *line)
{
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return INT64_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    bool unified = !*++controllers;
    if (!unified && !has_controller(controllers, kind->controller))
        return INT64_MAX;
    snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, unified ? "" : "/",
             unified ? "" : kind->controller);
    return find_limit(kind, mount, group, unified);
}

static int64_t limit_of_process(const limit_kind *kind, const char *root)
{
    int64_t lowest = INT64_MAX;
    char path[PATH_MAX], *line = NULL;
    size_t capacity = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &capacity, file) > 0)
        lowest = dt_min(lowest, limit_of_line(kind, root, line));
    free(line);
    if (file)
        fclose(file);
    return lowest;
}

int64_t dt_cgroup_memory(const char *root)
{
    return limit_of_process(&memory, root);
}

int64_t dt_cgroup_processors(const char *root)
{
    return limit_of_process(&processors, root);
}
