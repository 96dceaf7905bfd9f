#include "comm/launcher.h"

#include "core/process.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

pid_t dt_launcher(void)
{
    static const char *const names[] = {"mpirun", "mpiexec", "orterun",
                                        "orted",  "prterun", "prted"};
    char name[32];
    if (!getenv("OMPI_COMM_WORLD_RANK"))
        return 0;
    dt_process_read(getppid(), "comm", name, sizeof name);
    name[strcspn(name, "\n")] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return getppid();
    return 0;
}

static int positive_number(const char *variable)
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
        int size = positive_number(launchers[i].size);
        bool is_slurm = strncmp(launchers[i].size, "SLURM", 5) == 0;
        if (size > 0 && (!is_slurm || in_slurm_step()))
            return (dt_launch){launchers[i].size, is_slurm ? "SLURM_STEP_ID" : launchers[i].size,
                               size, positive_number(launchers[i].rank)};
    }
    return (dt_launch){0};
}

double dt_launch_seconds(void)
{
    struct timespec now;
    pid_t launcher = dt_launcher();
    dt_process process = dt_process_of(launcher ? launcher : getpid());
    if (!process.id || clock_gettime(CLOCK_BOOTTIME, &now))
        return 0;
    double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec -
                     (double)process.start / (double)sysconf(_SC_CLK_TCK);
    return seconds > 0 ? seconds : 0;
}
