/* A range of whole numbers: values of a vector, samples of an epoch. */
#ifndef DT_CORE_RANGE_H
#define DT_CORE_RANGE_H

#include <stdint.h>

typedef struct {
    int64_t begin, end; /* [begin, end) */
} dt_range;

#endif
