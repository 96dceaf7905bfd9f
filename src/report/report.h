/* What people and programs see of a run: console lines, the progress bar, and the JSON Lines log.
 * One rank owns a report; on every other rank it is NULL, and each function takes NULL and does
 * nothing, so the training loop calls them alike on all ranks. None is collective.
 * A write that fails (a full disk) is remembered; dt_report_check tells it. */
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
    int64_t window_rows;       /* rows in memory at a time where data is streamed; 0: all are */
    int64_t samples, features; /* rows trained on; values in a row */
    int64_t outputs;           /* of the model; for classes their number */
    int64_t parameters;
    int64_t steps_per_epoch;
    int64_t total_steps; /* of the whole run, --max-steps counted in */
    const char *options; /* every option as a JSON object, for the log's "start"; NULL: left out */
    const char *warning[DT_REPORT_WARNINGS]; /* warnings; NULL: none */
    const char
        *identity; /* by which the log of another run is known: dt_log_truncate_options.options */
    const char *resumed_from;        /* the checkpoint of a resumed run; NULL: a new run */
    int64_t done_steps, done_epochs; /* before it goes on; epochs: whole ones */
    int64_t overwritten; /* steps of the run that was in the folder before (--overwrite); 0: none */
} dt_report_run;

typedef struct {
    int64_t epoch, step, global_step; /* counted from 1; step within the epoch */
    int64_t samples;                  /* in this step's global batch */
    double loss, lr;
} dt_report_step_facts;

/* The rank that was the slowest in an epoch. */
typedef struct {
    int rank;
    const char *node;           /* its host's name */
    double ratio;               /* its time for data and compute, divided by the median rank's */
    double lost;                /* the difference of these times, in seconds */
    double data, compute, wait; /* its seconds; compute with the update, wait in allreduce */
    bool is_long;               /* it was the slowest for several epochs: warn of it */
} dt_report_slowest;

typedef struct {
    int64_t epoch, global_step, samples; /* samples seen in this epoch */
    double train_loss;                   /* mean over them */
    bool validated;
    dt_scores val;         /* if it was */
    uint64_t weights_hash; /* after it */
    int64_t redone;        /* steps of it whose exact sums were taken again, mostly of few lines */
    double seconds;
    double data, compute, allreduce, update; /* seconds of it, on this rank */
    dt_report_slowest slowest;
} dt_report_epoch_facts;

typedef struct {
    const char *status;          /* "finished", "stopped" or "failed" */
    const char *reason;          /* what stopped it, as "SIGTERM"; NULL: nothing */
    int64_t epochs, global_step; /* epochs: completed ones */
    int64_t best_epoch;          /* after which best.h5 was written; 0: there is none */
    double best_loss;            /* of its validation */
    uint64_t weights_hash;
    const char *warning; /* a warning that is repeated at the end; NULL: none */
} dt_report_end_facts;

/* DT_ERR_FILE if the file of options->log has something in it, so that a new run must not write it.
 * */
dt_code dt_report_check_log(const dt_train_options *options, dt_error *err);

/* Open the report of a run: its log file, if options name one (report/log.h).
 * options and run, and the texts in them, are borrowed for the report's life. *report is NULL after
 * an error: DT_ERR_FILE, DT_ERR_SPACE or DT_ERR_MEMORY. */
dt_code dt_report_open(dt_report **report, const dt_train_options *options,
                       const dt_report_run *run, dt_error *err);

/* Print the warnings on standard error and the first line of the run, and log the event "start". */
void dt_report_start(dt_report *report);

/* Instead, of a run that goes on and has nothing left to do: a line, and no event. */
void dt_report_nothing_left(dt_report *report);
void dt_report_epoch_begin(dt_report *report, int64_t epoch);

/* Takes a few nanoseconds if the step is neither printed nor logged and there is no progress bar.
 * */
void dt_report_step(dt_report *report, const dt_report_step_facts *facts);
void dt_report_epoch_end(dt_report *report, const dt_report_epoch_facts *facts);
void dt_report_checkpoint(dt_report *report, const char *path, int64_t global_step);

/* Before a checkpoint gets its name, the log must have the steps that the checkpoint has. The first
 * call hands them to the system; the second one, which any thread may make, brings them to the
 * disk. */
void dt_report_flush(dt_report *report);
dt_code dt_report_sync(const dt_report *report, dt_error *err);

/* A line on the console: the run ends by --patience; the best epoch, and its validation loss. */
void dt_report_patience(dt_report *report, int64_t epoch, double loss);

/* The closing line on the console, which a run that failed does not have, and the "end" event.
 */
void dt_report_end(dt_report *report, const dt_report_end_facts *facts);

/* DT_OK, or the error of the first failed write, with the name of the file. Cheap enough for every
 * step. */
dt_code dt_report_check(const dt_report *report, dt_error *err);

/* dt_report_warn during the run, from the rank that has the report. */
void dt_report_warn_in_run(dt_report *report, const char *text);

/* Flush and close. Takes NULL. Returns the error of the first failed write. */
dt_code dt_report_close(dt_report *report, dt_error *err);

#endif
