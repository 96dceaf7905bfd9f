/* Prints the lines of a run on standard output. Not collective. */
#ifndef DT_REPORT_CONSOLE_H
#define DT_REPORT_CONSOLE_H

#include "report/report.h"

#include <stdbool.h>

typedef struct {
    bool quiet, resume;
    bool ended;              /* the resumed run had no steps left at its start */
    const char *folder;      /* the folder of checkpoints; borrowed */
    int64_t every;           /* steps of an epoch between two lines */
    int64_t next;            /* the next step of this epoch that may get a line */
    int64_t steps_per_epoch; /* the last step of an epoch gets a line */
    int64_t total_steps;     /* the last step of the run gets a line */
    double flushed;          /* time of the last flush, in dt_clock_coarse */
} dt_console;

/* Prepare the console of a run. The texts of options are borrowed. */
void dt_console_open(dt_console *console, const dt_train_options *options,
                     const dt_report_run *run);

/* Return whether a call of dt_console_step is needed. If it returns false, the step has no line. It
 * costs almost nothing. */
static inline bool dt_console_wants(const dt_console *console, const dt_report_step_facts *facts)
{
    return facts->step >= console->next || facts->global_step == console->total_steps;
}

/* Return whether a slowest rank deserves a line; and print this line. */
bool dt_console_warns_of(const dt_report_slowest *slowest);
void dt_console_slowest(dt_console *console, const dt_report_slowest *slowest, dt_error *err);

/* Print the line after an epoch: the mean loss of its steps, the validation, and the time of its
 * steps. */
void dt_console_epoch_end(dt_console *console, const dt_report_epoch_facts *facts, dt_error *err);

/* Each function prints its lines, unless the console is quiet, and puts the first failed write into
 * err. */
void dt_console_start(dt_console *console, const dt_report_run *run, dt_error *err);
void dt_console_nothing_left(dt_console *console, const dt_report_run *run, dt_error *err);
void dt_console_epoch(dt_console *console, int64_t epoch, int64_t epochs, dt_error *err);
void dt_console_step(dt_console *console, const dt_report_step_facts *facts, dt_error *err);

/* Print that the run ends by --patience.
 *   patience     epochs without a better loss
 *   epoch, loss  the best epoch, and its validation loss */
void dt_console_patience(dt_console *console, int64_t patience, int64_t epoch, double loss,
                         dt_error *err);

/* Print the last line of a run.
 *   how         "Finished" or "Stopped"
 *   checkpoint  the last checkpoint; NULL: there is none */
void dt_console_end(dt_console *console, const char *how, const dt_report_end_facts *facts,
                    double seconds, const char *checkpoint, dt_error *err);

#endif
