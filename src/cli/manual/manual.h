/* Writes the manual pages and the shell completion from the tables of options, when the program is
 * built. Not collective. */
#ifndef DT_CLI_MANUAL_MANUAL_H
#define DT_CLI_MANUAL_MANUAL_H

#include "cli/cli.h"

#include <stdio.h>

/* Write the pages dtrain(1) and dtrain-COMMAND(1), in roff. */
void dt_manual_program(FILE *to);
void dt_manual_command(const dt_command *command, FILE *to);

/* Write a script for bash that completes commands, options and their values. */
void dt_completion_bash(FILE *to);

#endif
