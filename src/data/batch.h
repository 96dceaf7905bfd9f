/* Global batches in numbers: how many an epoch has, and which rank has which samples of one. */
#ifndef DT_DATA_BATCH_H
#define DT_DATA_BATCH_H

#include "core/split.h"
#include <stdbool.h>

/* The steps of an epoch over so many rows. */
static inline int64_t dt_steps_per_epoch(int64_t rows, int64_t batch_size, bool drop_last)
{
    return rows / batch_size + (!drop_last && rows % batch_size != 0);
}

/* How the samples of a global batch are shared out over the ranks. */
static inline dt_split dt_batch_split(int64_t batch_size, int ranks)
{
    return (dt_split){.n = batch_size, .granule = 1, .parts = ranks};
}

#endif
