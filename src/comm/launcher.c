#include "comm/launcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What /proc says of a process in this file; an empty text if nothing. */
static void read_about(pid_t process, const char *what, char *text, int size)
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

pid_t dt_launcher(void)
{
    static const char *const names[] = {"mpirun", "mpiexec", "orterun",
                                        "orted",  "prterun", "prted"};
    char name[32];
    if (!getenv("OMPI_COMM_WORLD_RANK"))
        return 0;
    read_about(getppid(), "comm", name, sizeof name);
    name[strcspn(name, "\n")] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return getppid();
    return 0;
}

/* Its 22nd number is the moment of its start, in ticks since the system's; the second, a name in
 * parentheses, may hold anything. */
double dt_launch_seconds(void)
{
    char text[1024];
    struct timespec now;
    unsigned long long ticks;
    pid_t launcher = dt_launcher();
    read_about(launcher ? launcher : getpid(), "stat", text, sizeof text);
    const char *rest = strrchr(text, ')');
    for (int i = 2; rest && i < 22; i++)
        rest = strchr(rest + 1, ' ');
    if (!rest || sscanf(rest, "%llu", &ticks) != 1 || clock_gettime(CLOCK_BOOTTIME, &now))
        return 0;
    double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec -
                     (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return seconds > 0 ? seconds : 0;
}
