/* All that a training run has on one rank, from the options to the first step. */
#ifndef DT_TRAIN_RUN_H
#define DT_TRAIN_RUN_H

#include "core/team.h"
#include "data/loader.h"
#include "data/memory_plan.h"
#include "model/model.h"
#include "optim/optim.h"
#include "optim/schedule.h"
#include "report/report.h"
#include "train/class_weights.h"
#include "train/divergence.h"
#include "train/gradient.h"
#include "train/preflight.h"
#include "train/resume.h"
#include "train/run_files.h"
#include "train/saver.h"
#include "train/straggler.h"
#include "train/time_limit.h"
#include "train/validation.h"
#include "train/warnings.h"
#include <dtrain/options.h>
#include <dtrain/world.h>

typedef struct {
    const dt_world *world;
    const dt_train_options *options;
    dt_team team;
    dt_placement placement;   /* where it has them */
    dt_time_limit time_limit; /* the time that it has */
    dt_data_file *file;
    dt_schema schema; /* of the data, as the model has it; rank 0 */
    dt_dataset dataset;
    int64_t memory_part;   /* of the node's memory: the smallest that any rank has */
    dt_memory_plan memory; /* what it holds of all data */
    bool validates;
    dt_data_file *val_source; /* of a data set of its own; else NULL */
    dt_dataset val_dataset;
    dt_validation validation;
    dt_class_weights class_weights;
    dt_model model;
    dt_numa_group *numa_group; /* the ranks that have the weights together */
    float *parameters;         /* [P] the NUMA group's */
    dt_gradient_options gradient_options;
    dt_gradient gradient;
    dt_optimizer optimizer;
    dt_schedule schedule;
    dt_loader *loader;
    int64_t steps_per_epoch, total_steps;
    dt_run_files files;       /* that it writes; rank 0 */
    dt_resume resume;         /* what it goes on from, if anything */
    dt_run_progress progress; /* how far it has come */
    int64_t seed_offset;      /* added to the seed: 0 unless an older program began the run */
    uint64_t weights_hash;    /* when the ranks' weights were last compared */
    double lr;
    bool due; /* a checkpoint, by the clock, after the last step; the same on every rank, */
    int stop; /* as is what asks it to stop (dt_stop_reason) */
    dt_checkpoint state; /* where all that makes a checkpoint lies */
    dt_saver *saver;     /* rank 0, with --checkpoint; elsewhere NULL */
    dt_preflight preflight;
    dt_straggler straggler;
    dt_warnings warnings; /* rank 0; elsewhere none */
    dt_divergence divergence;
    dt_report *report;   /* rank 0; elsewhere NULL */
    dt_report_run facts; /* what the report says of the run; its texts are owned */
    char *model_text, *options_text, *identity; /* identity: dt_resume_identity */
} dt_run;

/* Load the data, lay out the model, draw or read its weights, allocate everything that the steps
 * need, and open the report. Collective. An error is the same on every rank; dt_run_close is called
 * in any case. */
dt_code dt_run_open(dt_run *run, const dt_world *world, const dt_train_options *options,
                    dt_error *err);

/* Collective. err as it is after the run: a failure to close adds to it. */
dt_code dt_run_close(dt_run *run, dt_error *err);

#endif
