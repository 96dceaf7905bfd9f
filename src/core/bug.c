#include "core/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int own_rank = -1;
static void (*end_ranks)(void);

void dt_bug_set_ranks(int rank, void (*end)(void))
{
    own_rank = rank;
    end_ranks = end;
}

void dt_end_quietly(void)
{
    if (end_ranks)
        end_ranks();
    _exit(1);
}

/* One write, so that the lines of several ranks stay whole. Nothing that stdio holds is flushed:
 * another thread may be writing it. */
void dt_end_run(const char *format, ...)
{
    char line[1024] = "dtrain: ";
    size_t used = strlen(line);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + used, sizeof line - used - 1, format, args);
    va_end(args);
    if (n > 0)
        used += (size_t)n < sizeof line - used - 1 ? (size_t)n : sizeof line - used - 2;
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* a closed stream changes nothing */
    dt_end_quietly();
}

void dt_bug(const char *file, int line, const char *condition)
{
    if (own_rank < 0)
        dt_end_run("bug: %s:%d: expected %s", file, line, condition);
    dt_end_run("bug: rank %d, %s:%d: expected %s", own_rank, file, line, condition);
}
