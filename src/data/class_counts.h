/* How often each class occurs among the rows that are trained on. */
#ifndef DT_DATA_CLASS_COUNTS_H
#define DT_DATA_CLASS_COUNTS_H

#include "data/dataset.h"

/* Count, over the rows of all ranks, those of each label; where y is not labels, count in each
 * column the rows above one half. If the data set is streamed, y is read once more. Collective; an
 * error is the same on every rank.
 *   count  [out] [outputs] */
dt_code dt_count_classes(const dt_dataset *dataset, const dt_world *world, int64_t *count,
                         dt_error *err);

#endif
