/* The manual pages and the completion of the shell, made of the tables of options when the program
 * is built. */
#ifndef DT_CLI_MANUAL_MANUAL_H
#define DT_CLI_MANUAL_MANUAL_H

#include "cli/cli.h"

#include <stdio.h>

/* The pages dtrain(1) and dtrain-COMMAND(1), in roff. */
void dt_manual_program(FILE *to);
void dt_manual_command(const dt_command *command, FILE *to);

/* A script for bash that completes commands, options and their values. */
void dt_completion_bash(FILE *to);

#endif
