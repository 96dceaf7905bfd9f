/* How often each class occurs among the rows that are trained on. */
#ifndef DT_DATA_CLASS_COUNTS_H
#define DT_DATA_CLASS_COUNTS_H

#include "data/dataset.h"

/* Count over all ranks: rows of each label; of targets, rows above one half in each column. Of a
 * data set that is streamed y is read once more. Collective; an error is the same on every rank.
 *   count  [out] [outputs] */
dt_code dt_count_classes(const dt_dataset *dataset, const dt_world *world, int64_t *count,
                         dt_error *err);

#endif
