/* Measures x of a time series, where a sample is several rows: each row that some sample trained on
 * has counts once, and a column is scaled in the same way wherever in the sample it stands. */
#ifndef DT_DATA_SEQUENCE_STATS_H
#define DT_DATA_SEQUENCE_STATS_H

#include "data/dataset.h"

/* Find the samples that are trained on, and those that are held out and stay in memory. Not
 * collective. */
dt_code dt_sequence_sort(dt_dataset *dataset, dt_error *err);

/* Make the normaliser of the samples, from one pass over x. Collective; an error is the same on
 * every rank.
 *   gaps        NaN is left out, and will be the mean
 *   normalizer  [out] of features of a sample */
dt_code dt_sequence_measure(const dt_dataset *dataset, const dt_world *world, dt_scaling scaling,
                            bool gaps, dt_normalizer **normalizer, dt_error *err);

#endif
