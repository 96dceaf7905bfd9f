/* Rows in random order lie anywhere in memory. They are prefetched some rows ahead, so that they
 * arrive while other rows are copied. */
#ifndef DT_DATA_PREFETCH_H
#define DT_DATA_PREFETCH_H

#include <stddef.h>

enum {
    DT_PREFETCH_AHEAD = 8,    /* rows */
    DT_PREFETCH_BYTES = 1024, /* of a row; the processor prefetches the rest by itself */
};

static inline void dt_prefetch_row(const char *row, size_t bytes)
{
    size_t n = bytes < DT_PREFETCH_BYTES ? bytes : DT_PREFETCH_BYTES;
    for (size_t i = 0; i < n; i += 64)
        __builtin_prefetch(row + i);
}

#endif
