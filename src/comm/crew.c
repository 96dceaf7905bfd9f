#include "comm/crew.h"

#include "comm/comm.h"
#include "comm/gate.h"
#include "core/bug.h"
#include "core/memory.h"
#include "core/split.h"

#include <stdlib.h>
#include <string.h>

/* What a rank shows the others of its node. */
typedef struct {
    atomic_uint arrived;
    atomic_bool unwell[2]; /* by turns: one is read while the next is written */
    int memory;
} sign;

enum { MOST_SHARES = 8 };

struct dt_crew {
    const dt_world *world;
    dt_shared *signs;      /* NULL: each rank of the world is alone */
    sign **of;             /* [ranks] */
    atomic_uint **arrived; /* [ranks] */
    int ranks, self;
    int leader; /* the first of them: its rank on the node */
    dt_gate gate;
    dt_shared *share[MOST_SHARES]; /* where the leader's memory is everyone's */
    void *own[MOST_SHARES];        /* where each rank is alone */
    int shares;
};

/* Those of the node that have the same memory near. */
static void find_members(dt_crew *c, int memory)
{
    const dt_world *w = c->world;
    c->ranks = 0;
    for (int r = 0; r < w->node_size; r++) {
        sign *s = dt_shared_memory(c->signs, r);
        if (r != w->node_rank && (memory < 0 || s->memory != memory))
            continue;
        if (c->ranks == 0)
            c->leader = r;
        if (r == w->node_rank)
            c->self = c->ranks;
        c->arrived[c->ranks] = &s->arrived;
        c->of[c->ranks++] = s;
    }
    dt_gate_init(&c->gate, w, c->arrived, c->ranks, c->self);
}

/* Collective. */
static dt_code open_signs(dt_crew *c, int memory, dt_error *err)
{
    const dt_world *w = c->world;
    if (w->size == w->nodes || dt_shared_create(w, sizeof(sign), true, &c->signs, err) || !c->signs)
        return err->code;
    ((sign *)dt_shared_memory(c->signs, w->node_rank))->memory = memory;
    dt_world_agree(w, err); /* all have said so */
    find_members(c, memory);
    int64_t most = c->ranks;
    dt_max_int64(w, &most, 1);
    if (most > 1)
        return DT_OK;
    dt_shared_destroy(c->signs);
    c->signs = NULL;
    return DT_OK;
}

dt_code dt_crew_create(const dt_world *world, int memory, dt_crew **crew, dt_error *err)
{
    dt_crew *c = calloc(1, sizeof *c);
    *crew = NULL;
    if (c) {
        *c = (dt_crew){.world = world, .ranks = 1, .leader = world->node_rank};
        c->of = calloc((size_t)world->node_size, sizeof *c->of);
        c->arrived = calloc((size_t)world->node_size, sizeof *c->arrived);
    }
    if (!c || !c->of || !c->arrived)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for what ranks share");
    if (dt_world_agree(world, err) || open_signs(c, memory, err)) {
        dt_crew_destroy(c);
        return err->code;
    }
    *crew = c;
    return DT_OK;
}

int dt_crew_ranks(const dt_crew *c)
{
    return c->ranks;
}

int dt_crew_self(const dt_crew *c)
{
    return c->self;
}

static void *alloc_own(dt_crew *c, int64_t n, size_t size, const char *what, dt_error *err)
{
    void *memory = dt_alloc(n, size, what, err);
    if (memory)
        memset(memory, 0, (size_t)n * size);
    if (dt_world_agree(c->world, err)) {
        free(memory);
        return NULL;
    }
    c->own[c->shares++] = memory;
    return memory;
}

static void *alloc_shared(dt_crew *c, int64_t bytes, const char *what, dt_error *err)
{
    dt_shared *shared = NULL;
    if (dt_shared_create(c->world, c->self == 0 ? bytes : 1, true, &shared, err))
        return NULL;
    if (!shared)
        dt_fail(err, DT_ERR_MEMORY, "out of memory: a rank cannot map %s of another", what);
    if (dt_world_agree(c->world, err))
        return NULL;
    c->share[c->shares++] = shared;
    return dt_shared_memory(shared, c->leader);
}

void *dt_crew_alloc(dt_crew *c, int64_t n, size_t size, const char *what, dt_error *err)
{
    DT_ASSERT(c->shares < MOST_SHARES);
    if (dt_world_agree(c->world, err))
        return NULL;
    return c->signs ? alloc_shared(c, n * (int64_t)size, what, err)
                    : alloc_own(c, n, size, what, err);
}

int64_t dt_crew_part(const dt_crew *c, int64_t n, int64_t *begin)
{
    dt_split split = {.n = n, .granule = DT_PART_GRANULE, .parts = c->ranks};
    *begin = dt_split_begin(&split, c->self);
    return dt_split_count(&split, c->self);
}

bool dt_crew_meet(dt_crew *c, bool well)
{
    if (c->ranks == 1)
        return well;
    int turn = (int)(c->gate.turn & 1);
    atomic_store_explicit(&c->of[c->self]->unwell[turn], !well, memory_order_relaxed);
    dt_gate_pass(&c->gate);
    for (int i = 0; i < c->ranks; i++)
        well = well && !atomic_load_explicit(&c->of[i]->unwell[turn], memory_order_relaxed);
    return well;
}

void dt_crew_destroy(dt_crew *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->shares; i++) {
        dt_shared_destroy(c->share[i]);
        free(c->own[i]);
    }
    dt_shared_destroy(c->signs);
    free(c->arrived);
    free(c->of);
    free(c);
}
