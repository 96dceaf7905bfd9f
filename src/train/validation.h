/* Validation after an epoch: the scores of the model over rows that are not trained on, by all
 * ranks together. */
#ifndef DT_TRAIN_VALIDATION_H
#define DT_TRAIN_VALIDATION_H

#include "data/dataset.h"
#include "engine/engine.h"
#include "model/metrics.h"

typedef struct {
    const dt_world *world;
    const dt_dataset *dataset; /* its held-out rows are validated on, or, if whole, all its rows */
    bool whole;
    bool rereads;    /* the rows are not in memory, but are read each time */
    int64_t piece;   /* rows at a time */
    bool *mark;      /* [piece] */
    void *bytes, *y; /* [piece] rows as they lie in the file or in memory */
    float *output;   /* [piece,outputs] */
    dt_metrics metrics;
} dt_validation;

/* Room for validating. dataset is borrowed. Not collective. To be ended with dt_validation_free. */
dt_code dt_validation_init(dt_validation *validation, const dt_world *world,
                           const dt_dataset *dataset, bool whole, const dt_model *model,
                           dt_error *err);

/* DT_STOPPED if some rank has a reason to stop: the result is then unspecified. Collective. */
dt_code dt_validation_run(dt_validation *validation, dt_engine *engine, const float *parameters,
                          dt_scores *scores, dt_error *err);

void dt_validation_free(dt_validation *validation);

#endif
