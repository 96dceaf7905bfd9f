/* The program: choose the command, and see its error and its output through to the end. */
#include "cli/cli.h"
#include "cli/crash.h"
#include "cli/help.h"
#include "cli/spin.h"
#include "cli/suggest.h"
#include "core/line.h"
#include "core/stop.h"

#include <dtrain/version.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_STOPPED = 75 };

/* A word with a dot or a slash is no command but a file without its option. */
static dt_code unknown_command(const char *name, dt_error *err)
{
    char names[128] = "";
    size_t used = 0;
    dt_suggestion nearest;
    if (strpbrk(name, "./"))
        return dt_arguments_unexpected(&dt_command_train.form, name, err);
    dt_suggest_begin(&nearest, name);
    for (int i = 0; dt_commands[i] && used < sizeof names; i++) {
        const char *command = dt_commands[i]->form.command;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", command);
        dt_suggest_try(&nearest, command);
    }
    const char *meant = dt_suggest_command(name) ? dt_suggest_command(name) : nearest.best;
    return dt_fail(err, DT_ERR_USAGE, "unknown command \"%.*s\" (%s%s%sone of %s, help)",
                   dt_line_cut(name, 80), name, meant ? "did you mean " : "", meant ? meant : "",
                   meant ? "? " : "", names);
}

static bool is_help(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "help") == 0;
}

/* The command that the first argument names, or the one behind help; without one it is train. NULL
 * after an error. */
static const dt_command *choose_command(int argc, char **argv, dt_error *err)
{
    int at = is_help(argc, argv) ? 2 : 1;
    if (argc <= at || argv[at][0] == '-')
        return &dt_command_train;
    const dt_command *command = dt_command_find(argv[at]);
    if (!command)
        unknown_command(argv[at], err);
    else if (at == 2 && argc > 3)
        dt_arguments_unexpected(&command->form, argv[3], err);
    return err->code ? NULL : command;
}

static void print_help(const dt_command *command, bool named)
{
    if (!named) {
        dt_help_overview(stdout);
        fputc('\n', stdout);
    }
    dt_help_command(command, stdout);
}

static void run_command(const dt_world *world, int argc, char **argv, dt_error *err)
{
    const dt_command *command = choose_command(argc, argv, err);
    if (!command)
        return;
    if (is_help(argc, argv)) {
        if (world->rank == 0)
            print_help(command, argc > 2);
        return;
    }
    int named = argc > 1 && argv[1][0] != '-';
    int before = argc > 0 ? 1 + named : 0; /* the program's name and the command's */
    argc -= before;
    argv += before;
    if (dt_arguments_want_help(argc, argv)) {
        if (world->rank == 0)
            print_help(command, named);
    } else if (dt_arguments_want_version(argc, argv)) {
        if (world->rank == 0)
            puts("dtrain " DTRAIN_VERSION);
    } else {
        command->run(world, argc, argv, err);
    }
}

/* Whether the command line asks for a command whose ranks must be those of one run. */
static bool wants_ranks(const dt_command *command, int argc, char **argv)
{
    return command && command->ranks && !is_help(argc, argv) &&
           !dt_arguments_want_help(argc - 1, argv + 1) &&
           !dt_arguments_want_version(argc - 1, argv + 1);
}

/* A full disk or a reader that went away shows only when the last of the output is written. */
static void finish_output(dt_error *err)
{
    errno = EIO; /* unless the flush knows better: an earlier failure's own is gone */
    bool failed = fflush(stdout) != 0;
    if (failed || ferror(stdout))
        dt_fail(err, DT_ERR_FILE, "standard output: cannot be written: %s", strerror(errno));
}

/* A standard stream that is closed would let the next file or socket that is opened take its
 * number, and what is printed would go there. Opened read-only, so that a write still fails. */
static void hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            return;
}

/* A virtual dataset whose files have numbers for names may be made of more than the usual 1024. Not
 * all that the system allows: whoever closes all descriptors would take long. */
static void raise_file_limit(void)
{
    enum { MAX_WORD = 65536 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= MAX_WORD)
        return;
    limit.rlim_cur = limit.rlim_max < MAX_WORD ? limit.rlim_max : MAX_WORD;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int exit_status(dt_code code)
{
    switch (code) {
    case DT_OK:
        return EXIT_DONE;
    case DT_ERR_USAGE:
        return EXIT_USAGE;
    case DT_STOPPED:
        return EXIT_STOPPED;
    default:
        return EXIT_FAILED;
    }
}

int main(int argc, char **argv)
{
    dt_spin_allow(argv);
    hold_streams();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, with a message, not a death; */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that reaches the limit of its size (ulimit -f) */
    dt_crash_watch();
    dt_world world = {0};
    dt_error err = {0}, unknown = {0};
    const dt_command *command = choose_command(argc, argv, &unknown);
    if (command && command->stops)
        dt_stop_watch(); /* to the very end: what has been done in time counts */
    (wants_ranks(command, argc, argv) ? dt_world_begin : dt_world_begin_any)(&world, &argc, &argv,
                                                                             &err);
    dt_crash_begun();
    if (err.code != DT_OK) {
        if (world.rank == 0)
            fprintf(stderr, "dtrain: error: %s\n", err.text);
        return EXIT_FAILED;
    }
    raise_file_limit();
    run_command(&world, argc, argv, &err);
    finish_output(&err);
    dt_world_agree(&world, &err);
    if (err.code != DT_OK && world.rank == 0)
        fprintf(stderr, "dtrain: %s%s\n", err.code == DT_STOPPED ? "" : "error: ", err.text);
    dt_world_end(&world);
    return exit_status(err.code);
}
