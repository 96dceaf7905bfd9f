/* Lines on what a user would otherwise notice only by the results of a run: options that have no
 * effect, data that trains badly. Not collective: rank 0 collects and tells them. */
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

/* Add one; those that find no room are left out. */
__attribute__((format(printf, 2, 3))) void dt_warnings_add(dt_warnings *warnings,
                                                           const char *format, ...);

/* Options that change nothing beside the others, or beside the length of the run.
 *   schedule   of the whole run
 *   all_steps  of all epochs, without --max-steps */
void dt_warn_options(dt_warnings *warnings, const dt_train_options *options,
                     const dt_schedule *schedule, int64_t all_steps);

/* Of the data set that is trained on, which was looked at (dt_dataset_options.look); the schema has
 * the names. */
void dt_warn_data(dt_warnings *warnings, const dt_train_options *options, const dt_dataset *data,
                  const dt_schema *schema);

/* Of the rows that are validated on.
 *   numbers  whether y is */
void dt_warn_validation(dt_warnings *warnings, int64_t rows, bool numbers);

/* Of the weights in options->init_from, whose checkpoint may be of other columns, targets or
 * classes than the model, or of the same in another order: they are not put into this one.
 *   now  of the data that is trained on */
dt_code dt_warn_weights(dt_warnings *warnings, const dt_train_options *options,
                        const dt_model *model, const dt_schema *now, dt_error *err);

#endif
