/* Prints --help from the tables of options. Not collective. */
#ifndef DT_CLI_HELP_H
#define DT_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* Print the usage of one command, and its options in their groups. */
void dt_help_command(const dt_command *command, FILE *to);

/* Print the purpose of the program and its commands. */
void dt_help_overview(FILE *to);

#endif
