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

/* Samples in a block of a global batch, whose gradient is one number for any number of ranks and
 * threads, and so is one thread's work. It depends on the size of the batch alone: large blocks are
 * cheaper, many blocks keep many ranks busy, and of too many the sum wants more bits than there
 * are.
 */
static inline int64_t dt_batch_block(int64_t batch_size)
{
    enum { MAX_BLOCKS = 1024 };
    int64_t block = batch_size <= 128 ? 16 : batch_size <= 512 ? 32 : batch_size < 1024 ? 64 : 128;
    while (block * MAX_BLOCKS < batch_size)
        block *= 2;
    return block;
}

/* How the samples of a global batch are shared out over the ranks: in whole blocks. */
static inline dt_split dt_batch_split(int64_t batch_size, int64_t block, int ranks)
{
    return (dt_split){.n = batch_size, .granule = block, .parts = ranks};
}

/* The most samples of a batch that a rank can have. block 0: none need to stay together. */
static inline int64_t dt_batch_max_per_rank(int64_t batch_size, int64_t block, int ranks)
{
    dt_split split = dt_batch_split(batch_size, block > 0 ? block : 1, ranks);
    int64_t max = (dt_split_granules(&split) + ranks - 1) / ranks * split.granule;
    return max < batch_size ? max : batch_size;
}

#endif
