/* A sum over ranks that makes progress whenever it is polled, so that the time of its messages is
 * hidden behind other work. MPI_Iallreduce has the same purpose. But Open MPI's, in place, lets one
 * rank at a time exchange values with all others, so it was slower (Open MPI 4.1.4, two ranks on a
 * link of 1 Gbit/s, 8,400,000 values: a step took 716 ms with it, 547 ms with MPI_Allreduce after
 * the backward pass, and takes 419 ms so). */
#ifndef DT_COMM_ASYNC_SUM_H
#define DT_COMM_ASYNC_SUM_H

#include "comm/comm.h"
#include "comm/sum_schedule.h"

#include <mpi.h>

/* The ranks that take part. */
typedef struct {
    MPI_Comm ranks; /* borrowed */
    int rank, size;
    dt_sum_kind kind;
} dt_sum_ranks;

enum { DT_MESSAGES_UNDER_WAY = 16 }; /* at most, in one direction */

/* The messages of a step in one direction, one behind the other. */
typedef struct {
    int64_t posted, done; /* values */
    MPI_Request request[DT_MESSAGES_UNDER_WAY];
} dt_message_window;

/* The sum of some values. At first everything but `all` and `tag` is zero. */
typedef struct {
    dt_range all; /* fewer than 2^31 values */
    int tag;
    int step; /* the one under way */
    dt_message_window in, out;
} dt_async_sum;

/* sum = values if `first`; else sum += values. */
void dt_add_values(dt_sum_kind kind, bool first, const int32_t *restrict values,
                   int32_t *restrict sum, int64_t n);

/* Do what can be done without waiting. Every rank uses the same `all` and the same tag, which no
 * other sum of these ranks that is under way uses. Not collective.
 *   values   [in,out] the vector; its values `all` become the sum
 *   scratch  as long as the vector; values at the places `all` are overwritten
 * Returns whether the sum is complete on this rank. */
bool dt_async_sum_progress(dt_async_sum *t, const dt_sum_ranks *with, int32_t *values,
                           int32_t *scratch);

#endif
