/* The rank that the others wait for. A step ends when the last rank has computed, so one slow node
 * is as slow as all; each rank's own time shows which. */
#ifndef DT_TRAIN_STRAGGLER_H
#define DT_TRAIN_STRAGGLER_H

#include "report/report.h"
#include "train/times.h"

#include <dtrain/world.h>
#include <stdbool.h>

/* Of one rank in one epoch, in seconds; samples: that it computed. All are doubles. */
typedef struct {
    double data, compute, wait, samples;
} dt_rank_times;

/* Which rank is the slowest, and how it compares with the median of those that had samples: in its
 * time for data and compute, and in that time for a sample, whichever says less, so that neither a
 * larger share of each batch nor a smaller one makes a rank a slow one.
 *   of       [ranks]
 *   sorted   [ranks] scratch
 *   slowest  [out] all but the node's name and the warning */
void dt_slowest_find(const dt_rank_times *of, int ranks, double *sorted,
                     dt_report_slowest *slowest);

/* A rank that is much slower epoch after epoch. */
typedef struct {
    int rank, epochs; /* how many of them in a row it is */
    double lost;      /* seconds in these */
} dt_streak;

/* Returns whether it is time to warn of it: once in a streak. */
bool dt_streak_add(dt_streak *streak, const dt_report_slowest *slowest);

typedef struct {
    dt_rank_times *of; /* [ranks]; rank 0, elsewhere NULL */
    double *sorted;    /* [ranks] */
    dt_streak streak;
} dt_straggler;

/* Not collective. To be ended with dt_straggler_free, also after an error. */
dt_code dt_straggler_init(dt_straggler *straggler, const dt_world *world, dt_error *err);

/* After an epoch: what rank 0 then has to report of all. Collective: one gather. times: this
 * rank's. */
void dt_straggler_gather(dt_straggler *straggler, const dt_world *world, const dt_times *times,
                         dt_report_slowest *slowest);

void dt_straggler_free(dt_straggler *straggler);

#endif
