/* The folder of a run's checkpoints: step-<global step, ten digits>.h5, and best.h5. Not
 * collective. */
#ifndef DT_CHECKPOINT_STORE_H
#define DT_CHECKPOINT_STORE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Make the folder, and the folders above it, if it does not exist, and check that it can be written
 * to: before the training, not after it. */
dt_code dt_store_prepare(const char *folder, dt_error *err);

/* Remove the half-written files of killed processes from a folder whose lock is held
 * (checkpoint/lock.h). The files of a process that may still live stay. */
void dt_store_clean_up(const char *folder);

/* Create a probe file, by which other ranks check that they see the same folder (a shared file
 * system), and remove it.
 *   probe  its name; empty: there is none */
enum { DT_STORE_PROBE = 96 };
void dt_store_create_probe(const char *folder, char probe[DT_STORE_PROBE]);
void dt_store_remove_probe(const char *folder, const char probe[DT_STORE_PROBE]);

/* Whether this folder has the probe file. It takes a second if not. */
bool dt_store_probe_is_visible(const char *folder, const char probe[DT_STORE_PROBE]);

/* The path of a checkpoint, to be freed; NULL when memory runs out. */
char *dt_store_step_path(const char *folder, int64_t step, dt_error *err);
char *dt_store_best_path(const char *folder, dt_error *err);

/* The steps of all checkpoints in the folder, good or damaged, in order; none if there is no
 * folder.
 *   steps  [out] [n] to be freed, also after an error; may be NULL */
dt_code dt_store_list(const char *folder, int64_t **steps, int *n, dt_error *err);

/* The checkpoints in a folder, good or damaged; none if there is no folder. */
typedef struct {
    bool there, best;  /* there: some checkpoint exists; best: best.h5 exists */
    int64_t last_step; /* of the newest step-N.h5; 0: none */
} dt_store_run;
dt_code dt_store_find_run(const char *folder, dt_store_run *run, dt_error *err);

/* The checkpoint that a path means: the file itself; in a folder best.h5, else the newest, good or
 * damaged. To be freed. NULL after an error: DT_ERR_FILE if it is a folder without a checkpoint. */
char *dt_store_choose(const char *path, dt_error *err);

/* Remove all checkpoints of a folder, and no other file. */
dt_code dt_store_remove_run(const char *folder, dt_error *err);

/* Remove old checkpoints, except the `keep` newest up to the step `newest`. Later ones belong to
 * another run, and stay. A file that cannot be removed stays too.
 *   recycled  [in,out] NULL; or, if *recycled is NULL, one of the files is not removed: it gets a
 *             temporary name, which *recycled then is, and will be overwritten; to be freed */
void dt_store_prune(const char *folder, int64_t newest, int64_t keep, char **recycled);

#endif
