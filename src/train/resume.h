/* The checkpoint that a run with --resume goes on from. */
#ifndef DT_TRAIN_RESUME_H
#define DT_TRAIN_RESUME_H

#include "checkpoint/contents.h"
#include "engine/scales.h"

#include <dtrain/world.h>

typedef struct {
    bool found; /* there is one. This and what follows are the same on every rank */
    dt_run_progress progress;
    dt_run_data data;
    double lr;
    int64_t optimizer_steps;
    dt_normalizer *normalizer;   /* owned; NULL: none */
    dt_normalizer *y_normalizer; /* the same of the targets */
    dt_contents contents;        /* rank 0 */
} dt_resume;

/* Find the newest good checkpoint in a folder. Rank 0 warns of those that are not good. Collective;
 * an error is the same on every rank. resume is to be ended with dt_resume_free, also after an
 * error. */
dt_code dt_resume_find(dt_resume *resume, const dt_world *world, const char *folder, dt_error *err);

/* Check that these options do not make it another run. Called on rank 0. DT_ERR_USAGE names the
 * option that differs.
 *   options  options of this run, in JSON as in a checkpoint */
dt_code dt_resume_check_options(const dt_resume *resume, const char *options, dt_error *err);

/* Return the options by which a log is recognised as that of this run: a JSON object that has, for
 * each option, the list of values that it may have there. The learning rate may be that of the
 * checkpoint or that of this run. Called on rank 0. To be freed by the caller; NULL when memory
 * runs out. */
char *dt_resume_identity(const dt_resume *resume, const char *options);

/* Check that the data has the counts that it had; a count of -1 is not known yet. Not
 * collective; the result is the same on every rank. DT_ERR_SHAPE names what differs. */
dt_code dt_resume_check_data(const dt_resume *resume, const char *file, int64_t features,
                             int64_t samples, int64_t outputs, dt_error *err);

/* Check that step, epoch and global step of the checkpoint fit together. Not collective; the result
 * is the same on every rank, but only the message of rank 0 has the file's name. DT_ERR_DATA says
 * what does not fit. */
dt_code dt_resume_check_position(const dt_resume *resume, int64_t batch_size,
                                 int64_t steps_per_epoch, dt_error *err);

/* Send the weights, the optimizer's state and the scales, if there are any, from rank 0 to every
 * rank. Collective; an error is the same on every rank. */
dt_code dt_resume_take(dt_resume *resume, const dt_world *world, float *parameters,
                       dt_optimizer *optimizer, dt_scales *scales, dt_error *err);

void dt_resume_free(dt_resume *resume);

#endif
