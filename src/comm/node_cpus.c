/* The launcher may have confined each rank to one core (Open MPI does for one and two ranks) or
 * have confined none. What the job may use on a node is the union of what its ranks may use and,
 * under mpirun, of what the launcher itself may use: it is not bound to the cores that it gives its
 * ranks, but is inside whatever limits the batch system or taskset set. */
#include "comm/node_cpus.h"

#include "comm/internal.h"
#include "comm/launcher.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void dt_cpu_mask_of_set(hwloc_const_bitmap_t set, dt_cpu_mask *m)
{
    for (int i = 0; i < DT_MASK_WORDS; i++)
        m->word[i] = hwloc_bitmap_to_ith_ulong(set, (unsigned)i);
}

void dt_cpu_mask_to_set(const dt_cpu_mask *m, hwloc_bitmap_t set)
{
    hwloc_bitmap_zero(set);
    for (int i = 0; i < DT_MASK_WORDS; i++)
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

dt_code dt_node_cpus_open(dt_node_cpus *p, const dt_world *world, dt_error *err)
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

dt_code dt_node_cpus_gather(const dt_world *world, dt_node_cpus *p, dt_error *err)
{
    dt_cpu_mask *all = dt_alloc(world->node_size * 2, sizeof *all, "the table of cores", err);
    hwloc_bitmap_t other = hwloc_bitmap_alloc(), seen = hwloc_bitmap_alloc();
    dt_cpu_mask mine[2];
    MPI_Request request;
    if (!other || !seen)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the table of cores");
    if (!dt_world_agree(world, err)) {
        dt_cpu_mask_of_set(p->own, &mine[0]);
        dt_cpu_mask_of_set(p->job, &mine[1]);
        MPI_Iallgather(mine, (int)sizeof mine, MPI_BYTE, all, (int)sizeof mine, MPI_BYTE,
                       world->comm->node, &request);
        dt_wait_for_request(world, &request);
        p->apart = true;
        p->min_cores = INT64_MAX;
        for (int r = 0; r < world->node_size; r++) {
            dt_cpu_mask_to_set(&all[2 * r], other);
            p->apart = p->apart && !hwloc_bitmap_intersects(other, seen);
            hwloc_bitmap_or(seen, seen, other);
            int64_t cores = dt_topology_cores(p->topology, other);
            p->min_cores = cores < p->min_cores ? cores : p->min_cores;
            dt_cpu_mask_to_set(&all[2 * r + 1], other);
            hwloc_bitmap_or(p->job, p->job, other);
        }
    }
    hwloc_bitmap_free(other);
    hwloc_bitmap_free(seen);
    free(all);
    return err->code;
}

void dt_node_cpus_close(dt_node_cpus *p)
{
    hwloc_bitmap_free(p->own);
    hwloc_bitmap_free(p->job);
    if (p->topology)
        hwloc_topology_destroy(p->topology);
}
