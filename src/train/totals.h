/* What a step sums over all ranks, in one allreduce: the gradient, and behind it in the same buffer
 * the loss, the number of samples, their weight, and what the ranks must agree on: whether one has
 * failed, whether something asks one to stop, whether it is time for a checkpoint, and whether
 * integers were too small. */
#ifndef DT_TRAIN_TOTALS_H
#define DT_TRAIN_TOTALS_H

#include "comm/comm.h"
#include "core/stop.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DT_TOTALS_COUNTS = 10 + DT_STOP_REASONS, /* whole numbers */
    DT_TOTALS_TAIL = DT_TOTALS_COUNTS + 2    /* floats behind the gradient */
};

typedef struct {
    double loss;     /* sum over the samples */
    int64_t samples; /* below 2^36 */
    int64_t weight;  /* of the samples, in units (see train/class_weights.h); below 2^60 */
    bool failed;     /* on this rank; afterwards on any */
    bool overflow;   /* some integer of the gradient is too large; likewise */
    bool due;        /* a checkpoint, by the clock of this rank; afterwards of any */
    int stop;        /* dt_stop_reason of this rank; afterwards the first among those of all */
} dt_totals;

/* Sum over all ranks, of which there are several. Collective; n and batch_size the same on every
 * rank. gradient    room for n + DT_TOTALS_TAIL floats, with the first n batch_size  samples that
 * are about to be counted; the loss travels as a mean over so many, so that a sum that only a
 * double holds does not overflow totals      [in,out] this rank's, then everyone's */
void dt_totals_sum(dt_reducer *gradient, int64_t n, int64_t batch_size, dt_totals *totals);

/* Integers behind a gradient of integers over so many blocks. */
static inline int64_t dt_totals_tail(int64_t blocks)
{
    return DT_TOTALS_COUNTS + 2 * blocks;
}

/* The same to the same bits for any number of ranks.
 *   gradient  room for n + dt_totals_tail(blocks) integers, with the first n
 *   finish    what then becomes of it; must leave what lies behind the first n as it is
 *   loss      [in,out] [blocks] of each block of the batch: on the rank that has it, 0 on the
 * others; then on all. Their sum is totals->loss. */
void dt_totals_sum_exact(dt_reducer *gradient, int64_t n, const dt_finish *finish, double *loss,
                         int64_t blocks, dt_totals *totals);

#endif
