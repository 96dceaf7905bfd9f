/* The commands of the program, and what several of them share. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

const dt_command *const dt_commands[] = {&dt_command_train,   &dt_command_evaluate,
                                         &dt_command_predict, &dt_command_convert,
                                         &dt_command_info,    NULL};

dt_code dt_command_needs(const dt_command *command, const char *option, const char *value,
                         dt_error *err)
{
    if (value)
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE, "%s: --%s %s is missing (see dtrain %s --help)",
                   command->form.command, option,
                   dt_options_find(command->form.table, option)->argument, command->form.command);
}

void dt_command_print_chosen(const char *checkpoint)
{
    printf("Model: %s\n", checkpoint);
}

const dt_command *dt_command_find(const char *name)
{
    for (int i = 0; dt_commands[i]; i++)
        if (strcmp(dt_commands[i]->form.command, name) == 0)
            return dt_commands[i];
    return NULL;
}
