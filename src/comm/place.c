/* Which cores a rank's threads use. The launcher may have confined each rank to one core (Open MPI
 * does for one and two ranks) or have confined none. What the job may use on a node is the union of
 * what its ranks may use and, under mpirun, of what the launcher itself may use: it is not bound to
 * the cores that it gives its ranks, but is inside whatever limits the batch system or taskset set.
 */
#include "comm/comm.h"
#include "comm/internal.h"
#include "core/memory.h"

#include <hwloc.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_THREADS = 4096,
    MASK_WORDS = 64,
    MASK_CPUS = MASK_WORDS * 64
}; /* logical CPUs of a node */

typedef struct {
    unsigned long word[MASK_WORDS];
} mask;

typedef struct {
    hwloc_topology_t topology;
    hwloc_bitmap_t own; /* CPUs that the launcher left this rank */
    hwloc_bitmap_t job; /* CPUs that the job has on this node */
    bool apart;         /* the ranks' own CPUs do not overlap */
    int64_t least;      /* fewest own cores of a rank on the node */
} place;

static void to_mask(hwloc_const_bitmap_t set, mask *m)
{
    for (int i = 0; i < MASK_WORDS; i++)
        m->word[i] = hwloc_bitmap_to_ith_ulong(set, (unsigned)i);
}

static void from_mask(const mask *m, hwloc_bitmap_t set)
{
    hwloc_bitmap_zero(set);
    for (int i = 0; i < MASK_WORDS; i++)
        hwloc_bitmap_set_ith_ulong(set, (unsigned)i, m->word[i]);
}

static int64_t count_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set)
{
    int64_t cores = 0;
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)))
        cores += hwloc_bitmap_intersects(core->cpuset, set);
    return cores;
}

/* The CPUs of mpirun or of its daemon, if that is what started this process; else set stays. */
static void take_launcher(hwloc_topology_t topology, hwloc_bitmap_t set)
{
    char path[64], name[32] = "";
    if (!getenv("OMPI_COMM_WORLD_RANK"))
        return;
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)getppid());
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (fscanf(file, "%31s", name) != 1)
        name[0] = '\0';
    fclose(file);
    if (strcmp(name, "mpirun") && strcmp(name, "mpiexec") && strcmp(name, "orterun") &&
        strcmp(name, "orted") && strcmp(name, "prterun") && strcmp(name, "prted"))
        return;
    hwloc_bitmap_t launcher = hwloc_bitmap_alloc();
    if (launcher && hwloc_get_proc_cpubind(topology, getppid(), launcher, 0) == 0)
        hwloc_bitmap_copy(set, launcher);
    hwloc_bitmap_free(launcher);
}

/* Collective over the node: what each rank has, put together. */
static dt_code look(const dt_world *world, place *p, dt_error *err)
{
    mask *all = dt_alloc(world->node_size * 2, sizeof *all, "the table of cores", err);
    hwloc_bitmap_t other = hwloc_bitmap_alloc(), seen = hwloc_bitmap_alloc();
    mask mine[2];
    if (!other || !seen)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the table of cores");
    if (!dt_world_agree(world, err)) {
        to_mask(p->own, &mine[0]);
        to_mask(p->job, &mine[1]);
        MPI_Allgather(mine, (int)sizeof mine, MPI_BYTE, all, (int)sizeof mine, MPI_BYTE,
                      world->comm->node);
        p->apart = true;
        p->least = INT64_MAX;
        for (int r = 0; r < world->node_size; r++) {
            from_mask(&all[2 * r], other);
            p->apart = p->apart && !hwloc_bitmap_intersects(other, seen);
            hwloc_bitmap_or(seen, seen, other);
            int64_t cores = count_cores(p->topology, other);
            p->least = cores < p->least ? cores : p->least;
            from_mask(&all[2 * r + 1], other);
            hwloc_bitmap_or(p->job, p->job, other);
        }
    }
    hwloc_bitmap_free(other);
    hwloc_bitmap_free(seen);
    free(all);
    return err->code;
}

