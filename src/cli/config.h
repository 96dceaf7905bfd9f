/* A configuration file: the options of a command as "name = value" lines. */
#ifndef DT_CLI_CONFIG_H
#define DT_CLI_CONFIG_H

#include "cli/arguments.h"

#include <dtrain/world.h>

/* Rank 0 reads a file and sends it to all ranks, so that only one opens it. Collective.
 *   text  [out] its bytes are to be freed, also after an error */
dt_code dt_config_share(const dt_world *world, const char *file, dt_text *text, dt_error *err);

/* Set the fields of options from a file. Lines that begin with # or ; are comments, and so is what
 * follows a blank and one of them; there are no sections. Not collective. Returns DT_OK,
 * DT_ERR_FILE, DT_ERR_MEMORY, or DT_ERR_USAGE naming file and line. */
dt_code dt_config_read(const dt_arguments_form *form, const char *file, void *options,
                       dt_error *err);

#endif
