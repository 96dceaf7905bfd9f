/* The files that a run writes: that nothing of another run is lost, and that no other run writes
 * there. Rank 0 alone has them; nothing here is collective. */
#ifndef DT_TRAIN_RUN_FILES_H
#define DT_TRAIN_RUN_FILES_H

#include "checkpoint/lock.h"
#include "checkpoint/store.h"
#include <dtrain/options.h>
#include <stddef.h>

/* All zero: there are none. */
typedef struct {
    const dt_train_options *options;
    dt_lock *lock;        /* of the folder of --checkpoint; NULL: it is not there yet */
    dt_store_run earlier; /* what was in the folder */
    size_t first_made;    /* characters of the name of the first folder made for it; 0: none was */
} dt_run_files;

/* Before anything is read: refuse what holds a run that these options neither go on with nor
 * overwrite, and lock the folder, if it is there. */
dt_code dt_run_files_check(dt_run_files *files, const dt_train_options *options, dt_error *err);

/* When the data is good: make the folder, and lock it, if it was not there. */
dt_code dt_run_files_prepare(dt_run_files *files, dt_error *err);

/* When nothing is left that could prevent the run: remove what --overwrite overwrites; keep what is
 * in the way of a run that --resume begins anew under another name.
 *   goes_on  from a checkpoint */
dt_code dt_run_files_begin(dt_run_files *files, bool goes_on, dt_error *err);

/* Unlock the folder, and remove it if it was made and nothing has come into it. */
void dt_run_files_release(dt_run_files *files);

#endif
