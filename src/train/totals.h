/* What a step sums over all ranks, in one allreduce: the gradient, and behind it in the same buffer
 * the loss, the number of samples, their weight, and what the ranks must agree on: whether one has
 * failed, whether a signal came to one, and whether it is time for a checkpoint. */
#ifndef DT_TRAIN_TOTALS_H
#define DT_TRAIN_TOTALS_H

#include "core/stop.h"

#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_TOTALS_TAIL = 11 + DT_STOP_SIGNALS }; /* floats behind the gradient */

typedef struct {
    double loss;     /* sum over the samples */
    int64_t samples; /* below 2^36 */
    int64_t weight;  /* of the samples, in units (see train/class_weights.h); below 2^60 */
    bool failed;     /* on this rank; afterwards on any */
    bool due;        /* a checkpoint, by the clock of this rank; afterwards of any */
    int stop;        /* dt_stop_signal of this rank; afterwards the first of all that came to any */
} dt_totals;

/* Sum over all ranks. Collective; n and batch_size the same on every rank.
 *   batch_size  samples that are about to be counted; the loss travels as a mean over so many, so
 * that a sum that only a double holds does not overflow gradient  [in,out] [n + DT_TOTALS_TAIL]
 *   totals    [in,out] this rank's, then everyone's */
void dt_totals_sum(const dt_world *world, float *gradient, int64_t n, int64_t batch_size,
                   dt_totals *totals);

#endif
