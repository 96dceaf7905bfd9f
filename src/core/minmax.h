/* The smaller and the larger of two whole numbers. */
#ifndef DT_CORE_MINMAX_H
#define DT_CORE_MINMAX_H

#include <stdint.h>

static inline int64_t dt_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t dt_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
