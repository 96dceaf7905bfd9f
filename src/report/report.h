/* What people and programs see of a run: console lines, the progress bar, and the JSON Lines log.
 * One rank owns a report; on every other rank it is NULL, and each function takes NULL and does
 * nothing, so the training loop calls them alike on all ranks. None is collective.
 * A write that fails (a full disk) is remembered; dt_report_check tells it. */
#ifndef DT_REPORT_H
#define DT_REPORT_H

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
    const char *warning[DT_REPORT_WARNINGS]; /* what is amiss; NULL: nothing */
    const char
        *identity; /* by which the log of another run is known: dt_log_truncate_options.options */
    const char *resumed_from;        /* the checkpoint that the run goes on from; NULL: it begins */
    int64_t done_steps, done_epochs; /* before it goes on; epochs: whole ones */
    int64_t overwritten; /* steps of the run that was in the folder before (--overwrite); 0: none */
} dt_report_run;

typedef struct {
    int64_t epoch, step, global_step; /* counted from 1; step within the epoch */
    int64_t samples;                  /* in this step's global batch */
    double loss, lr;
} dt_report_step_facts;

/* The slowest rank of an epoch. */
typedef struct {
    int rank;
    const char *node;           /* its host's name */
    double ratio;               /* of its time for data and compute to the median rank's */
    double lost;                /* seconds by which that is longer */
    double data, compute, wait; /* its seconds; compute with the update, wait in allreduce */
    bool is_long;               /* it has been so for long: to be warned of */
} dt_report_slowest;

typedef struct {
    int64_t epoch, global_step, samples; /* samples seen in this epoch */
    double train_loss;                   /* mean over them */
    bool validated;
    dt_scores val;         /* if it was */
    uint64_t weights_hash; /* after it */
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
    const char *warning; /* to be told once more at the end; NULL: none */
} dt_report_end_facts;

/* Whether the file of options->log, if it is there, is one that a new run may have: DT_ERR_FILE if
 * there is something in it. */
dt_code dt_report_check_log(const dt_train_options *options, dt_error *err);

/* Open the report of a run: its log file, if options name one (report/log.h).
 * options and run, and the texts in them, are borrowed for the report's life. *report is NULL after
 * an error: DT_ERR_FILE, DT_ERR_SPACE or DT_ERR_MEMORY. */
dt_code dt_report_open(dt_report **report, const dt_train_options *options,
                       const dt_report_run *run, dt_error *err);

/* The line at the start, after the warnings, which go to standard error; the "start" event. */
void dt_report_start(dt_report *report);

/* Instead, of a run that goes on and has nothing left to do: a line, and no event. */
void dt_report_nothing_left(dt_report *report);
void dt_report_epoch_begin(dt_report *report, int64_t epoch);

/* A few nanoseconds when the step is neither printed nor logged and there is no progress bar. */
void dt_report_step(dt_report *report, const dt_report_step_facts *facts);
void dt_report_epoch_end(dt_report *report, const dt_report_epoch_facts *facts);
void dt_report_checkpoint(dt_report *report, const char *path, int64_t global_step);

/* Before a checkpoint that is about to be taken gets its name, what it has must be in the log: hand
 * that to the system, and then, in whatever thread, bring it onto the disk. */
void dt_report_flush(dt_report *report);
dt_code dt_report_sync(const dt_report *report, dt_error *err);

/* A line on the console: the run ends by --patience; the best epoch, and its validation loss. */
void dt_report_patience(dt_report *report, int64_t epoch, double loss);

/* The closing line on the console, which a run that failed does not have, and the "end" event.
 */
void dt_report_end(dt_report *report, const dt_report_end_facts *facts);

/* DT_OK, or the first write that failed, naming the file. Cheap enough for every step. */
dt_code dt_report_check(const dt_report *report, dt_error *err);

/* A line on standard error, of a thing that is wrong and does not end the run. Needs no report. */
void dt_report_warn(const char *text);

/* The same during the run, from the rank that has the report. */
void dt_report_warn_in_run(dt_report *report, const char *text);

/* Flush and close. Takes NULL. Returns what dt_report_check would have after the last write. */
dt_code dt_report_close(dt_report *report, dt_error *err);

#endif
