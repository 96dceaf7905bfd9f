/* Writes the manual pages and the completion into a folder: run when the program is built. It is compiled for any
 * processor, as the program may be for others than this one, and calls nothing of it: it reads its tables. */
#include "cli/manual/manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_file(const char *folder, const char *name, const char *end)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void close_file(FILE *file)
{
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        perror("manual");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    FILE *to = open_file(argv[1], "dtrain", ".1");
    dt_manual_program(to);
    close_file(to);
    for (int i = 0; dt_commands[i]; i++) {
        char name[64];
        snprintf(name, sizeof name, "dtrain-%s", dt_commands[i]->form.command);
        to = open_file(argv[1], name, ".1");
        dt_manual_command(dt_commands[i], to);
        close_file(to);
    }
    to = open_file(argv[1], "dtrain", ".bash");
    dt_completion_bash(to);
    close_file(to);
    return 0;
}
