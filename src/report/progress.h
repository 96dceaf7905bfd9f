/* The progress bar: one line on standard error that is drawn repeatedly. Failed writes are ignored.
 * Not collective. */
#ifndef DT_REPORT_PROGRESS_H
#define DT_REPORT_PROGRESS_H

#include "report/report.h"

#include <stdbool.h>
#include <stdio.h>

enum { DT_PROGRESS_COLUMNS = 77 };

typedef struct {
    bool on;
    FILE *to; /* stderr; or stdout, if only that keeps the bar and the lines in order */
    int64_t epochs, steps_per_epoch, total_steps;
    int64_t before;  /* global steps before the bar began; -1: it has not begun */
    int64_t samples; /* samples since the bar began */
    double begun;    /* the time when the bar began, in dt_clock_coarse */
    double drawn;    /* the time of the last drawing, in dt_clock_coarse */
    int columns;     /* columns that the bar may use, at most DT_PROGRESS_COLUMNS */
    int width;       /* columns that dt_progress_clear must wipe */
} dt_progress_bar;

/* Prepare the bar, and decide whether it is shown: as the option --progress says; without it, on a
 * terminal unless the run is quiet. */
void dt_progress_open(dt_progress_bar *bar, const dt_train_options *options,
                      const dt_report_run *run);

/* Draw the bar if the last drawing is old enough. */
void dt_progress_step(dt_progress_bar *bar, const dt_report_step_facts *facts);

/* Wipe the bar off the line, before something else is printed. */
void dt_progress_clear(dt_progress_bar *bar);

/* Write the bar as text, with at most bar->columns characters.
 *   seconds  the time since the bar began */
void dt_progress_text(const dt_progress_bar *bar, const dt_report_step_facts *facts, double seconds,
                      char text[DT_PROGRESS_COLUMNS + 1]);

#endif
