/* Reads a configuration file, which has the options of a command as lines "name = value". */
#ifndef DT_CLI_CONFIG_H
#define DT_CLI_CONFIG_H

#include "cli/arguments.h"

#include <dtrain/world.h>

/* Read a file on rank 0, and send it to all ranks, so that only one rank opens it. Collective.
 *   text  [out] the caller frees text->bytes, also after an error */
dt_code dt_config_share(const dt_world *world, const char *file, dt_text *text, dt_error *err);

/* Set the fields of options from a file. A comment begins with # or ; at the start of a line or
 * after a blank. There are no sections. Not collective. Returns DT_OK, DT_ERR_FILE, DT_ERR_MEMORY,
 * or DT_ERR_USAGE naming file and line. */
dt_code dt_config_read(const dt_arguments_form *form, const char *file, void *options,
                       dt_error *err);

#endif
