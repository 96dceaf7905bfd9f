#include "core/team.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { WORDS = 128 }; /* of 64 CPUs */

typedef struct {
    unsigned long word[WORDS];
    bool known;
} cpus;

struct dt_team_before {
    int threads, dynamic, levels; /* settings of OpenMP */
    cpus of[];                    /* [threads of the team] */
};

static atomic_llong pinned_teams;
static _Thread_local int64_t pinned_by; /* the team this thread was last pinned by; 0: none */

/* ---- CPUs of the calling thread; a refusal costs speed, nothing else ------------------------ */

static void get_cpus(cpus *c)
{
    c->known = sched_getaffinity(0, sizeof c->word, (cpu_set_t *)(void *)c->word) == 0;
}

static void set_cpus(const cpus *c)
{
    if (c->known)
        sched_setaffinity(0, sizeof c->word, (const cpu_set_t *)(const void *)c->word);
}

static void use_cpus(const int *cpu, int n)
{
    int max_cpu = 0;
    for (int i = 0; i < n; i++)
        max_cpu = cpu[i] > max_cpu ? cpu[i] : max_cpu;
    cpu_set_t *set = CPU_ALLOC(max_cpu + 1);
    size_t size = CPU_ALLOC_SIZE(max_cpu + 1);
    if (!set)
        return;
    CPU_ZERO_S(size, set);
    for (int i = 0; i < n; i++)
        CPU_SET_S(cpu[i], size, set);
    sched_setaffinity(0, size, set);
    CPU_FREE(set);
}

/* ---- The team ------------------------------------------------------------------------------- */

/* OpenMP may give a region fewer threads than it asks for (OMP_DYNAMIC, OMP_THREAD_LIMIT, limits of
 * the system): what counts is what it gives. */
static int count_threads(int wanted)
{
    int given = 1;
#pragma omp parallel num_threads(wanted)
#pragma omp single
    given = omp_get_num_threads();
    return given;
}

bool dt_team_start(dt_team *team, int wanted)
{
    dt_team_before before = {.threads = omp_get_max_threads(),
                             .dynamic = omp_get_dynamic(),
                             .levels = omp_get_max_active_levels()};
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
    *team = (dt_team){.threads = count_threads(wanted)};
    omp_set_num_threads(team->threads);
    size_t masks = (size_t)team->threads * sizeof(cpus);
    team->before = malloc(sizeof before + masks);
    if (!team->before)
        return false;
    *team->before = before;
#pragma omp parallel num_threads(team->threads)
    get_cpus(&team->before->of[omp_get_thread_num()]);
    return true;
}

void dt_team_pin(dt_team *team, int *cpu)
{
    team->cpu = cpu;
    team->number = atomic_fetch_add(&pinned_teams, 1) + 1;
    dt_team_enter(team, 0);
}

void dt_team_allow(const dt_team *team, const unsigned long *mask, size_t bytes)
{
#pragma omp parallel num_threads(team->threads)
    sched_setaffinity(0, bytes, (const cpu_set_t *)(const void *)mask);
}

void dt_team_enter(const dt_team *team, int thread)
{
    if (!team->cpu || pinned_by == team->number)
        return;
    pinned_by = team->number;
    use_cpus(team->cpu + thread, 1);
}

void dt_team_join(const dt_team *team)
{
    if (team->cpu)
        use_cpus(team->cpu, team->threads);
}

void dt_team_free(dt_team *team)
{
    const dt_team_before *before = team->before;
    if (before) {
#pragma omp parallel num_threads(team->threads)
        set_cpus(&before->of[omp_get_thread_num()]);
        omp_set_num_threads(before->threads);
        omp_set_max_active_levels(before->levels);
        omp_set_dynamic(before->dynamic);
    }
    free(team->before);
    free(team->cpu);
    *team = (dt_team){.threads = team->threads};
}
