#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void dt_process_read(int64_t process, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)process, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

/* In proc(5) the third field of "stat" is the state, and the 22nd the moment of the start; the
 * second, a name in parentheses, may hold anything. One that is dead but not yet waited for is a
 * zombie. */
dt_process dt_process_of(int64_t process)
{
    char text[1024], state = '\0';
    unsigned long long ticks = 0;
    dt_process_read(process, "stat", text, sizeof text);
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1, " %c", &state) != 1 || strchr("ZXx", state))
        return (dt_process){0};
    for (int i = 2; rest && i < 22; i++)
        rest = strchr(rest + 1, ' ');
    if (!rest || sscanf(rest, "%llu", &ticks) != 1)
        return (dt_process){0};
    return (dt_process){.id = process, .start = ticks};
}

bool dt_process_lives(int64_t process)
{
    if (process <= 0 || process > INT_MAX)
        return false;
    if (dt_process_of(process).id)
        return true;
    return kill((pid_t)process, 0) != 0 && errno == EPERM; /* /proc shows no processes of others */
}
