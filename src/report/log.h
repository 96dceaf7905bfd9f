/* Writes the log of a run: JSON Lines, with one event on each line. Not collective. */
#ifndef DT_REPORT_LOG_H
#define DT_REPORT_LOG_H

#include "report/log_file.h"
#include "report/report.h"

#include <stdbool.h>

typedef struct {
    dt_log_file file; /* not open: no log */
    int64_t steps;    /* every Nth global step has an event; 0: none */
    bool empties;     /* the file is emptied when the run starts (--overwrite) */
    bool waiting;     /* some events are buffered */
    double flushed;   /* time of the last flush, in dt_clock_coarse */
} dt_log;

/* Check the file of --log before a new run: DT_ERR_FILE if it already has a log, or is not a log.
 * */
dt_code dt_log_check(const dt_train_options *options, dt_error *err);

/* Open or make the file, if the options name one. If the file already has lines:
 *   a resumed run   goes on with its own log, cut at the resumed step (log_truncate.h); the log of
 *                   another run is kept under another name
 *   a new run       keeps the log under another name if options->resume, empties it at its start if
 *                   options->overwrite, and otherwise fails with DT_ERR_FILE */
dt_code dt_log_open(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                    dt_error *err);

/* Each function logs an event, and puts the first failed write into err. It does nothing if err has
 * an error or if there is no log. When it returns, the event is in the file, except after
 * dt_log_step. */
void dt_log_start(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                  dt_error *err);
void dt_log_step(dt_log *log, const dt_report_step_facts *facts, dt_error *err);
void dt_log_epoch(dt_log *log, const dt_report_epoch_facts *facts, dt_error *err);
void dt_log_checkpoint(dt_log *log, const char *path, int64_t global_step, dt_error *err);
void dt_log_end(dt_log *log, const dt_report_end_facts *facts, dt_error *err);

/* dt_log_flush passes the buffered events to the system. dt_log_sync makes sure that they are on
 * the disk; any thread may call it. */
void dt_log_flush(dt_log *log, dt_error *err);
dt_code dt_log_sync(const dt_log *log, dt_error *err);

/* Flush and close. */
void dt_log_close(dt_log *log, dt_error *err);

#endif
