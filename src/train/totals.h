/* What a step sums over all ranks, in one allreduce: the gradient, and before it in the same vector
 * the loss, the number of samples, their weight, and what the ranks must agree on: whether one has
 * failed, whether something asks one to stop, and whether it is time for a checkpoint. */
#ifndef DT_TRAIN_TOTALS_H
#define DT_TRAIN_TOTALS_H

#include "comm/comm.h"
#include "core/stop.h"
#include "model/loss.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DT_TOTALS_COUNTS = 15 + DT_STOP_REASONS, /* whole numbers */
    DT_TOTALS_LINE = 16                      /* values to a multiple of which the gradient begins */
};

typedef struct {
    double loss;      /* sum over the samples */
    int64_t samples;  /* below 2^36 */
    dt_weight weight; /* of the samples, in units (see train/class_weights.h) */
    bool failed;      /* on this rank; afterwards on any */
    bool overflow;    /* on every rank: the gradient is finite, and too large for its sum */
    bool due;         /* a checkpoint, by the clock of this rank; afterwards of any */
    int stop;         /* dt_stop_reason of this rank; afterwards the first among those of all */
} dt_totals;

/* Where the gradient begins in the vector: behind the counts, and a loss in two floats or, of
 * integers, one in double for each block of the batch (0: floats). */
static inline int64_t dt_totals_room(int64_t blocks)
{
    int64_t room = DT_TOTALS_COUNTS + (blocks > 0 ? 2 * blocks : 2);
    return (room + DT_TOTALS_LINE - 1) / DT_TOTALS_LINE * DT_TOTALS_LINE;
}

/* Sum over all ranks, of which there are several. Collective; sum and batch_size the same on every
 * rank.
 *   values      where the sum's are
 *   sum         of the gradient and of dt_totals_room(0) floats, its head, before it
 *   batch_size  samples that are about to be counted; the loss travels as a mean over so many, so
 *               that a sum that only a double holds does not overflow
 *   totals      [in,out] this rank's, then everyone's */
void dt_totals_sum(dt_reducer *values, const dt_sum *sum, int64_t batch_size, dt_totals *totals);

/* The same to the same bits for any number of ranks.
 *   sum     of the gradient and of dt_totals_room(blocks) integers before it; its finish must leave
 *           these as they are
 *   loss    [in,out] [blocks] of each block of the batch: on the rank that has it, 0 on the
 *           others; then on all. Their sum is totals->loss. */
void dt_totals_sum_exact(dt_reducer *values, const dt_sum *sum, double *loss, int64_t blocks,
                         dt_totals *totals);

#endif