/* Pin thread t to the (first + t)-th core of a set. Without memory for it nothing is pinned. */
static void pin(hwloc_topology_t topology, hwloc_const_bitmap_t set, int64_t first, dt_team *team)
{
    team->cpu = malloc((size_t)team->threads * sizeof *team->cpu);
    hwloc_obj_t core = NULL;
    int64_t n = 0;
    while (team->cpu && (core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
        if (!hwloc_bitmap_intersects(core->cpuset, set))
            continue;
        if (n >= first && n < first + team->threads) {
            hwloc_bitmap_t usable = hwloc_bitmap_dup(core->cpuset);
            hwloc_bitmap_and(usable, usable, set);
            team->cpu[n - first] = hwloc_bitmap_first(usable);
            hwloc_bitmap_free(usable);
        }
        n++;
    }
    if (n < first + team->threads)
        dt_team_free(team);
    else
        dt_team_enter(team, 0);
}

static void bind_team(const dt_world *world, const place *p, dt_team *team)
{
    int64_t threads = team->threads;
    if (p->apart && p->least >= threads) { /* the launcher has seen to it */
        if (threads > 1 && count_cores(p->topology, p->own) == threads)
            pin(p->topology, p->own, 0, team);
    } else if (threads * world->node_size <= count_cores(p->topology, p->job)) {
        pin(p->topology, p->job, threads * world->node_rank, team);
    } else {
        hwloc_set_cpubind(p->topology, p->job, HWLOC_CPUBIND_THREAD);
    }
}

static dt_code place_open(place *p, dt_error *err)
{
    memset(p, 0, sizeof *p);
    if (hwloc_topology_init(&p->topology) || hwloc_topology_load(p->topology))
        return dt_fail(err, DT_ERR_FILE, "cannot read the topology of this node");
    p->own = hwloc_bitmap_alloc();
    p->job = hwloc_bitmap_alloc();
    if (!p->own || !p->job)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the table of cores");
    if (hwloc_get_cpubind(p->topology, p->own, HWLOC_CPUBIND_PROCESS))
        hwloc_bitmap_copy(p->own, hwloc_topology_get_allowed_cpuset(p->topology));
    hwloc_bitmap_copy(p->job, p->own);
    take_launcher(p->topology, p->job);
    hwloc_bitmap_and(p->own, p->own,
                     p->job); /* mpirun under taskset can bind outside its own cores */
    return DT_OK;
}

static void place_close(place *p)
{
    hwloc_bitmap_free(p->own);
    hwloc_bitmap_free(p->job);
    if (p->topology)
        hwloc_topology_destroy(p->topology);
}

/* Where the launcher's binding stands, what it gave this rank is its share. */
static int64_t share(const dt_world *world, const place *p, bool keep)
{
    const char *openmp = getenv("OMP_NUM_THREADS");
    int64_t threads = openmp ? strtol(openmp, NULL, 10) : 0;
    if (threads < 1 && keep && p->apart)
        threads = count_cores(p->topology, p->own);
    if (threads < 1)
        threads = count_cores(p->topology, p->job) / world->node_size;
    return threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
}

/* OpenMP may give a region fewer threads than it asks for (OMP_DYNAMIC, OMP_THREAD_LIMIT, limits of
 * the system): what counts is what it gives. */
static int count_threads(int64_t wanted)
{
    int given = 1;
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
#pragma omp parallel num_threads((int)wanted)
#pragma omp single
    given = omp_get_num_threads();
    return given;
}

dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_error *err)
{
    place p;
    place_open(&p, err);
    team->cpu = NULL;
    team->threads = 1;
    if (!dt_world_agree(world, err) && !look(world, &p, err)) {
        team->threads = count_threads(requested > 0 ? requested : share(world, &p, keep));
        omp_set_num_threads(team->threads);
        if (!keep)
            bind_team(world, &p, team);
    }
    place_close(&p);
    return err->code;
}
