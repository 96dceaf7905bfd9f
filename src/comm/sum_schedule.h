/* The schedule of a sum over ranks by messages: for each step, which values each rank sends to
 * which rank. It does not call MPI, and is not collective. */
#ifndef DT_COMM_SUM_SCHEDULE_H
#define DT_COMM_SUM_SCHEDULE_H

#include "core/range.h"

#include <stdbool.h>
#include <stdint.h>

/* The work of a rank in one step. */
typedef struct {
    int to, from;           /* the ranks that it sends to and receives from; negative: none */
    dt_range send, receive; /* the values that it sends and receives */
    bool adds;              /* add the received values to its own; if not, replace its own */
} dt_sum_step;

/* Return the number of steps for `size` ranks, which is the same for each rank. */
int dt_sum_schedule_steps(int size);

/* Return one step of a rank. After all steps, each rank has the sums over all ranks of the values
 * in `all`, with the same bits on every rank, also for floats. */
dt_sum_step dt_sum_schedule_step(int rank, int size, dt_range all, int step);

#endif
