/* --help, out of the tables. */
#ifndef DT_CLI_HELP_H
#define DT_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* How to call one command, and its options in their groups. */
void dt_help_command(const dt_command *command, FILE *to);

/* What the program is and which commands it has. */
void dt_help_overview(FILE *to);

#endif
