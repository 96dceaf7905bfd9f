/* Names of the columns of predictions. */
#ifndef DT_APPLY_PREDICTION_COLUMNS_H
#define DT_APPLY_PREDICTION_COLUMNS_H

#include "core/names.h"
#include "model/model.h"

/* Name the columns that predict writes: the targets; with several columns a target "q0.1", or
 * "mean" and "std", and "TARGET:q0.1" if there are several targets, with a target's name, or else
 * its number from 0. Of classes, and of targets without names that have one column each, there are
 * none. Not collective. To be ended with dt_names_free, also after an error.
 *   targets  names of the targets; none: they are not known */
dt_code dt_prediction_columns_init(dt_names *columns, const dt_model *model,
                                   const dt_names *targets, dt_error *err);

#endif
