#include "core/team.h"

#include <sched.h>
#include <stdlib.h>

static _Thread_local const int *pinned_by; /* the list this thread was last pinned by */

void dt_team_enter(const dt_team *team, int thread)
{
    if (!team->cpu || pinned_by == team->cpu)
        return;
    pinned_by = team->cpu;
    cpu_set_t *set = CPU_ALLOC(team->cpu[thread] + 1);
    if (!set)
        return;
    size_t size = CPU_ALLOC_SIZE(team->cpu[thread] + 1);
    CPU_ZERO_S(size, set);
    CPU_SET_S(team->cpu[thread], size, set);
    sched_setaffinity(0, size, set); /* a refusal costs speed, nothing else */
    CPU_FREE(set);
}

void dt_team_free(dt_team *team)
{
    free(team->cpu);
    team->cpu = NULL;
}
