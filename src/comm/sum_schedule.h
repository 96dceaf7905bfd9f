/* How values are summed over ranks by messages between two of them: who sends what to whom, stage
 * by stage. Nothing in here is collective, or calls MPI. */
#ifndef DT_COMM_SUM_SCHEDULE_H
#define DT_COMM_SUM_SCHEDULE_H

#include "core/range.h"

#include <stdbool.h>
#include <stdint.h>

/* What a rank does in a stage: nothing with a negative rank. */
typedef struct {
    int to, from;
    dt_range send, receive;
    bool adds; /* what it receives to what it has; else it takes the place of that */
} dt_sum_step;

/* The number of stages, the same for every rank of so many. */
int dt_sum_schedule_steps(int size);

/* After all stages each rank has the sum over all ranks of each of these values, to the same bits
 * of floats too. */
dt_sum_step dt_sum_schedule_step(int rank, int size, dt_range all, int step);

#endif
