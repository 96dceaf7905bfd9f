/* The numbers of global batches: how many an epoch has, and which rank has which samples of one. */
#ifndef DT_DATA_BATCH_H
#define DT_DATA_BATCH_H

#include "core/split.h"
#include <stdbool.h>

/* The number of steps of an epoch over `rows` rows. */
static inline int64_t dt_steps_per_epoch(int64_t rows, int64_t batch_size, bool drop_last)
{
    return rows / batch_size + (!drop_last && rows % batch_size != 0);
}

/* The number of samples in a block of a global batch. One thread computes the gradient of a block,
 * so that its bits do not depend on the number of ranks and threads. The size depends on the batch
 * size alone: large blocks cost less, many blocks keep many ranks busy, and the sum of too many
 * blocks needs more bits than an integer has. */
static inline int64_t dt_batch_block(int64_t batch_size)
{
    enum { MAX_BLOCKS = 1024 };
    int64_t block = batch_size <= 128 ? 16 : batch_size <= 512 ? 32 : batch_size < 1024 ? 64 : 128;
    while (block * MAX_BLOCKS < batch_size)
        block *= 2;
    return block;
}

/* How the samples of a global batch are divided among the ranks: in whole blocks. */
static inline dt_split dt_batch_split(int64_t batch_size, int64_t block, int ranks)
{
    return (dt_split){.n = batch_size, .granule = block, .parts = ranks};
}

/* The largest number of samples of a batch that a rank can have.
 *   block  0: single samples are divided, not blocks */
static inline int64_t dt_batch_max_per_rank(int64_t batch_size, int64_t block, int ranks)
{
    dt_split split = dt_batch_split(batch_size, block > 0 ? block : 1, ranks);
    int64_t max = (dt_split_granules(&split) + ranks - 1) / ranks * split.granule;
    return max < batch_size ? max : batch_size;
}

/* The samples of a batch on a rank that stay in memory with their activations, so that lines of an
 * exact sum can be taken again without another forward pass; whole blocks. block 0: none need to.
 */
static inline int64_t dt_batch_rows_kept(int64_t batch_size, int64_t block, int ranks)
{
    enum { MAX_KEPT = 2048 };
    if (block == 0)
        return 0;
    int64_t rows = dt_batch_max_per_rank(batch_size, block, ranks);
    rows = rows < MAX_KEPT ? rows : MAX_KEPT;
    return (rows + block - 1) / block * block;
}

#endif
