#include "comm/numa_group.h"

#include "comm/comm.h"
#include "comm/spin_barrier.h"
#include "core/bug.h"
#include "core/memory.h"
#include "core/split.h"

#include <stdlib.h>
#include <string.h>

/* What a rank shows the others of its node. */
typedef struct {
    atomic_uint arrived;
    atomic_bool failed[2]; /* by turns: one is read while the next is written */
    int memory;
} barrier_slot;

enum { MAX_ALLOCATIONS = 8 };

struct dt_numa_group {
    const dt_world *world;
    dt_shm *slots;         /* NULL: each rank of the world is alone */
    barrier_slot **of;     /* [ranks] */
    atomic_uint **arrived; /* [ranks] */
    int ranks, self;
    int leader; /* the first of them: its rank on the node */
    dt_spin_barrier barrier;
    dt_shm *shared[MAX_ALLOCATIONS]; /* where the leader's memory is everyone's */
    void *own[MAX_ALLOCATIONS];      /* where each rank is alone */
    int allocations;
};

/* Those of the node that have the same memory near. */
static void find_members(dt_numa_group *c, int memory)
{
    const dt_world *w = c->world;
    c->ranks = 0;
    for (int r = 0; r < w->node_size; r++) {
        barrier_slot *s = dt_shm_of_rank(c->slots, r);
        if (r != w->node_rank && (memory < 0 || s->memory != memory))
            continue;
        if (c->ranks == 0)
            c->leader = r;
        if (r == w->node_rank)
            c->self = c->ranks;
        c->arrived[c->ranks] = &s->arrived;
        c->of[c->ranks++] = s;
    }
    dt_spin_barrier_init(&c->barrier, w, c->arrived, c->ranks, c->self);
}

/* Collective. */
static dt_code open_slots(dt_numa_group *c, int memory, dt_error *err)
{
    const dt_world *w = c->world;
    if (w->size == w->nodes || dt_shm_create(w, sizeof(barrier_slot), true, &c->slots, err) ||
        !c->slots)
        return err->code;
    ((barrier_slot *)dt_shm_of_rank(c->slots, w->node_rank))->memory = memory;
    dt_world_agree(w, err); /* all have said so */
    find_members(c, memory);
    int64_t max_ranks = c->ranks;
    dt_max_int64(w, &max_ranks, 1);
    if (max_ranks > 1)
        return DT_OK;
    dt_shm_destroy(c->slots);
    c->slots = NULL;
    return DT_OK;
}

dt_code dt_numa_group_create(const dt_world *world, int memory, dt_numa_group **numa_group,
                             dt_error *err)
{
    dt_numa_group *c = calloc(1, sizeof *c);
    *numa_group = NULL;
    if (c) {
        *c = (dt_numa_group){.world = world, .ranks = 1, .leader = world->node_rank};
        c->of = calloc((size_t)world->node_size, sizeof *c->of);
        c->arrived = calloc((size_t)world->node_size, sizeof *c->arrived);
    }
    if (!c || !c->of || !c->arrived)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for what ranks share");
    if (dt_world_agree(world, err) || open_slots(c, memory, err)) {
        dt_numa_group_destroy(c);
        return err->code;
    }
    *numa_group = c;
    return DT_OK;
}

int dt_numa_group_size(const dt_numa_group *c)
{
    return c->ranks;
}

int dt_numa_group_rank(const dt_numa_group *c)
{
    return c->self;
}

static void *alloc_own(dt_numa_group *c, int64_t n, size_t size, const char *what, dt_error *err)
{
    void *memory = dt_alloc(n, size, what, err);
    if (memory)
        memset(memory, 0, (size_t)n * size);
    if (dt_world_agree(c->world, err)) {
        free(memory);
        return NULL;
    }
    c->own[c->allocations++] = memory;
    return memory;
}

static void *alloc_shared(dt_numa_group *c, int64_t bytes, const char *what, dt_error *err)
{
    dt_shm *shared = NULL;
    if (dt_shm_create(c->world, c->self == 0 ? bytes : 1, true, &shared, err))
        return NULL;
    if (!shared)
        dt_fail(err, DT_ERR_MEMORY, "out of memory: a rank cannot map %s of another", what);
    if (dt_world_agree(c->world, err))
        return NULL;
    c->shared[c->allocations++] = shared;
    return dt_shm_of_rank(shared, c->leader);
}

void *dt_numa_group_alloc(dt_numa_group *c, int64_t n, size_t size, const char *what, dt_error *err)
{
    DT_ASSERT(c->allocations < MAX_ALLOCATIONS);
    if (dt_world_agree(c->world, err))
        return NULL;
    return c->slots ? alloc_shared(c, n * (int64_t)size, what, err)
                    : alloc_own(c, n, size, what, err);
}

int64_t dt_numa_group_part(const dt_numa_group *c, int64_t n, int64_t *begin)
{
    dt_split split = {.n = n, .granule = DT_PART_GRANULE, .parts = c->ranks};
    *begin = dt_split_begin(&split, c->self);
    return dt_split_count(&split, c->self);
}

bool dt_numa_group_barrier(dt_numa_group *c, bool ok)
{
    if (c->ranks == 1)
        return ok;
    int parity = (int)(c->barrier.generation & 1);
    atomic_store_explicit(&c->of[c->self]->failed[parity], !ok, memory_order_relaxed);
    dt_spin_barrier_wait(&c->barrier);
    for (int i = 0; i < c->ranks; i++)
        ok = ok && !atomic_load_explicit(&c->of[i]->failed[parity], memory_order_relaxed);
    return ok;
}

static void *alloc_for_sharing(void *group, int64_t n, size_t size, const char *what, dt_error *err)
{
    return dt_numa_group_alloc(group, n, size, what, err);
}

static int64_t find_part(const void *group, int64_t n, int64_t *begin)
{
    return dt_numa_group_part(group, n, begin);
}

static bool wait_for_group(void *group, bool ok)
{
    return dt_numa_group_barrier(group, ok);
}

dt_sharing dt_numa_group_sharing(dt_numa_group *c)
{
    if (!c)
        return (dt_sharing){.ranks = 1};
    return (dt_sharing){.with = c,
                        .ranks = c->ranks,
                        .alloc = alloc_for_sharing,
                        .part = find_part,
                        .barrier = wait_for_group};
}

void dt_numa_group_destroy(dt_numa_group *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->allocations; i++) {
        dt_shm_destroy(c->shared[i]);
        free(c->own[i]);
    }
    dt_shm_destroy(c->slots);
    free(c->arrived);
    free(c->of);
    free(c);
}
