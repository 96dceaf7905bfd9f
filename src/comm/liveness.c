#include "comm/liveness.h"

#include "comm/comm.h"
#include "comm/internal.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/process.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const double SECONDS = 1;  /* between two looks of a wait; */
static const double ANOTHER = 10; /* after so many it is another wait */

enum {
    MAX_MISSED = 2,  /* looks: what a rank sent before its end may still arrive */
    SILENT_MORE = 2, /* and so many more where another says it: most are ended by then */
    SPINS = 200,     /* tests before a core is offered to others */
};

struct dt_watched_process {
    dt_process process; /* 0: this rank cannot see it, as between containers */
    int64_t rank;
};

static void find_ranks(dt_world *world)
{
    MPI_Comm node = world->comm->node;
    dt_watched_process own = {.process = dt_process_of(getpid()), .rank = world->rank};
    dt_watched_process *of =
        world->node_size > 1 ? malloc((size_t)world->node_size * sizeof *of) : NULL;
    int room = of != NULL;
    MPI_Allreduce(MPI_IN_PLACE, &room, 1, MPI_INT, MPI_MIN, node);
    if (!room) {
        free(of);
        return;
    }
    MPI_Allgather(&own, (int)sizeof own, MPI_BYTE, of, (int)sizeof own, MPI_BYTE, node);
    for (int r = 0; r < world->node_size; r++)
        if (dt_process_of(of[r].process.id).start != of[r].process.start)
            of[r].process = (dt_process){0};
    world->comm->watch.of = of;
}

/* The node's first rank has the mark. */
static void share_mark(dt_world *world)
{
    dt_error err = {0};
    if (world->size > world->nodes)
        dt_shm_create(world, sizeof(atomic_flag), true, &world->comm->watch.mark, &err);
}

void dt_liveness_begin(dt_world *world)
{
    world->comm->watch = (dt_liveness){0};
    find_ranks(world);
    share_mark(world);
}

void dt_liveness_end(dt_world *world)
{
    dt_shm_destroy(world->comm->watch.mark);
    free(world->comm->watch.of);
}

/* Whether no other rank of the node says it. */
static bool is_mine_to_report(const dt_liveness *w)
{
    return !w->mark || !atomic_flag_test_and_set((atomic_flag *)dt_shm_of_rank(w->mark, 0));
}

static bool is_gone(const dt_watched_process *w)
{
    return w->process.id && dt_process_of(w->process.id).start != w->process.start;
}

/* The first rank of the node that is gone, or NULL. */
static const dt_watched_process *find_gone(const dt_world *world)
{
    const dt_watched_process *of = world->comm->watch.of;
    for (int r = 0; r < world->node_size; r++)
        if (is_gone(&of[r]))
            return &of[r];
    return NULL;
}

void dt_liveness_check(const dt_world *world)
{
    dt_liveness *w = &world->comm->watch;
    double now = dt_clock_coarse(), late = now - w->next_check;
    if (!w->of || late < 0)
        return;
    w->next_check = now + SECONDS;
    const dt_watched_process *gone = late > ANOTHER ? NULL : find_gone(world);
    w->missed = gone ? w->missed + 1 : 0;
    if (w->missed == MAX_MISSED && is_mine_to_report(w))
        dt_end_run("error: rank %lld (process %lld) has ended without a word: the run cannot go on",
                   (long long)gone->rank, (long long)gone->process.id);
    if (w->missed >= MAX_MISSED + SILENT_MORE)
        dt_end_quietly();
}

void dt_wait_for_request(const dt_world *world, MPI_Request *request)
{
    int done = 0;
    for (int tests = 1; !MPI_Test(request, &done, MPI_STATUS_IGNORE) && !done; tests++) {
        if (tests < SPINS)
            continue;
        dt_liveness_check(world);
        tests = SPINS;
        sched_yield();
    }
}
