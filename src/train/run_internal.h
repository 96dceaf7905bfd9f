/* The stages in which run.c opens a run that have a file of their own: run_data.c. */
#ifndef DT_TRAIN_RUN_INTERNAL_H
#define DT_TRAIN_RUN_INTERNAL_H

#include "train/run.h"

/* The seed of the run's random numbers. It is that of the options, except where an older program
 * began the run: it added a number. Not collective. */
uint64_t dt_run_seed(const dt_run *run);

/* Each of these is collective; an error is the same on every rank. They are called in this order.
 *
 * Open the training data. With --resume, check that data and options are those of the run that
 * goes on. */
dt_code dt_run_open_data(dt_run *run, dt_error *err);

/* Open the file of --val-data, if there is one. */
dt_code dt_run_open_val_data(dt_run *run, dt_error *err);

/* Decide how much of all data a rank holds in memory. */
dt_code dt_run_plan_memory(dt_run *run, dt_error *err);

/* Load the rows to train on, and those that --val-fraction holds out. */
dt_code dt_run_load_data(dt_run *run, dt_error *err);

/* Load the rows of --val-data. */
dt_code dt_run_load_val_data(dt_run *run, dt_error *err);

#endif
