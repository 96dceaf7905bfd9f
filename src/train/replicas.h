/* Every NUMA group of ranks (comm/numa_group.h) has its own copy of the weights, and no weights
 * ever travel: so that a fault of one machine does not go unseen, the copies are compared. */
#ifndef DT_TRAIN_REPLICAS_H
#define DT_TRAIN_REPLICAS_H

#include "checkpoint/checkpoint.h"

/* See that the weights have the same bits on every rank. Collective.
 *   parameters  [n]
 *   progress    where the run stands, for the message
 *   hash        [out] XXH3 (64 bits) of rank 0's
 * Returns DT_OK, or DT_ERR_DATA, naming the ranks that differ from rank 0. */
dt_code dt_replicas_check(const dt_world *world, const float *parameters, int64_t n,
                          const dt_run_progress *progress, uint64_t *hash, dt_error *err);

#endif
