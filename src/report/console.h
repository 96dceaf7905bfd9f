/* The lines of a run on standard output. */
#ifndef DT_REPORT_CONSOLE_H
#define DT_REPORT_CONSOLE_H

#include "report/report.h"

#include <stdbool.h>

typedef struct {
    bool quiet, resume;
    bool ended;              /* the run had before it began */
    const char *folder;      /* the folder of checkpoints; borrowed */
    int64_t every;           /* steps of an epoch between two lines */
    int64_t next;            /* the next step of this epoch that may have a line */
    int64_t steps_per_epoch; /* the last step of an epoch has a line, */
    int64_t total_steps;     /* and so has the last of the run */
    double flushed;          /* dt_clock_coarse of the last flush */
} dt_console;

void dt_console_open(dt_console *console, const dt_train_options *options,
                     const dt_report_run *run);

/* Whether dt_console_step would print, at next to no cost for most of the steps that have no line.
 */
static inline bool dt_console_wants(const dt_console *console, const dt_report_step_facts *facts)
{
    return facts->step >= console->next || facts->global_step == console->total_steps;
}

/* Whether a slowest rank is worth a line, and that line. */
bool dt_console_warns_of(const dt_report_slowest *slowest);
void dt_console_slowest(dt_console *console, const dt_report_slowest *slowest, dt_error *err);

/* The line after an epoch: the mean loss of its steps, the validation, and the time of its steps.
 */
void dt_console_epoch_end(dt_console *console, const dt_report_epoch_facts *facts, dt_error *err);

/* Each prints its lines, unless the console is quiet, and puts the first failure to write into err.
 * */
void dt_console_start(dt_console *console, const dt_report_run *run, dt_error *err);
void dt_console_nothing_left(dt_console *console, const dt_report_run *run, dt_error *err);
void dt_console_epoch(dt_console *console, int64_t epoch, int64_t epochs, dt_error *err);
void dt_console_step(dt_console *console, const dt_report_step_facts *facts, dt_error *err);
/* patience: in epochs; epoch: the best one, of this loss. */
void dt_console_patience(dt_console *console, int64_t patience, int64_t epoch, double loss,
                         dt_error *err);
/* how is "Finished" or "Stopped"; checkpoint may be NULL. */
void dt_console_end(dt_console *console, const char *how, const dt_report_end_facts *facts,
                    double seconds, const char *checkpoint, dt_error *err);

#endif
