/* Makes the error for an unknown option on the command line or in a configuration file. Not
 * collective. */
#ifndef DT_CLI_UNKNOWN_H
#define DT_CLI_UNKNOWN_H

#include "cli/arguments.h"

/* Fail with DT_ERR_USAGE for a name that no option of the form has. The message suggests an option
 * with a similar name, or one that has this name in another program. Returns err->code.
 *   dashes  "--", "-" or ""
 *   name    may be followed by "=VALUE" */
dt_code dt_unknown_option(const dt_arguments_form *form, const char *dashes, const char *name,
                          dt_error *err);

#endif
