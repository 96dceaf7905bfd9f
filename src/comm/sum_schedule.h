/* The schedule of a sum over ranks by messages: which rank sends which values to which rank, step
 * by step. It calls no MPI, and is not collective. */
#ifndef DT_COMM_SUM_SCHEDULE_H
#define DT_COMM_SUM_SCHEDULE_H

#include "core/range.h"

#include <stdbool.h>
#include <stdint.h>

/* What a rank does in one step. */
typedef struct {
    int to, from; /* the ranks that it sends to and receives from; negative: none */
    dt_range send, receive;
    bool adds; /* it adds what it receives to its values; if not, it replaces them */
} dt_sum_step;

/* How many steps the schedule has for `size` ranks: the same for each rank. */
int dt_sum_schedule_steps(int size);

/* One step of a rank. After all steps each rank has the sum over all ranks of the values `all`,
 * with the same bits on every rank, also for floats. */
dt_sum_step dt_sum_schedule_step(int rank, int size, dt_range all, int step);

#endif
