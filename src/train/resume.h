/* The checkpoint that a run goes on from. */
#ifndef DT_TRAIN_RESUME_H
#define DT_TRAIN_RESUME_H

#include "checkpoint/contents.h"
#include "engine/scales.h"

#include <dtrain/world.h>

typedef struct {
    bool found; /* the same on every rank, as is what follows */
    dt_run_progress progress;
    dt_run_data data;
    double lr;
    int64_t optimizer_steps;
    dt_normalizer *normalizer; /* owned; NULL: none */
    dt_contents contents;      /* rank 0 */
} dt_resume;

/* Find the newest good checkpoint in a folder; of those that are not good, rank 0 warns.
 * Collective. resume is to be ended with dt_resume_free, also after an error. */
dt_code dt_resume_find(dt_resume *resume, const dt_world *world, const char *folder, dt_error *err);

/* DT_ERR_USAGE if this run's options (as in a checkpoint) differ from the old one's in something
 * that makes it another run. On rank 0. */
dt_code dt_resume_check_options(const dt_resume *resume, const char *options, dt_error *err);

/* By what options the log of this run is known: a JSON object of lists, each of the values that one
 * may have there. The learning rate may be that of the checkpoint or this run's. To be freed; NULL
 * when memory runs out. On rank 0. */
char *dt_resume_identity(const dt_resume *resume, const char *options);

/* DT_ERR_SHAPE if the data is not as it was; of a count that is not yet known -1. Not collective,
 * the same on every rank. */
dt_code dt_resume_check_data(const dt_resume *resume, const char *file, int64_t features,
                             int64_t samples, int64_t outputs, dt_error *err);

/* DT_ERR_DATA if the run does not stand where it says that it does, with so many steps in an epoch.
 * Not collective, the same on every rank, but that rank 0 knows the file's name. */
dt_code dt_resume_check_position(const dt_resume *resume, int64_t batch_size,
                                 int64_t steps_per_epoch, dt_error *err);

/* Weights, the optimizer's state and, where there are any, scales, to every rank. Collective. */
dt_code dt_resume_take(dt_resume *resume, const dt_world *world, float *parameters,
                       dt_optimizer *optimizer, dt_scales *scales, dt_error *err);

void dt_resume_free(dt_resume *resume);

#endif
