#include "comm/process.h"

#include <stdio.h>
#include <string.h>

void dt_process_read(pid_t process, const char *what, char *text, int size)
{
    char path[64];
    text[0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)process, what);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (!fgets(text, size, file))
        text[0] = '\0';
    fclose(file);
}

/* In proc(5) the third field of "stat" is the state, and the 22nd the moment of the start; the
 * second, a name in parentheses, may hold anything. One that is dead but not yet waited for is a
 * zombie. */
dt_process dt_process_of(pid_t process)
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
