/* Everything that a training run has on one rank. dt_run_open makes it from the options, and the
 * loop of train.c works on it. */
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
    dt_placement placement; /* cores of the team */
    dt_time_limit time_limit;
    dt_data_file *file;
    dt_schema schema; /* names and units, in the model's order; rank 0 */
    dt_dataset dataset;
    int64_t memory_part;   /* bytes of the node's memory for a rank: the smallest of all ranks */
    dt_memory_plan memory; /* which rows are held in memory */
    bool validates;
    dt_data_file *val_source; /* file of --val-data; NULL: there is none */
    dt_dataset val_dataset;
    dt_normalizer *given_scaling;   /* of --normalize FILE; NULL: none */
    dt_normalizer *given_y_scaling; /* the same of the targets */
    dt_holdout holdout;             /* which rows of the data are not trained on */
    dt_validation validation;
    dt_class_weights class_weights;
    double weight_unit; /* of the weight of a step's samples: see dt_loss_unit */
    dt_model model;
    dt_numa_group *numa_group; /* ranks that share one replica of the weights */
    float *parameters;         /* [P] weights of the NUMA group */
    dt_gradient_options gradient_options;
    dt_gradient gradient;
    dt_optimizer optimizer;
    dt_schedule schedule;
    dt_loader *loader;
    int64_t steps_per_epoch, total_steps;
    dt_run_files files;       /* checkpoint folder and log; rank 0 */
    dt_resume resume;         /* checkpoint that the run goes on from, if there is one */
    dt_run_progress progress; /* position of the run */
    int64_t seed_offset;      /* added to the seed: 0 unless an older program began the run */
    uint64_t weights_hash;    /* hash of the weights when the replicas were last compared */
    double lr;
    bool due;            /* it is time for a checkpoint after this step; the same on every rank */
    int stop;            /* dt_stop_reason: why the run must stop; the same on every rank */
    dt_checkpoint state; /* addresses of everything that a checkpoint holds */
    dt_saver *saver;     /* rank 0, with --checkpoint; elsewhere NULL */
    dt_preflight preflight;
    dt_straggler straggler;
    dt_warnings warnings; /* rank 0; elsewhere none */
    dt_divergence divergence;
    dt_report *report;   /* rank 0; elsewhere NULL */
    dt_report_run facts; /* facts of the run for the report; its texts are owned */
    char *model_text, *options_text, *identity; /* owned; identity: see dt_resume_identity */
} dt_run;

/* Load the data, lay out the model, initialise or read its weights, allocate everything that the
 * steps need, and open the report. Collective. An error is the same on every rank; dt_run_close
 * is called in any case. */
dt_code dt_run_open(dt_run *run, const dt_world *world, const dt_train_options *options,
                    dt_error *err);

/* Finish the checkpoints, close the report and free everything. Collective.
 *   err  [in,out] the error of the run; an error in closing is added if there is none */
dt_code dt_run_close(dt_run *run, dt_error *err);

#endif
