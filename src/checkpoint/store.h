/* The folder of a run's checkpoints: step-<global step, ten digits>.h5, and best.h5. Not
 * collective. */
#ifndef DT_CHECKPOINT_STORE_H
#define DT_CHECKPOINT_STORE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Make the folder, and the folders above it, if they do not exist, and check that it is writable.
 * Called before the training, so that a run does not fail at its first checkpoint. */
dt_code dt_store_prepare(const char *folder, dt_error *err);

/* Remove the incomplete files of killed processes from a folder whose lock this process holds
 * (checkpoint/lock.h). The files of processes that may still live stay. */
void dt_store_clean_up(const char *folder);

/* Create a probe file, so that other ranks can check that they see the same folder (a shared file
 * system); and remove it.
 *   probe  its name; empty: there is no probe file */
enum { DT_STORE_PROBE = 96 };
void dt_store_create_probe(const char *folder, char probe[DT_STORE_PROBE]);
void dt_store_remove_probe(const char *folder, const char probe[DT_STORE_PROBE]);

/* Return whether this folder has the probe file. If not, the call takes a second, since it tries
 * again. */
bool dt_store_probe_is_visible(const char *folder, const char probe[DT_STORE_PROBE]);

/* Return the path of a checkpoint, which the caller frees. NULL when memory runs out. */
char *dt_store_step_path(const char *folder, int64_t step, dt_error *err);
char *dt_store_best_path(const char *folder, dt_error *err);

/* List the steps of all checkpoints in the folder, good or damaged, in ascending order. If the
 * folder does not exist, there are none.
 *   steps  [out] [n] the caller frees it, also after an error; *steps may be NULL */
dt_code dt_store_list(const char *folder, int64_t **steps, int *n, dt_error *err);

/* Find the checkpoints in a folder, good or damaged; none if the folder does not exist. */
typedef struct {
    bool there, best;  /* there: some checkpoint exists; best: best.h5 exists */
    int64_t last_step; /* the step of the newest step-N.h5; 0: there is none */
} dt_store_run;
dt_code dt_store_find_run(const char *folder, dt_store_run *run, dt_error *err);

/* Return the path of the checkpoint that a user's path means. A file means itself. A folder means
 * its best.h5, or else its newest step-N.h5, good or damaged. The caller frees the result. NULL
 * after an error: DT_ERR_FILE if the path is a folder without a checkpoint. */
char *dt_store_choose(const char *path, dt_error *err);

/* Remove all checkpoints of a folder, and no other file. */
dt_code dt_store_remove_run(const char *folder, dt_error *err);

/* Remove old checkpoints, except the `keep` newest ones up to the step `newest`. Checkpoints of
 * later steps belong to another run, and stay. A file that cannot be removed stays too.
 *   recycled  NULL: all old checkpoints are removed. If *recycled is NULL, one of them is kept
 *             under a temporary name, to be overwritten, and *recycled becomes this name, which the
 *             caller frees */
void dt_store_prune(const char *folder, int64_t newest, int64_t keep, char **recycled);

#endif
