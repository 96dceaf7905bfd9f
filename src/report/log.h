/* The log of a run: JSON Lines, one event a line. */
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
    double flushed;   /* dt_clock_coarse of the last flush */
} dt_log;

/* DT_ERR_FILE if the file of --log has a log, which a new run must not touch, or is not a log. */
dt_code dt_log_check(const dt_train_options *options, dt_error *err);

/* Open or make the file, if the options name one. Lines of another run in it are an error, unless
 * options->overwrite; of a run that goes on it is cut (log_truncate.h); of one that --resume begins
 * anew they are kept in another file. */
dt_code dt_log_open(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                    dt_error *err);

/* Each logs an event. It puts the first failure to write into err; it does nothing if err has an
 * error or if there is no log. Except for dt_log_step, the event is in the file when the call
 * returns. */
void dt_log_start(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                  dt_error *err);
void dt_log_step(dt_log *log, const dt_report_step_facts *facts, dt_error *err);
void dt_log_epoch(dt_log *log, const dt_report_epoch_facts *facts, dt_error *err);
void dt_log_checkpoint(dt_log *log, const char *path, int64_t global_step, dt_error *err);
void dt_log_end(dt_log *log, const dt_report_end_facts *facts, dt_error *err);

/* Hand the events to the system; and bring them to the disk, which any thread may do. */
void dt_log_flush(dt_log *log, dt_error *err);
dt_code dt_log_sync(const dt_log *log, dt_error *err);

/* Flush and close. */
void dt_log_close(dt_log *log, dt_error *err);

#endif
