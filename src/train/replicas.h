/* Compares the replicas of the weights. Every NUMA group of ranks (comm/numa_group.h) has its own
 * replica and updates it by itself; weights are never sent. A fault of one machine would otherwise
 * go unseen. */
#ifndef DT_TRAIN_REPLICAS_H
#define DT_TRAIN_REPLICAS_H

#include "checkpoint/checkpoint.h"

/* Check that the weights have the same bits on every rank. Collective.
 *   parameters  [n] weights of this rank
 *   progress    position of the run, for the message
 *   hash        [out] XXH3 (64 bits) of rank 0's weights
 * DT_ERR_DATA names the ranks that differ from rank 0. */
dt_code dt_replicas_check(const dt_world *world, const float *parameters, int64_t n,
                          const dt_run_progress *progress, uint64_t *hash, dt_error *err);

#endif
