/* Writes the checkpoints of a run: a thread brings the state at the end of a step to the disk while
 * the training goes on. One rank owns a saver; on every other rank it
 * is NULL, and each function takes NULL and does nothing, so the training loop calls them alike on
 * all ranks. None is collective. */
#ifndef DT_TRAIN_SAVER_H
#define DT_TRAIN_SAVER_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/lock.h"
#include "core/team.h"
#include "report/report.h"
#include <dtrain/options.h>

typedef struct dt_saver dt_saver;

/* options, report, team, lock (of the folder), and what `state` points to are borrowed for the
 * saver's life.
 *   state  where the run's state lies at the end of each step; its progress: where the run stands,
 *          of which there is a checkpoint already if it has done steps
 * *saver is NULL after an error. */
dt_code dt_saver_create(dt_saver **saver, const dt_train_options *options,
                        const dt_checkpoint *state, dt_report *report, const dt_team *team,
                        const dt_lock *lock, dt_error *err);

/* Whether so many seconds have passed as --checkpoint-every has it. Cheap. */
bool dt_saver_due(const dt_saver *saver);

/* Seconds until a checkpoint that is asked for now would be on the disk: by the last ones; before
 * the first by its size. */
double dt_saver_seconds(dt_saver *saver);

/* Save the state, as step-N.h5, and as best.h5 too or only as that. Waits for the checkpoint before
 * this one; does nothing if step-N.h5 is wanted and there. */
void dt_saver_save(dt_saver *saver, const dt_run_progress *progress, bool step, bool best);

/* To be called before weights or the optimizer's state change: copies what is still to be read of
 * them. Cheap where nothing is. */
void dt_saver_copy_unread(dt_saver *saver);

/* DT_OK, or what went wrong in writing. Tells the report of what has been written. Cheap. */
dt_code dt_saver_check(dt_saver *saver, dt_error *err);

/* Wait until all is written, and check. */
dt_code dt_saver_finish(dt_saver *saver, dt_error *err);

/* Takes NULL. */
void dt_saver_destroy(dt_saver *saver);

#endif
