#include "core/memory.h"

#include "core/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Rows taken in random order from memory in small pages wait for the table of pages too. */
enum { CACHE_LINE = 64, HUGE_PAGE = 2 << 20, HUGE_FROM = 16 << 20 };

void *dt_alloc(int64_t n, size_t size, const char *what, dt_error *err)
{
    size_t bytes = 0;
    void *memory = NULL;
    if (n < 1)
        n = 1;
    if (!__builtin_mul_overflow((size_t)n, size, &bytes) && bytes <= SIZE_MAX - HUGE_PAGE) {
        size_t align = bytes < HUGE_FROM ? CACHE_LINE : HUGE_PAGE;
        memory = aligned_alloc(align, (bytes + align - 1) / align * align);
        if (memory && align == HUGE_PAGE)
            madvise(memory, bytes, MADV_HUGEPAGE);
    }
    char text[16];
    if (!memory)
        dt_fail(err, DT_ERR_MEMORY, "out of memory: %s for %s",
                dt_format_bytes((double)n * (double)size, text), what);
    return memory;
}

int64_t dt_node_memory(void)
{
    int64_t installed = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = dt_cgroup_memory("");
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
