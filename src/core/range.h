/* A range of whole numbers, such as values of a vector or samples of an epoch. */
#ifndef DT_CORE_RANGE_H
#define DT_CORE_RANGE_H

#include <stdint.h>

typedef struct {
    int64_t begin, end; /* [begin, end) */
} dt_range;

#endif
