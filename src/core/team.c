#include "core/team.h"

#include <sched.h>
#include <stdlib.h>

static _Thread_local const int *pinned_by; /* the list this thread was last pinned by */

/* A refusal costs speed, nothing else. */
static void use_cpus(const int *cpu, int n)
{
    int most = 0;
    for (int i = 0; i < n; i++)
        most = cpu[i] > most ? cpu[i] : most;
    cpu_set_t *set = CPU_ALLOC(most + 1);
    size_t size = CPU_ALLOC_SIZE(most + 1);
    if (!set)
        return;
    CPU_ZERO_S(size, set);
    for (int i = 0; i < n; i++)
        CPU_SET_S(cpu[i], size, set);
    sched_setaffinity(0, size, set);
    CPU_FREE(set);
}

void dt_team_enter(const dt_team *team, int thread)
{
    if (!team->cpu || pinned_by == team->cpu)
        return;
    pinned_by = team->cpu;
    use_cpus(team->cpu + thread, 1);
}

void dt_team_join(const dt_team *team)
{
    if (team->cpu)
        use_cpus(team->cpu, team->threads);
}

void dt_team_free(dt_team *team)
{
    free(team->cpu);
    team->cpu = NULL;
}
