/* Reads the value of one option from text, and checks its range. Not collective. */
#ifndef DT_CORE_OPTION_VALUE_H
#define DT_CORE_OPTION_VALUE_H

#include "core/option.h"

enum { DT_OPTION_SHOWN = 80 }; /* characters of a bad value that a message repeats */

/* Set a field from text, like dt_options_set.
 *   to  [in,out] the option's field in the options struct */
dt_code dt_option_parse(const dt_option *option, const char *value, void *to, dt_error *err);

/* Return whether a number is in the option's range. */
static inline bool dt_option_is_within(const dt_option *option, double value)
{
    return value <= option->max && (option->above_min ? value > option->min : value >= option->min);
}

#endif
