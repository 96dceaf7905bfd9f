/* Warnings of what a user would otherwise notice only by the results of a run: options that have no
 * effect, data that trains badly. Not collective: rank 0 collects and prints them. */
#ifndef DT_TRAIN_WARNINGS_H
#define DT_TRAIN_WARNINGS_H

#include "data/dataset.h"
#include "model/model.h"
#include "optim/schedule.h"
#include <dtrain/options.h>

enum { DT_WARNINGS = 16, DT_WARNING_TEXT = 640 };

typedef struct {
    char line[DT_WARNINGS][DT_WARNING_TEXT];
    int n;
} dt_warnings;

/* Add a line. From the DT_WARNINGS-th on, lines are left out. */
__attribute__((format(printf, 2, 3))) void dt_warnings_add(dt_warnings *warnings,
                                                           const char *format, ...);

/* Warn of options that change nothing beside other options, or in a run of this length.
 *   schedule   schedule of the whole run
 *   all_steps  steps of all epochs, without --max-steps */
void dt_warn_options(dt_warnings *warnings, const dt_train_options *options,
                     const dt_schedule *schedule, int64_t all_steps);

/* Warn of the training data. Its profile must have been taken (dt_dataset_options.profile).
 *   schema  names of columns and classes */
void dt_warn_data(dt_warnings *warnings, const dt_train_options *options, const dt_dataset *data,
                  const dt_schema *schema);

/* Warn of the rows that are validated on.
 *   numbers  y is numbers, not classes */
void dt_warn_validation(dt_warnings *warnings, int64_t rows, bool numbers);

/* Warn if the weights in options->init_from are for other columns, targets or classes than the
 * model's, or for the same in another order. Weights are taken by their position.
 *   now  schema of the training data */
dt_code dt_warn_weights(dt_warnings *warnings, const dt_train_options *options,
                        const dt_model *model, const dt_schema *now, dt_error *err);

#endif
