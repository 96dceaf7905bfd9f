/* Which cores a rank's threads use. The launcher may have confined each rank to one core (Open MPI
 * does for one and two ranks) or have confined none. What the job may use on a node is the union of
 * what its ranks may use and, under mpirun, of what the launcher itself may use: it is not bound to
 * the cores that it gives its ranks, but is inside whatever limits the batch system or taskset set.
 */
#include "comm/comm.h"
#include "comm/internal.h"
#include "comm/launcher.h"
#include "comm/topology.h"
#include "core/line.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_THREADS = 4096,
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
    int64_t min_cores;  /* fewest own cores of a rank on the node */
} place;

static void mask_of_set(hwloc_const_bitmap_t set, mask *m)
{
    for (int i = 0; i < MASK_WORDS; i++)
        m->word[i] = hwloc_bitmap_to_ith_ulong(set, (unsigned)i);
}

static void set_from_mask(const mask *m, hwloc_bitmap_t set)
{
    hwloc_bitmap_zero(set);
    for (int i = 0; i < MASK_WORDS; i++)
        hwloc_bitmap_set_ith_ulong(set, (unsigned)i, m->word[i]);
}

/* The CPUs of mpirun or of its daemon, if that is what started this process; else set stays. */
static void add_launcher_cpus(hwloc_topology_t topology, hwloc_bitmap_t set)
{
    pid_t process = dt_launcher();
    hwloc_bitmap_t launcher = process ? hwloc_bitmap_alloc() : NULL;
    if (launcher && hwloc_get_proc_cpubind(topology, process, launcher, 0) == 0)
        hwloc_bitmap_copy(set, launcher);
    hwloc_bitmap_free(launcher);
}

/* Collective over the node: what each rank has, put together. */
static dt_code gather_cpus(const dt_world *world, place *p, dt_error *err)
{
    mask *all = dt_alloc(world->node_size * 2, sizeof *all, "the table of cores", err);
    hwloc_bitmap_t other = hwloc_bitmap_alloc(), seen = hwloc_bitmap_alloc();
    mask mine[2];
    MPI_Request request;
    if (!other || !seen)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the table of cores");
    if (!dt_world_agree(world, err)) {
        mask_of_set(p->own, &mine[0]);
        mask_of_set(p->job, &mine[1]);
        MPI_Iallgather(mine, (int)sizeof mine, MPI_BYTE, all, (int)sizeof mine, MPI_BYTE,
                       world->comm->node, &request);
        dt_wait_for_request(world, &request);
        p->apart = true;
        p->min_cores = INT64_MAX;
        for (int r = 0; r < world->node_size; r++) {
            set_from_mask(&all[2 * r], other);
            p->apart = p->apart && !hwloc_bitmap_intersects(other, seen);
            hwloc_bitmap_or(seen, seen, other);
            int64_t cores = dt_topology_cores(p->topology, other);
            p->min_cores = cores < p->min_cores ? cores : p->min_cores;
            set_from_mask(&all[2 * r + 1], other);
            hwloc_bitmap_or(p->job, p->job, other);
        }
    }
    hwloc_bitmap_free(other);
    hwloc_bitmap_free(seen);
    free(all);
    return err->code;
}

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

static void bind_team(const dt_world *world, const place *p, dt_team *team)
{
    int64_t threads = team->threads;
    if (p->apart && p->min_cores >= threads) { /* the launcher has seen to it */
        if (threads > 1 && dt_topology_cores(p->topology, p->own) == threads)
            pin_threads(p->topology, p->own, 0, team);
    } else if (threads * world->node_size <= dt_topology_cores(p->topology, p->job)) {
        pin_threads(p->topology, p->job, threads * world->node_rank, team);
    } else {
        mask job;
        mask_of_set(p->job, &job);
        dt_team_allow(team, job.word, sizeof job.word);
    }
}

