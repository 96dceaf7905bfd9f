/* How many threads a rank has, and which cores each of them is pinned to. */
#include "comm/comm.h"
#include "comm/node_cpus.h"
#include "comm/placement.h"
#include "core/cgroup.h"
#include "core/line.h"
#include "core/memory.h"
#include "core/minmax.h"

#include <stdlib.h>

enum { MAX_THREADS = 4096 };

/* Pin thread t to the (first + t)-th core of a set. Without memory for it nothing is pinned. */
static void pin_threads(hwloc_topology_t topology, hwloc_const_bitmap_t set, int64_t first,
                        dt_team *team)
{
    int *cpu = malloc((size_t)team->threads * sizeof *cpu);
    hwloc_obj_t core = NULL;
    int64_t n = 0;
    while (cpu && (core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
        if (!hwloc_bitmap_intersects(core->cpuset, set))
            continue;
        if (n >= first && n < first + team->threads) {
            hwloc_bitmap_t usable = hwloc_bitmap_dup(core->cpuset);
            hwloc_bitmap_and(usable, usable, set);
            cpu[n - first] = hwloc_bitmap_first(usable);
            hwloc_bitmap_free(usable);
        }
        n++;
    }
    if (n < first + team->threads)
        free(cpu);
    else
        dt_team_pin(team, cpu);
}

static void bind_team(const dt_world *world, const dt_node_cpus *p, dt_team *team)
{
    int64_t threads = team->threads;
    if (p->apart && p->min_cores >= threads) { /* the launcher has seen to it */
        if (threads > 1 && dt_topology_cores(p->topology, p->own) == threads)
            pin_threads(p->topology, p->own, 0, team);
    } else if (threads * world->node_size <= dt_topology_cores(p->topology, p->job)) {
        pin_threads(p->topology, p->job, threads * world->node_rank, team);
    } else {
        dt_cpu_mask job;
        dt_cpu_mask_of_set(p->job, &job);
        dt_team_allow(team, job.word, sizeof job.word);
    }
}

/* Where the launcher's binding stands, what it gave this rank is its share. A quota of time bounds
 * all ranks of the node together: more threads would wait for each other. */
static int64_t fair_threads(const dt_world *world, const dt_node_cpus *p, bool keep)
{
    const char *openmp = getenv("OMP_NUM_THREADS");
    int64_t threads = openmp ? strtol(openmp, NULL, 10) : 0;
    if (threads < 1 && keep && p->apart)
        threads = dt_topology_cores(p->topology, p->own);
    if (threads < 1)
        threads = dt_min(dt_topology_cores(p->topology, p->job), dt_cgroup_processors("")) /
                  world->node_size;
    return threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
}

/* As --threads is refused. */
static dt_code check_openmp(dt_error *err)
{
    const char *openmp = getenv("OMP_NUM_THREADS");
    if (err->code || !openmp || strtol(openmp, NULL, 10) <= MAX_THREADS)
        return err->code;
    return dt_fail(err, DT_ERR_USAGE, "OMP_NUM_THREADS %.*s: expected a whole number from 1 to %d",
                   dt_line_cut(openmp, 40), openmp, MAX_THREADS);
}

dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_placement *placement, dt_error *err)
{
    dt_node_cpus p;
    dt_node_cpus_open(&p, world, err);
    if (requested < 1)
        check_openmp(err);
    dt_rank_cpus *all = dt_alloc(world->node_size, sizeof *all, "the table of cores", err);
    *team = (dt_team){.threads = 1};
    if (!dt_world_agree(world, err) && !dt_node_cpus_gather(world, &p, err)) {
        int64_t wanted = requested > 0 ? requested : fair_threads(world, &p, keep);
        if (dt_team_start(team, (int)wanted) && !keep)
            bind_team(world, &p, team);
        if (placement)
            dt_placement_find(world, &p, team, all, placement);
    }
    free(all);
    dt_node_cpus_close(&p);
    return err->code;
}
