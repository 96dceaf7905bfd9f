/* The sums of a step, which are sent before its gradient in the same allreduce: the loss, the
 * number and the weight of the samples, and what the ranks must agree on, namely whether one has
 * failed, whether one must stop, and whether it is time for a checkpoint. */
#ifndef DT_TRAIN_STEP_SUMS_H
#define DT_TRAIN_STEP_SUMS_H

#include "comm/comm.h"
#include "core/stop.h"
#include "model/loss.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DT_STEP_SUMS_COUNTS = 15 + DT_STOP_REASONS, /* number of whole numbers in the header */
    DT_STEP_SUMS_ALIGN = 16 /* the gradient begins at a multiple of so many values */
};

typedef struct {
    double loss;      /* sum of the samples' losses */
    int64_t samples;  /* number of samples; below 2^36 */
    dt_weight weight; /* sum of the samples' weights, in units (see train/class_weights.h) */
    bool failed;      /* this rank has failed; after the sum: any rank has */
    bool overflow;    /* the gradient is finite, but too large for its sum; on every rank */
    bool due;         /* time for a checkpoint by this rank's clock; after the sum: by any rank's */
    int stop;         /* dt_stop_reason of this rank; after the sum: the first of all ranks' */
} dt_step_sums;

/* Return the number of values before the gradient, which are the counts and the loss. For floats
 * blocks is 0, and the loss takes two values. For integers the loss is one double for each block of
 * the batch. */
static inline int64_t dt_step_sums_header_len(int64_t blocks)
{
    int64_t len = DT_STEP_SUMS_COUNTS + (blocks > 0 ? 2 * blocks : 2);
    return (len + DT_STEP_SUMS_ALIGN - 1) / DT_STEP_SUMS_ALIGN * DT_STEP_SUMS_ALIGN;
}

/* Sum floats over all ranks; there are at least two. Collective; sum and batch_size are the same on
 * every rank.
 *   values      reducer that has the values
 *   sum         the gradient, and the dt_step_sums_header_len(0) floats before it
 *   batch_size  about the number of samples. The loss is sent as the mean over so many, so that a
 *               sum that only a double can hold does not overflow
 *   sums        [in,out] sums of this rank, then of all ranks */
void dt_step_sums_reduce(dt_reducer *values, const dt_sum *sum, int64_t batch_size,
                         dt_step_sums *sums);

/* The same for integers, whose sums have the same bits for any number of ranks.
 *   sum   the gradient, and the dt_step_sums_header_len(blocks) integers before it, which its
 *         callback `finish` does not change
 *   loss  [in,out] [blocks] loss of each block of the batch on the rank that has the block, 0 on
 *         the other ranks; then the loss of each block on every rank. Its sum is sums->loss. */
void dt_step_sums_reduce_exact(dt_reducer *values, const dt_sum *sum, double *loss, int64_t blocks,
                               dt_step_sums *sums);

#endif
