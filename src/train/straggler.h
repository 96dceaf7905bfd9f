/* Finds the rank that the others wait for. A step ends when the last rank has computed, so one slow
 * node slows all down. The times that each rank measures show which one it is. */
#ifndef DT_TRAIN_STRAGGLER_H
#define DT_TRAIN_STRAGGLER_H

#include "report/report.h"
#include "train/times.h"

#include <dtrain/world.h>
#include <stdbool.h>

/* Times of one rank in one epoch, in seconds, and the samples that it computed with. All are
 * doubles, as they are gathered as one array. */
typedef struct {
    double data, compute, wait, samples;
} dt_rank_times;

/* Find the slowest rank, and its ratio to the median of the ranks that had samples. Two ratios are
 * computed, of the time for data and compute, and of the same time for a sample. The smaller one
 * counts, so that neither a larger part of each batch nor a smaller one makes a rank slow.
 *   of       [ranks] times of each rank
 *   sorted   [ranks] scratch
 *   slowest  [out] all but the node's name and the warning */
void dt_slowest_find(const dt_rank_times *of, int ranks, double *sorted,
                     dt_report_slowest *slowest);

/* A rank that is much slower in several epochs in a row. */
typedef struct {
    int rank;
    int epochs;  /* number of such epochs in a row */
    double lost; /* seconds that the others waited in these epochs */
} dt_streak;

/* Note the slowest rank of the next epoch. Returns whether to warn of it, which is once in a
 * streak. */
bool dt_streak_add(dt_streak *streak, const dt_report_slowest *slowest);

typedef struct {
    dt_rank_times *of; /* [ranks] times of each rank; rank 0, elsewhere NULL */
    double *sorted;    /* [ranks] scratch */
    dt_streak streak;
} dt_straggler;

/* Allocate. Not collective. To be ended with dt_straggler_free, also after an error. */
dt_code dt_straggler_init(dt_straggler *straggler, const dt_world *world, dt_error *err);

/* Gather the times of an epoch on rank 0. Collective.
 *   times    times of this rank
 *   slowest  [out] rank 0: the slowest rank, for the report */
void dt_straggler_gather(dt_straggler *straggler, const dt_world *world, const dt_times *times,
                         dt_report_slowest *slowest);

void dt_straggler_free(dt_straggler *straggler);

#endif
