/* The commands of the program. */
#ifndef DT_CLI_CLI_H
#define DT_CLI_CLI_H

#include "cli/arguments.h"

#include <dtrain/world.h>

typedef struct {
    dt_arguments_form form; /* form.command is the command's name */
    const char *usage[3];   /* what follows "dtrain COMMAND"; one line each, NULL-terminated */
    const char *meaning;    /* one line */
    /* Parse the arguments [argc] behind the command's name, and do it. Collective; argv must be the
     * same on every rank. The error is the same on every rank, except that it may stand on rank 0
     * alone where only rank 0 did the work: main makes the ranks agree. */
    dt_code (*run)(const dt_world *world, int argc, char **argv, dt_error *err);
    bool ranks; /* its work is divided among the ranks */
    bool stops; /* when a signal asks for it, with a status of its own (core/stop.h) */
} dt_command;

extern const dt_command dt_command_train, dt_command_evaluate, dt_command_predict,
    dt_command_convert, dt_command_info;

/* NULL-terminated. */
extern const dt_command *const dt_commands[];

/* NULL: there is none of that name. */
const dt_command *dt_command_find(const char *name);

/* DT_ERR_USAGE, unless value is there: `evaluate: --model FILE is missing (see ...)`. */
dt_code dt_command_needs(const dt_command *command, const char *option, const char *value,
                         dt_error *err);

/* "Model: run/best.h5", of a command that was given the folder. */
void dt_command_print_chosen(const char *checkpoint);

#endif
