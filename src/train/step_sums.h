/* The sums of a step, which travel before its gradient in the same allreduce: the loss, the number
 * of samples, their weight, and what the ranks must agree on. That is whether one has failed,
 * whether something asks one to stop, and whether it is time for a checkpoint. */
#ifndef DT_TRAIN_STEP_SUMS_H
#define DT_TRAIN_STEP_SUMS_H

#include "comm/comm.h"
#include "core/stop.h"
#include "model/loss.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DT_STEP_SUMS_COUNTS = 15 + DT_STOP_REASONS, /* whole numbers */
    DT_STEP_SUMS_ALIGN = 16 /* values to a multiple of which the gradient begins */
};

typedef struct {
    double loss;      /* sum over the samples */
    int64_t samples;  /* below 2^36 */
    dt_weight weight; /* of the samples, in units (see train/class_weights.h) */
    bool failed;      /* on this rank; afterwards on any */
    bool overflow;    /* on every rank: the gradient is finite, and too large for its sum */
    bool due;         /* a checkpoint, by the clock of this rank; afterwards of any */
    int stop;         /* dt_stop_reason of this rank; afterwards the first among those of all */
} dt_step_sums;

/* The number of values before the gradient: counts, and the loss. blocks is 0 for floats, where the
 * loss is two floats; integers have one double for each block of the batch. */
static inline int64_t dt_step_sums_header_len(int64_t blocks)
{
    int64_t len = DT_STEP_SUMS_COUNTS + (blocks > 0 ? 2 * blocks : 2);
    return (len + DT_STEP_SUMS_ALIGN - 1) / DT_STEP_SUMS_ALIGN * DT_STEP_SUMS_ALIGN;
}

/* Sum over all ranks, of which there are several. Collective; sum and batch_size are the same on
 * every rank.
 *   values      has the values of the sum
 *   sum         covers the gradient and dt_step_sums_header_len(0) floats before it, its head
 *   batch_size  about the number of samples. The loss travels as a mean over so many, so that a sum
 *               that only a double holds does not overflow
 *   sums        [in,out] this rank's, then everyone's */
void dt_step_sums_reduce(dt_reducer *values, const dt_sum *sum, int64_t batch_size,
                         dt_step_sums *sums);

/* The same with integers: the bits are the same for any number of ranks.
 *   sum   covers the gradient and dt_step_sums_header_len(blocks) integers before it, which its
 *         finish leaves as they are
 *   loss  [in,out] [blocks] the loss of each block of the batch on the rank that has it, 0 on the
 *         others; then on all. Their sum is sums->loss. */
void dt_step_sums_reduce_exact(dt_reducer *values, const dt_sum *sum, double *loss, int64_t blocks,
                               dt_step_sums *sums);

#endif