static dt_code place_open(place *p, const dt_world *world, dt_error *err)
{
    memset(p, 0, sizeof *p);
    if (dt_topology_load(world, &p->topology, err))
        return err->code;
    p->own = hwloc_bitmap_alloc();
    p->job = hwloc_bitmap_alloc();
    if (!p->own || !p->job)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the table of cores");
    if (hwloc_get_cpubind(p->topology, p->own, HWLOC_CPUBIND_PROCESS))
        hwloc_bitmap_copy(p->own, hwloc_topology_get_allowed_cpuset(p->topology));
    hwloc_bitmap_copy(p->job, p->own);
    add_launcher_cpus(p->topology, p->job);
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
static int64_t fair_threads(const dt_world *world, const place *p, bool keep)
{
    const char *openmp = getenv("OMP_NUM_THREADS");
    int64_t threads = openmp ? strtol(openmp, NULL, 10) : 0;
    if (threads < 1 && keep && p->apart)
        threads = dt_topology_cores(p->topology, p->own);
    if (threads < 1)
        threads = dt_topology_cores(p->topology, p->job) / world->node_size;
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

/* ---- Where that has led --------------------------------------------------------------------- */

typedef struct {
    mask cpus; /* that the threads may use */
    int64_t threads;
} rank_cpus;

static void find_own_cpus(const place *p, const dt_team *team, rank_cpus *own)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (set && !team->cpu)
        hwloc_get_cpubind(p->topology, set, HWLOC_CPUBIND_PROCESS);
    for (int t = 0; set && team->cpu && t < team->threads; t++)
        hwloc_bitmap_set(set, (unsigned)team->cpu[t]);
    *own = (rank_cpus){.threads = team->threads};
    if (set)
        mask_of_set(set, &own->cpus);
    hwloc_bitmap_free(set);
}

static bool is_within(const mask *a, const mask *b)
{
    bool within = true;
    for (int i = 0; i < MASK_WORDS; i++)
        within = within && (a->word[i] & ~b->word[i]) == 0;
    return within;
}

/* Collective over the node. */
static void find_placement(const dt_world *world, const place *p, const dt_team *team,
                           rank_cpus *all, dt_placement *placement)
{
    rank_cpus own;
    int provided = MPI_THREAD_SINGLE;
    MPI_Request request;
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    *placement = (dt_placement){.memory = -1};
    find_own_cpus(p, team, &own);
    MPI_Iallgather(&own, (int)sizeof own, MPI_BYTE, all, (int)sizeof own, MPI_BYTE,
                   world->comm->node, &request);
    dt_wait_for_request(world, &request);
    placement->threads = team->threads;
    for (int r = 0; r < world->node_size; r++)
        if (is_within(&all[r].cpus, &own.cpus)) {
            placement->threads_on_cores += (int)all[r].threads;
            placement->ranks++;
        }
    if (set) {
        set_from_mask(&own.cpus, set);
        placement->cores = (int)dt_topology_cores(p->topology, set);
        placement->memory = dt_topology_memory(p->topology, set);
    }
    hwloc_bitmap_free(set);
    placement->first = world->rank;
    MPI_Ibcast(&placement->first, 1, MPI_INT, 0, world->comm->node, &request);
    dt_wait_for_request(world, &request);
    MPI_Query_thread(&provided);
    placement->mpi_takes_threads = provided >= MPI_THREAD_FUNNELED;
    gethostname(placement->node, sizeof placement->node - 1);
    dt_topology_processor(p->topology, placement->processor, sizeof placement->processor);
}

dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_placement *placement, dt_error *err)
{
    place p;
    place_open(&p, world, err);
    if (requested < 1)
        check_openmp(err);
    rank_cpus *all = dt_alloc(world->node_size, sizeof *all, "the table of cores", err);
    *team = (dt_team){.threads = 1};
    if (!dt_world_agree(world, err) && !gather_cpus(world, &p, err)) {
        int64_t wanted = requested > 0 ? requested : fair_threads(world, &p, keep);
        if (dt_team_start(team, (int)wanted) && !keep)
            bind_team(world, &p, team);
        if (placement)
            find_placement(world, &p, team, all, placement);
    }
    free(all);
    place_close(&p);
    return err->code;
}
