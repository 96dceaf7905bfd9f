/* The folder of a run's checkpoints: step-<global step, ten digits>.h5, and best.h5. Not
 * collective. */
#ifndef DT_CHECKPOINT_STORE_H
#define DT_CHECKPOINT_STORE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Make the folder, with those above it, if it is not there, see that it can be written to (before
 * the training, not after it), and clear it of what a killed process left half-written. */
dt_code dt_store_prepare(const char *folder, dt_error *err);

/* The path of a checkpoint, to be freed; NULL when memory runs out. */
char *dt_store_step_path(const char *folder, int64_t step, dt_error *err);
char *dt_store_best_path(const char *folder, dt_error *err);

/* The steps that there are checkpoints of, good or not, in order; none where there is no folder.
 *   steps  [out] [n] to be freed, also after an error; may be NULL */
dt_code dt_store_list(const char *folder, int64_t **steps, int *n, dt_error *err);

/* Remove old checkpoints, but the `keep` newest up to the step `newest`. Later ones are another
 * run's, and stay. What cannot be removed is left. */
void dt_store_prune(const char *folder, int64_t newest, int64_t keep);

#endif
