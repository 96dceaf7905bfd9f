/* The commands of the program. */
#ifndef DT_CLI_CLI_H
#define DT_CLI_CLI_H

#include "cli/arguments.h"

#include <dtrain/world.h>

typedef struct {
    dt_arguments_form form; /* form.command is the command's name */
    const char *usage[3]; /* the arguments after "dtrain COMMAND", one form each; NULL-terminated */
    const char *meaning;  /* one line */
    /* Run the command with the arguments after its name. Collective; argv [argc] must be the same
     * on every rank. The error is the same on every rank, or, if only rank 0 did the work, may be
     * on rank 0 alone; main makes the ranks agree. */
    dt_code (*run)(const dt_world *world, int argc, char **argv, dt_error *err);
    bool ranks; /* its work is divided among the ranks */
    bool stops; /* signals stop it, with an exit status of its own (core/stop.h) */
} dt_command;

extern const dt_command dt_command_train, dt_command_evaluate, dt_command_predict,
    dt_command_convert, dt_command_info;

/* All commands, NULL-terminated. */
extern const dt_command *const dt_commands[];

/* Return the command with this name; NULL: there is none. Not collective. */
const dt_command *dt_command_find(const char *name);

/* Fail with DT_ERR_USAGE if value is NULL: `evaluate: --model FILE is missing (see ...)`. Not
 * collective. Returns err->code. */
dt_code dt_command_needs(const dt_command *command, const char *option, const char *value,
                         dt_error *err);

/* Print the checkpoint that was chosen from a folder: "Model: run/best.h5". Not collective. */
void dt_command_print_chosen(const char *checkpoint);

#endif
