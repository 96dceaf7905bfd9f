#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *dt_alloc(int64_t n, size_t size, const char *what, dt_error *err)
{
    size_t bytes = 0;
    void *memory = NULL;
    if (n < 1)
        n = 1;
    if (!__builtin_mul_overflow((size_t)n, size, &bytes) && bytes <= SIZE_MAX - 63)
        memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    char text[16];
    if (!memory)
        dt_fail(err, DT_ERR_MEMORY, "out of memory: %s for %s",
                dt_format_bytes((double)n * (double)size, text), what);
    return memory;
}

static int64_t control_group_limit(void)
{
    long long limit = 0;
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "r");
    if (!file)
        file = fopen("/sys/fs/cgroup/memory/memory.limit_in_bytes", "r");
    if (!file)
        return INT64_MAX;
    int n = fscanf(file, "%lld", &limit); /* no number: "max" */
    fclose(file);
    return n == 1 && limit > 0 ? limit : INT64_MAX;
}

int64_t dt_memory_of_node(void)
{
    int64_t installed = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = control_group_limit();
    return limit < installed ? limit : installed;
}

const char *dt_format_bytes(double bytes, char text[16])
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    int u = 0;
    for (; bytes >= 999.5 && u < 6; u++)
        bytes /= 1000;
    snprintf(text, 16, bytes < 9.95 && u > 0 ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
    return text;
}
