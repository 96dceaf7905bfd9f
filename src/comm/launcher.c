#include "comm/launcher.h"

#include <limits.h>
#include <stdbool.h>
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

static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    long number = text ? strtol(text, NULL, 10) : 0;
    return number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* Whether srun has started this process, or one that it comes from. The script of a job and an
 * interactive shell are steps too, with numbers beyond all others. */
static bool in_slurm_step(void)
{
    const char *text = getenv("SLURM_STEP_ID");
    return text && strtoul(text, NULL, 10) < 0xfffffff0UL;
}

/* mpirun comes first: within a job of Slurm its daemons are the tasks of a step. So it is with the
 * launchers that speak PMI, and srun itself may be one. */
dt_launch dt_launch_told(void)
{
    static const struct {
        const char *size, *rank;
    } launchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                     {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
                     {"PMI_SIZE", "PMI_RANK"},
                     {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},
                     {"SLURM_NTASKS", "SLURM_PROCID"}};
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        int size = number_of(launchers[i].size);
        bool is_slurm = strncmp(launchers[i].size, "SLURM", 5) == 0;
        if (size > 0 && (!is_slurm || in_slurm_step()))
            return (dt_launch){launchers[i].size, is_slurm ? "SLURM_STEP_ID" : launchers[i].size,
                               size, number_of(launchers[i].rank)};
    }
    return (dt_launch){0};
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
