/* Validation after an epoch: the scores of the model over rows that are not trained on, by all
 * ranks together. */
#ifndef DT_TRAIN_VALIDATION_H
#define DT_TRAIN_VALIDATION_H

#include "data/dataset.h"
#include "engine/engine.h"
#include "model/metrics.h"

typedef struct {
    const dt_world *world;
    const dt_dataset *dataset;
    bool whole;      /* all rows of the data set are validated on; else those held out */
    bool rereads;    /* the rows are not in memory, but are read each time */
    int64_t piece;   /* rows that are scored at a time */
    bool *mark;      /* [piece] scratch */
    void *bytes, *y; /* [piece] rows as they are in the file or in memory */
    float *output;   /* [piece,outputs] */
    dt_metrics metrics;
} dt_validation;

/* Allocate what a validation needs. dataset is borrowed. Not collective. To be ended with
 * dt_validation_free, also after an error. */
dt_code dt_validation_init(dt_validation *validation, const dt_world *world,
                           const dt_dataset *dataset, bool whole, const dt_model *model,
                           dt_error *err);

/* Compute the scores with these weights. Collective; the scores are the same on every rank.
 * DT_STOPPED if some rank has a reason to stop; the scores are then unspecified. */
dt_code dt_validation_run(dt_validation *validation, dt_engine *engine, const float *parameters,
                          dt_scores *scores, dt_error *err);

void dt_validation_free(dt_validation *validation);

#endif
