/* The output of a run for people and programs: console lines, the progress bar, and the JSON Lines
 * log. One rank owns a report. On every other rank the report is NULL. Each function takes NULL and
 * then does nothing, so the training loop calls it on all ranks. No function is collective. A
 * failed write (a full disk) is remembered, and dt_report_check returns it. */
#ifndef DT_REPORT_H
#define DT_REPORT_H

#include "report/failure.h"
#include <dtrain/options.h>
#include <dtrain/scores.h>
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_report dt_report;

enum { DT_REPORT_WARNINGS = 18 };

typedef struct {
    int ranks, nodes, threads; /* threads of one rank */
    const char *data;          /* path of the data set */
    const char *model;         /* "784-512-512-10 relu, cross-entropy" */
    int64_t window_rows;       /* rows in memory at a time if data is streamed; 0: all rows */
    int64_t samples, features; /* rows to train on; values in a row */
    int64_t outputs;           /* outputs of the model; for classes, their number */
    int64_t parameters;
    int64_t steps_per_epoch;
    int64_t total_steps; /* steps of the whole run, limited by --max-steps */
    const char *options; /* every option as a JSON object, for the log's "start"; NULL: left out */
    const char *warning[DT_REPORT_WARNINGS]; /* warnings; NULL: none */
    const char *identity;                    /* dt_log_truncate_options.options */
    const char *resumed_from;                /* the checkpoint of a resumed run; NULL: a new run */
    int64_t done_steps, done_epochs;         /* completed before the run was resumed */
    int64_t overwritten; /* steps of the run that --overwrite removed from the folder; 0: none */
} dt_report_run;

/* The numbers of one step. */
typedef struct {
    int64_t epoch, step, global_step; /* counted from 1; step is within the epoch */
    int64_t samples;                  /* samples in this step's global batch */
    double loss, lr;
} dt_report_step_facts;

/* The slowest rank of an epoch. */
typedef struct {
    int rank;
    const char *node;     /* its host's name */
    double ratio;         /* its time for data and compute, divided by that of the median rank */
    double lost;          /* the difference of these times, in seconds */
    double data, compute; /* its seconds; compute includes the update */
    double wait;          /* its seconds in allreduce */
    bool is_long;         /* it was the slowest rank for several epochs, so there is a warning */
} dt_report_slowest;

/* The numbers of one epoch. */
typedef struct {
    int64_t epoch, global_step, samples; /* samples in this epoch */
    double train_loss;                   /* mean loss over these samples */
    bool validated;
    dt_scores val;         /* scores of the validation, if there was one */
    uint64_t weights_hash; /* hash of the weights after the epoch */
    int64_t redone;        /* steps in which exact sums of some lines were computed again */
    double seconds;        /* duration of the epoch */
    double data, compute, allreduce, update; /* parts of the duration, on this rank, in seconds */
    dt_report_slowest slowest;
} dt_report_epoch_facts;

/* The result of a run. */
typedef struct {
    const char *status;          /* "finished", "stopped" or "failed" */
    const char *reason;          /* the reason for a stop, like "SIGTERM"; NULL: not stopped */
    int64_t epochs, global_step; /* completed epochs and steps */
    int64_t best_epoch;          /* the epoch after which best.h5 was written; 0: there is none */
    double best_loss;            /* the validation loss of this epoch */
    uint64_t weights_hash;
    const char *warning; /* a warning that is repeated at the end; NULL: none */
} dt_report_end_facts;

/* Check the file of options->log before a new run: DT_ERR_FILE if it already has a log, or is not a
 * log. */
dt_code dt_report_check_log(const dt_train_options *options, dt_error *err);

/* Open the report of a run, and its log file if options name one (report/log.h). options and run,
 * and the texts in them, are borrowed for the report's life. *report is NULL after an error:
 * DT_ERR_FILE, DT_ERR_SPACE or DT_ERR_MEMORY. */
dt_code dt_report_open(dt_report **report, const dt_train_options *options,
                       const dt_report_run *run, dt_error *err);

/* Print the warnings on standard error and the first line of the run, and log the event "start". */
void dt_report_start(dt_report *report);

/* Called in place of dt_report_start if a resumed run has nothing left to do. Print one line, and
 * log no event. */
void dt_report_nothing_left(dt_report *report);

/* Report that an epoch begins, or that a step, an epoch or a checkpoint is complete.
 * dt_report_step takes a few nanoseconds if the step is neither printed nor logged and there is no
 * progress bar. */
void dt_report_epoch_begin(dt_report *report, int64_t epoch);
void dt_report_step(dt_report *report, const dt_report_step_facts *facts);
void dt_report_epoch_end(dt_report *report, const dt_report_epoch_facts *facts);
void dt_report_checkpoint(dt_report *report, const char *path, int64_t global_step);

/* Before a checkpoint gets its name, the log on the disk must have all steps of the checkpoint.
 * dt_report_flush passes them to the system. dt_report_sync then makes sure that they are on the
 * disk; any thread may call it. */
void dt_report_flush(dt_report *report);
dt_code dt_report_sync(const dt_report *report, dt_error *err);

/* Print that the run ends by --patience.
 *   epoch, loss  the best epoch, and its validation loss */
void dt_report_patience(dt_report *report, int64_t epoch, double loss);

/* Print the last line of the run, unless the run failed, and log the event "end". */
void dt_report_end(dt_report *report, const dt_report_end_facts *facts);

/* Return DT_OK, or the error of the first failed write, which names the file. It is fast enough to
 * be called at every step. */
dt_code dt_report_check(const dt_report *report, dt_error *err);

/* Print a warning during the run. */
void dt_report_warn_in_run(dt_report *report, const char *text);

/* Flush and close the report. Returns the error of the first failed write. */
dt_code dt_report_close(dt_report *report, dt_error *err);

#endif
