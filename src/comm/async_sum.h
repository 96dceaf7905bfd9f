/* A sum over ranks that goes on whenever it is looked at, so that its way through the network is
 * hidden behind other work. MPI_Iallreduce would be that; but Open MPI's, in place, takes turns of
 * one rank with all, so it lost (Open MPI 4.1.4, two ranks on a link of 1 Gbit/s, 8,400,000 values:
 * a step of 716 ms; MPI_Allreduce after the backward pass 547; this 419). */
#ifndef DT_COMM_ASYNC_SUM_H
#define DT_COMM_ASYNC_SUM_H

#include "comm/comm.h"
#include "comm/sum_schedule.h"

#include <mpi.h>

/* The ranks of a communicator, in this one's view. */
typedef struct {
    MPI_Comm ranks; /* borrowed */
    int rank, size;
    dt_sum_kind kind;
} dt_sum_ranks;

enum { DT_MESSAGES_UNDER_WAY = 16 };

/* Messages of a stage in one direction, which follow each other. */
typedef struct {
    int64_t posted, done; /* values */
    MPI_Request request[DT_MESSAGES_UNDER_WAY];
} dt_message_window;

/* Of some values. To begin with, all but them and the tag is zero. */
typedef struct {
    dt_range all; /* fewer than 2^31 */
    int tag;
    int step; /* the one under way */
    dt_message_window in, out;
} dt_async_sum;

/* sum (+)= values. */
void dt_add_values(dt_sum_kind kind, bool first, const int32_t *restrict values,
                   int32_t *restrict sum, int64_t n);

/* Do what can be done without waiting. Not collective, but every rank has the same `all` and tag,
 * which no other sum of these ranks that is under way has.
 *   values  the vector, of which these values become the sum
 *   room    as many values, of which those in the same place are used
 * Returns whether all is done on this rank. */
bool dt_async_sum_progress(dt_async_sum *travel, const dt_sum_ranks *with, int32_t *values,
                           int32_t *scratch);

#endif
