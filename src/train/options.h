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

/* Whether the options name rows to validate on. */
bool dt_train_options_validate(const dt_train_options *options);

#endif
