/* The table behind dt_train_options, for the program's help and configuration file and for the
 * checkpoint's "options". */
#ifndef DT_TRAIN_OPTIONS_H
#define DT_TRAIN_OPTIONS_H

#include "core/option.h"

#include <dtrain/options.h>

extern const dt_option dt_train_option_table[];

/* Return every option of the run, as dt_options_json does. The caller owns the reference; NULL when
 * memory runs out. */
json_t *dt_train_options_to_json(const dt_train_options *options);

/* Read "K/N": part K, from 1, of N parts, at least 2. False if it is not that, or NULL. */
bool dt_train_options_fold(const char *text, int64_t *fold, int64_t *folds);

/* Whether the options name rows to validate on. */
bool dt_train_options_validate(const dt_train_options *options);

#endif
