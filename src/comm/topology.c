#include "comm/topology.h"

#include "comm/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* A topology as it will be loaded; NULL if there is none. Not by asking each core for itself: that
 * waits for each to be free of the ranks that wait for this one, for ever if these have a priority
 * in real time. The system knows the same. */
static hwloc_topology_t create_topology(void)
{
    hwloc_topology_t t;
    if (hwloc_topology_init(&t))
        return NULL;
    hwloc_topology_set_components(t, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
    return t;
}

static hwloc_topology_t load_here(void)
{
    hwloc_topology_t t = create_topology();
    if (t && hwloc_topology_load(t) == 0)
        return t;
    if (t)
        hwloc_topology_destroy(t);
    return NULL;
}

static hwloc_topology_t load_text(const char *text, int bytes)
{
    hwloc_topology_t t = create_topology();
    if (t && hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM) == 0 &&
        hwloc_topology_set_xmlbuffer(t, text, bytes) == 0 && hwloc_topology_load(t) == 0)
        return t;
    if (t)
        hwloc_topology_destroy(t);
    return NULL;
}

/* From the node's first rank. */
static void broadcast(const dt_world *world, void *values, int bytes)
{
    MPI_Request request;
    MPI_Ibcast(values, bytes, MPI_BYTE, 0, world->comm->node, &request);
    dt_wait_for_request(world, &request);
}

/* The first rank's, as text, to all of the node; *text is to be freed. Where it does not come, each
 * asks for itself. */
static int broadcast_topology(const dt_world *world, hwloc_topology_t first, char **text)
{
    char *exported = NULL;
    int bytes = 0;
    MPI_Request request;
    if (first && hwloc_topology_export_xmlbuffer(first, &exported, &bytes, 0))
        bytes = 0;
    broadcast(world, &bytes, sizeof bytes);
    int room = bytes > 0 && (*text = malloc((size_t)bytes)) != NULL;
    MPI_Iallreduce(MPI_IN_PLACE, &room, 1, MPI_INT, MPI_MIN, world->comm->node, &request);
    dt_wait_for_request(world, &request);
    if (room) {
        for (int i = 0; exported && i < bytes; i++)
            (*text)[i] = exported[i];
        broadcast(world, *text, bytes);
    }
    if (exported)
        hwloc_free_xmlbuffer(first, exported);
    return room ? bytes : 0;
}

dt_code dt_topology_load(const dt_world *world, hwloc_topology_t *topology, dt_error *err)
{
    char *text = NULL;
    hwloc_topology_t t = world->node_rank == 0 ? load_here() : NULL;
    int bytes = world->node_size > 1 ? broadcast_topology(world, t, &text) : 0;
    if (world->node_rank != 0 && bytes > 0)
        t = load_text(text, bytes);
    if (world->node_rank != 0 && !t)
        t = load_here();
    free(text);
    *topology = t;
    if (!t)
        dt_fail(err, DT_ERR_FILE, "cannot read the topology of this node");
    return err->code;
}

int64_t dt_topology_cores(hwloc_topology_t topology, hwloc_const_bitmap_t set)
{
    int64_t cores = 0;
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)))
        cores += hwloc_bitmap_intersects(core->cpuset, set);
    return cores;
}

int dt_topology_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set)
{
    hwloc_nodeset_t nodes = hwloc_bitmap_alloc();
    int memory = -1;
    if (nodes && hwloc_cpuset_to_nodeset(topology, set, nodes) == 0 &&
        hwloc_bitmap_weight(nodes) == 1)
        memory = hwloc_bitmap_first(nodes);
    hwloc_bitmap_free(nodes);
    return memory;
}

void dt_topology_processor(hwloc_topology_t topology, char *text, size_t size)
{
    static const char *const facts[] = {"CPUModel", "CPUFamilyNumber", "CPUModelNumber"};
    static const char *const before[] = {"", ", family ", " model "};
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; package && i < 3; i++) {
        const char *fact = hwloc_obj_get_info_by_name(package, facts[i]);
        if (fact && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", before[i], fact);
    }
}
