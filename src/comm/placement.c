#include "comm/placement.h"

#include "comm/internal.h"

#include <unistd.h>

static void find_own_cpus(const dt_node_cpus *p, const dt_team *team, dt_rank_cpus *own)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (set && !team->cpu)
        hwloc_get_cpubind(p->topology, set, HWLOC_CPUBIND_PROCESS);
    for (int t = 0; set && team->cpu && t < team->threads; t++)
        hwloc_bitmap_set(set, (unsigned)team->cpu[t]);
    *own = (dt_rank_cpus){.threads = team->threads};
    if (set)
        dt_cpu_mask_of_set(set, &own->cpus);
    hwloc_bitmap_free(set);
}

static bool is_within(const dt_cpu_mask *a, const dt_cpu_mask *b)
{
    bool within = true;
    for (int i = 0; i < DT_MASK_WORDS; i++)
        within = within && (a->word[i] & ~b->word[i]) == 0;
    return within;
}

void dt_placement_find(const dt_world *world, const dt_node_cpus *p, const dt_team *team,
                       dt_rank_cpus *all, dt_placement *placement)
{
    dt_rank_cpus own;
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
        dt_cpu_mask_to_set(&own.cpus, set);
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
