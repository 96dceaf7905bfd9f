/* Writes the checkpoints of a run. A thread writes the state at the end of a step to the disk while
 * the training goes on. One rank owns a saver. On every other rank it is NULL; each function takes
 * NULL and does nothing, so that the training loop is the same on all ranks. None is collective. */
#ifndef DT_TRAIN_SAVER_H
#define DT_TRAIN_SAVER_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/lock.h"
#include "core/team.h"
#include "report/report.h"
#include <dtrain/options.h>

typedef struct dt_saver dt_saver;

/* Start the thread. Everything passed in, and what `state` points to, is borrowed for the saver's
 * life.
 *   state  addresses of the run's state at the end of each step. Its progress is the position of
 *          the run; if that is not the beginning, there is a checkpoint of it already
 *   lock   lock of the folder
 * *saver is NULL after an error. */
dt_code dt_saver_create(dt_saver **saver, const dt_train_options *options,
                        const dt_checkpoint *state, dt_report *report, const dt_team *team,
                        const dt_lock *lock, dt_error *err);

/* Return whether the seconds of --checkpoint-every have passed. Cheap. */
bool dt_saver_due(const dt_saver *saver);

/* Return the seconds that a checkpoint would take from now until it is on the disk, estimated from
 * the last ones, or from its size before there was one. */
double dt_saver_seconds(dt_saver *saver);

/* Begin to save the state. Waits until the checkpoint before this one is written. Does nothing if
 * step-N.h5 is wanted and exists.
 *   step  save as step-N.h5
 *   best  save as best.h5 */
void dt_saver_save(dt_saver *saver, const dt_run_progress *progress, bool step, bool best);

/* To be called before the weights or the optimizer's state change: copy the values that the thread
 * has not read yet. Cheap if there are none. */
void dt_saver_copy_unread(dt_saver *saver);

/* Return the error of the thread, if it had one, and tell the report which checkpoints have been
 * written. Cheap. */
dt_code dt_saver_check(dt_saver *saver, dt_error *err);

/* Wait until everything is written; then as dt_saver_check. */
dt_code dt_saver_finish(dt_saver *saver, dt_error *err);

/* Takes NULL. */
void dt_saver_destroy(dt_saver *saver);

#endif
