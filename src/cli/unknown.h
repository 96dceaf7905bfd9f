/* The error for an unknown option, on the command line or in a configuration file. */
#ifndef DT_CLI_UNKNOWN_H
#define DT_CLI_UNKNOWN_H

#include "cli/arguments.h"

/* DT_ERR_USAGE for a name that no option of the form has, with the one that was meant if one is
 * near, or has this name in another program. dashes is "--", "-" or ""; name may have "=VALUE"
 * behind it. */
dt_code dt_unknown_option(const dt_arguments_form *form, const char *dashes, const char *name,
                          dt_error *err);

#endif
