/* The folder of a run's checkpoints: step-<global step, ten digits>.h5, and best.h5. Not
 * collective. */
#ifndef DT_CHECKPOINT_STORE_H
#define DT_CHECKPOINT_STORE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Make the folder, with those above it, if it is not there, and see that it can be written to:
 * before the training, not after it. */
dt_code dt_store_prepare(const char *folder, dt_error *err);

/* Clear a folder whose lock is held (checkpoint/lock.h) of files that a killed process left
 * half-written; those of a process that may live stay. */
void dt_store_clean_up(const char *folder);

/* Put an empty file into the folder, so that others can see whether theirs is the same, and take it
 * away again.
 *   mark  its name; empty: there is none */
enum { DT_STORE_PROBE = 96 };
void dt_store_create_probe(const char *folder, char mark[DT_STORE_PROBE]);
void dt_store_remove_probe(const char *folder, const char mark[DT_STORE_PROBE]);

/* Whether that file is in a folder. Takes a second where it is not. */
bool dt_store_sees_probe(const char *folder, const char mark[DT_STORE_PROBE]);

/* The path of a checkpoint, to be freed; NULL when memory runs out. */
char *dt_store_step_path(const char *folder, int64_t step, dt_error *err);
char *dt_store_best_path(const char *folder, dt_error *err);

/* The steps that there are checkpoints of, good or not, in order; none where there is no folder.
 *   steps  [out] [n] to be freed, also after an error; may be NULL */
dt_code dt_store_list(const char *folder, int64_t **steps, int *n, dt_error *err);

/* What a folder holds of a run, good or not; nothing where there is no folder. */
typedef struct {
    bool there, best;  /* any checkpoint; best.h5 */
    int64_t last_step; /* of the newest step-N.h5; 0: none */
} dt_store_run;
dt_code dt_store_find_run(const char *folder, dt_store_run *run, dt_error *err);

/* The checkpoint to use of a folder: best.h5, else the newest, good or not; of a file itself. To be
 * freed. NULL after an error: DT_ERR_FILE if it is a folder without one. */
char *dt_store_choose(const char *path, dt_error *err);

/* Remove all its checkpoints, and no other file. */
dt_code dt_store_remove_run(const char *folder, dt_error *err);

/* Remove old checkpoints, but the `keep` newest up to the step `newest`. Later ones are another
 * run's, and stay. What cannot be removed is left.
 *   recycled  NULL, or [in,out]: where *recycled is NULL, one of them is not removed but called by the
 *          name of one being written, which it becomes; to be freed */
void dt_store_prune(const char *folder, int64_t newest, int64_t keep, char **recycled);

#endif
