/* The progress bar: one line on the standard error that is drawn again and again. It never fails:
 * what cannot be drawn is not missed. */
#ifndef DT_REPORT_PROGRESS_H
#define DT_REPORT_PROGRESS_H

#include "report/report.h"

#include <stdbool.h>
#include <stdio.h>

enum { DT_PROGRESS_COLUMNS = 77 };

typedef struct {
    bool on;
    FILE *to; /* stderr, or stdout where only that keeps bar and lines in order */
    int64_t epochs, steps_per_epoch, total_steps;
    int64_t before;  /* global steps that were done when the bar began; -1: not begun */
    int64_t samples; /* seen since */
    double begun;    /* dt_clock_coarse */
    double drawn;    /* the same, of the last drawing */
    int columns;     /* that the bar may take, at most DT_PROGRESS_COLUMNS */
    int width;       /* columns to wipe */
} dt_progress_bar;

/* Whether there is to be a bar: as the options say; by themselves on a terminal, unless quiet. */
void dt_progress_open(dt_progress_bar *bar, const dt_train_options *options,
                      const dt_report_run *run);

/* Draw the bar if the last drawing is old enough. */
void dt_progress_step(dt_progress_bar *bar, const dt_report_step_facts *facts);

/* Wipe the bar off the line, before something else is printed. */
void dt_progress_clear(dt_progress_bar *bar);

/* The bar as text, at most bar->columns long, `seconds` after it began. */
void dt_progress_text(const dt_progress_bar *bar, const dt_report_step_facts *facts, double seconds,
                      char text[DT_PROGRESS_COLUMNS + 1]);

#endif
