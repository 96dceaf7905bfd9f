/* The log of a run: JSON Lines, one event each. */
#ifndef DT_REPORT_LOG_H
#define DT_REPORT_LOG_H

#include "report/report.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *file;       /* NULL: no log */
    const char *path; /* borrowed */
    int64_t steps;    /* every Nth global step has an event; 0: none */
    bool waiting;     /* something is buffered */
    double flushed;   /* dt_clock_coarse of the last flush */
} dt_log;

/* Create (or empty) the file, if the options name one; of a run that goes on, cut it (cut.h). */
dt_code dt_log_open(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                    dt_error *err);

/* Each puts the first failure to write into err, does nothing once one stands there, and does
 * nothing without a log. All but dt_log_step see to it that the event is in the file when they
 * return. */
void dt_log_start(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                  dt_error *err);
void dt_log_step(dt_log *log, const dt_report_step_facts *facts, dt_error *err);
void dt_log_epoch(dt_log *log, const dt_report_epoch_facts *facts, dt_error *err);
void dt_log_checkpoint(dt_log *log, const char *path, int64_t global_step, dt_error *err);
void dt_log_end(dt_log *log, const dt_report_end_facts *facts, dt_error *err);

/* What has been logged, to the system; and from there onto the disk. The latter in any thread. */
void dt_log_flush(dt_log *log, dt_error *err);
dt_code dt_log_sync(const dt_log *log, dt_error *err);

/* Flush and close. */
void dt_log_close(dt_log *log, dt_error *err);

#endif
