#include "cli/crash.h"

#include "comm/launcher.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <execinfo.h>
#endif

static const struct {
    int number;
    const char *text;
} signals[] = {
    {SIGSEGV, "the program crashed (SIGSEGV)"},
    {SIGBUS, "the program crashed (SIGBUS: a file that is mapped was cut, or /dev/shm is full)"},
    {SIGABRT, "the program crashed (SIGABRT)"},
    {SIGFPE, "the program crashed (SIGFPE)"},
    {SIGILL, "the program crashed (SIGILL: built for another processor?)"},
    {SIGXCPU, "the limit of processor time is reached (ulimit -t)"}};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t is_starting;
static int own_rank;

/* Nothing but write: this runs within a signal or at the end of a process. */
static void print_end(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* a closed stream changes nothing */
}

/* One write a line, so that the lines of several ranks stay whole. */
static void say_line(const char *text)
{
    char line[256] = "dtrain: error: ";
    strncat(line, is_starting ? "MPI did not start: " : "", sizeof line - strlen(line) - 2);
    strncat(line, text, sizeof line - strlen(line) - 2);
    strcat(line, "\n");
    print_end(line);
}

/* Where it happened, for whoever is to mend it. */
static void say_place(void)
{
#ifdef __GLIBC__
    void *calls[32];
    backtrace_symbols_fd(calls, backtrace(calls, sizeof calls / sizeof *calls), STDERR_FILENO);
#endif
}

/* The handler is gone by now, so that the signal then ends the process as it would have. */
static void on_crash(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            say_line(signals[i].text);
    if (number != SIGXCPU)
        say_place();
    is_starting = 0;
    raise(number);
}

/* Of several ranks that fail to start, one says so. */
static void at_exit(void)
{
    if (is_starting && own_rank == 0)
        say_line("MPI_Init ended the program (lines above may say why)");
}

void dt_crash_watch(void)
{
    static char stack[64 * 1024]; /* for a stack that is too small, which is a crash, too */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER},
                     before;
    sigemptyset(&action.sa_mask);
    if (sigaltstack(&other, NULL) == 0)
        action.sa_flags |= SA_ONSTACK;
#ifdef __GLIBC__
    void *call;
    backtrace(&call, 1); /* loads what it needs, which a crash could not */
#endif
    own_rank = dt_launch_told().rank;
    for (int i = 0; i < SIGNALS; i++)
        if (sigaction(signals[i].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(signals[i].number, &action, NULL); /* a sanitizer's stays */
    is_starting = 1;
    atexit(at_exit);
}

void dt_crash_begun(void)
{
    is_starting = 0;
}
