#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The 22nd word of /proc/PID/stat, the second of which may hold blanks. */
int64_t dt_process_start(int64_t process)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    if (file >= 0)
        close(file);
    char *rest = strrchr(text, ')');
    if (!rest || strlen(rest) < 3 || rest[2] == 'Z' || rest[2] == 'X')
        return 0;
    rest += 2; /* the third word */
    for (int word = 3; word < 22 && rest; word++)
        rest = (rest = strchr(rest, ' ')) ? rest + 1 : NULL;
    return rest ? strtoll(rest, NULL, 10) : 0;
}

bool dt_process_lives(int64_t process)
{
    if (process <= 0 || process > INT_MAX)
        return false;
    if (dt_process_start(process) > 0)
        return true;
    return kill((pid_t)process, 0) != 0 && errno == EPERM; /* /proc shows no processes of others */
}
