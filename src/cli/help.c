#include "cli/help.h"

#include "core/wrap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    MIN_WIDTH = 60,
    MAX_WIDTH = 120, /* longer lines are hard to read */
    COLUMN = 22,     /* where the meanings begin */
    ENTRY_TEXT = 512,
};

/* That of the terminal, or what COLUMNS says. */
static int width_of(FILE *to)
{
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    int width = columns ? atoi(columns) : 0;
    if (width <= 0 && ioctl(fileno(to), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        return DT_WRAP_COLUMNS;
    return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : width;
}

/* Print text from COLUMN on; at is the column the line has reached. */
static void print_meaning(const char *text, int at, FILE *to)
{
    fprintf(to, "%*s", at < COLUMN ? COLUMN - at : 0, "");
    dt_print_wrapped(text, NULL, at < COLUMN ? COLUMN : at, COLUMN, width_of(to), to);
    fputc('\n', to);
}

static void print_entry(const char *name, const char *argument, const char *meaning, FILE *to)
{
    int at = fprintf(to, "  --%s%s%s  ", name, argument ? " " : "", argument ? argument : "");
    print_meaning(meaning, at, to);
}

/* "between layers: relu, tanh, sigmoid or gelu [relu]" */
static void print_option(const dt_option *option, FILE *to)
{
    char text[ENTRY_TEXT];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", option->meaning);
    for (int i = 0; option->choices && option->choices[i] && used < sizeof text; i++) {
        const char *before = i == 0 ? " (" : option->choices[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", before,
                                 option->choices[i], option->choices[i + 1] ? "" : ")");
    }
    if (option->fallback && used < sizeof text)
        snprintf(text + used, sizeof text - used, " [%s]", option->fallback);
    print_entry(option->name, option->argument, text, to);
}

static void print_options(const dt_arguments_form *form, FILE *to)
{
    for (const dt_option *option = form->table; option->name; option++) {
        if (option->group)
            fprintf(to, "\n%s:\n", option->group);
        print_option(option, to);
    }
    fputs("\nOther:\n", to);
    if (form->config)
        print_entry("config", "FILE",
                    "read options from a file of name = value lines; the command line wins", to);
    print_entry("help", NULL, "print this and exit; also -h", to);
    print_entry("version", NULL, "print the version and exit; also -V", to);
}

void dt_help_command(const dt_command *command, FILE *to)
{
    for (int i = 0; command->usage[i]; i++)
        fprintf(to, "%s dtrain %s %s\n", i == 0 ? "Usage:" : "      ", command->form.command,
                command->usage[i]);
    fprintf(to, "%s\n", command->meaning);
    print_options(&command->form, to);
}

void dt_help_overview(FILE *to)
{
    fputs("Usage: dtrain [COMMAND] [OPTION...]\n"
          "       mpirun -np RANKS dtrain [COMMAND] [OPTION...]\n"
          "Distributed data-parallel training from HDF5 files.\n\nCommands:\n",
          to);
    for (int i = 0; dt_commands[i]; i++) {
        int at = fprintf(to, "  %s  ", dt_commands[i]->form.command);
        print_meaning(dt_commands[i]->meaning, at, to);
    }
    fputs("\nThe command is train if none is named. dtrain help COMMAND lists its options.\n", to);
}
