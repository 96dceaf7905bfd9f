/* The sum of a step's gradient over all ranks.
 *
 * Five algorithms; the first line that fits is taken (dt_reducer_sum, at the end of the file).
 * `n` values are summed; "local" is within a node, "network" is between nodes.
 *
 *   ranks                     values          algorithm          barriers  messages
 *   several nodes             n <= MAX_FEW    sum_few            2         one MPI_Allreduce
 *     nothing started early
 *   several nodes             any sum_across_nodes 1 in steps (sum_schedule.c)
 *   one rank                  any             only the callback  0         none
 *   one node                  n <= MAX_SHORT  sum_short          1         none
 *   one node                  more            sum_long           2         none
 *
 * On one node the ranks add in each other's memory. sum_long: each rank owns a part of the vector,
 * reads it from all ranks and writes its sum to all. sum_short: each rank adds up all values for
 * itself. Microseconds of two ranks on quiet cores (MPI_Allreduce of Open MPI 4.1.4 in
 * parentheses): 12 values 0.13 (0.65), 1024 values 0.8 (2.0), 16,384 values 3 (19), 670,000 values
 * 160 (415).
 *
 * Over several nodes each value crosses the network once a node, not once a rank:
 *
 *      node 0                     node 1
 *      rank 0: [ part 0 | part 1 ]    rank 2: [ part 0 | part 1 ]    1. local: add own part
 *      rank 1: [ part 0 | part 1 ]    rank 3: [ part 0 | part 1 ]
 *           rank 0 <---- part 0 ----> rank 2                         2. network: add other nodes'
 *           rank 1 <---- part 1 ----> rank 3
 *      each rank writes its part to the ranks of its node            3. local: share the sum
 *
 * A node with more ranks than the smallest node has some ranks without a part. */
#include "comm/async_sum.h"
#include "comm/comm.h"
#include "comm/internal.h"
#include "comm/spin_barrier.h"
#include "core/bug.h"
#include "core/memory.h"
#include "core/split.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SHORT = 1024,        /* values: to add them all takes less time than a second barrier */
    PARALLEL_FROM = 1 << 17, /* values of a part: from here on threads share the work */
    MAX_FEW = 1 << 14,       /* values: below, a message's latency costs more than its bandwidth */
    MAX_STARTED = DT_TAG_SUMS, /* sums that are started early and under way */
    MAX_START = 1 << 30        /* values of one of them */
};

/* The memory of a rank that the other ranks of its node see. */
typedef struct {
    atomic_uint arrived; /* barriers that the rank has reached */
    char padding[60];
    atomic_uint started; /* calls of dt_reducer_start since the reducer was created */
    char more_padding[60];
    /* The values of a short vector; two, since one is read while the next is written. */
    int32_t slot[2][MAX_SHORT];
    int32_t values[]; /* [n] */
} segment;

struct dt_reducer {
    const dt_world *world;
    dt_sum_kind kind;
    dt_shm *shared;        /* NULL: this rank's memory is its own */
    segment **of;          /* [ranks] of the ranks of this node */
    int ranks, self;       /* 1 and 0 where memory is not shared */
    atomic_uint **arrived; /* [ranks] their counters */
    dt_spin_barrier barrier;
    /* The following is used where there are several nodes. */
    bool crosses_nodes;
    int parts;               /* ranks of this node that have a part */
    dt_sum_ranks cross_node; /* the ranks with the same part; none if this rank has none */
    int32_t *scratch;        /* [n] */
    dt_range started[MAX_STARTED];
    dt_async_sum under_way[MAX_STARTED]; /* [sent] of this rank's part of each */
    int n_started, sent;
    unsigned sent_before; /* in the sums before this */
};

/* ---- Creation ------------------------------------------------------------------------------- */

static dt_code map_segments(dt_reducer *r, int64_t bytes, dt_error *err)
{
    const dt_world *world = r->world;
    if (world->size > world->nodes && dt_shm_create(world, bytes, true, &r->shared, err))
        return err->code;
    r->ranks = r->shared ? world->node_size : 1;
    r->self = r->shared ? world->node_rank : 0;
    r->of = dt_alloc(r->ranks, sizeof *r->of, "the ranks' gradients", err);
    r->arrived = dt_alloc(r->ranks, sizeof *r->arrived, "the ranks' gradients", err);
    for (int i = 0; r->of && i < r->ranks; i++)
        r->of[i] = r->shared ? dt_shm_of_rank(r->shared, i) : NULL;
    if (r->of && !r->shared) {
        r->of[0] = dt_alloc(bytes, 1, "the gradient", err);
        if (r->of[0])
            memset(r->of[0], 0, sizeof(segment));
    }
    if (err->code)
        return err->code;
    for (int i = 0; i < r->ranks; i++)
        r->arrived[i] = &r->of[i]->arrived;
    dt_spin_barrier_init(&r->barrier, world, r->arrived, r->ranks, r->self);
    return DT_OK;
}

/* The ranks of other nodes that have this rank's part. */
static void find_others(dt_reducer *r)
{
    dt_sum_ranks *cross_node = &r->cross_node;
    cross_node->kind = r->kind;
    cross_node->ranks = r->shared ? r->world->comm->cross_node : r->world->comm->all;
    if (cross_node->ranks != MPI_COMM_NULL) {
        MPI_Comm_rank(cross_node->ranks, &cross_node->rank);
        MPI_Comm_size(cross_node->ranks, &cross_node->size);
    }
}

dt_code dt_reducer_create(const dt_world *world, int64_t n, dt_sum_kind kind, dt_reducer **reducer,
                          dt_error *err)
{
    dt_reducer *r = calloc(1, sizeof *r);
    *reducer = NULL;
    if (!r)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the gradient");
    if (dt_world_agree(world, err)) {
        free(r);
        return err->code;
    }
    r->world = world;
    r->kind = kind;
    map_segments(r, (int64_t)sizeof(segment) + n * (int64_t)sizeof(int32_t), err);
    r->crosses_nodes = world->size > r->ranks;
    r->parts = r->shared ? world->comm->min_node_size : 1;
    find_others(r);
    if (r->crosses_nodes && r->cross_node.size > 0)
        r->scratch = dt_alloc(n, sizeof *r->scratch, "what comes of other nodes' gradients", err);
    if (dt_world_agree(world, err)) {
        dt_reducer_destroy(r);
        return err->code;
    }
    *reducer = r;
    return DT_OK;
}

void dt_reducer_destroy(dt_reducer *r)
{
    if (!r)
        return;
    if (r->of && !r->shared)
        free(r->of[0]);
    dt_shm_destroy(r->shared);
    free(r->scratch);
    free(r->of);
    free(r->arrived);
    free(r);
}

void *dt_reducer_values(const dt_reducer *r)
{
    return r->of[r->self]->values;
}

bool dt_reducer_crosses_nodes(const dt_reducer *r)
{
    return r->crosses_nodes;
}

/* ---- Adding --------------------------------------------------------------------------------- */

enum { PIECE = DT_PART_GRANULE }; /* stay in the first cache while all ranks' are added */

/* Of values [begin, begin + n) of this node's ranks, in their order, so that floats repeat to the
 * bit. */
static void add_piece(const dt_reducer *r, int64_t begin, int64_t n, int32_t *sum)
{
    for (int i = 0; i < r->ranks; i++)
        dt_add_values(r->kind, i == 0, r->of[i]->values + begin, sum, n);
}

static void finish_piece(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n,
                         int32_t *sum)
{
    if (finish)
        finish->part(finish->with, begin, n, sum);
    for (int i = 0; i < r->ranks; i++)
        if (r->of[i]->values + begin != sum)
            memcpy(r->of[i]->values + begin, sum, (size_t)n * sizeof *sum);
}

/* The part of some values that is a rank's to add; none of them if it has none. */
static dt_range own_part(dt_range all, int64_t rank, int64_t parts)
{
    dt_split split = {.n = all.end - all.begin, .granule = PIECE, .parts = parts};
    if (rank >= parts)
        return (dt_range){all.end, all.end};
    return (dt_range){all.begin + dt_split_begin(&split, rank),
                      all.begin + dt_split_begin(&split, rank + 1)};
}

/* What is done with one piece of a part. */
typedef void piece_work(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n);

/* A parallel region of one thread costs as much as the sum of a few thousand values. */
static void each_piece(const dt_reducer *r, dt_range part, piece_work *work,
                       const dt_finish *finish)
{
    if (part.end - part.begin > PARALLEL_FROM) {
#pragma omp parallel for
        for (int64_t i = part.begin; i < part.end; i += PIECE)
            work(r, finish, i, part.end - i < PIECE ? part.end - i : PIECE);
    } else {
        for (int64_t i = part.begin; i < part.end; i += PIECE)
            work(r, finish, i, part.end - i < PIECE ? part.end - i : PIECE);
    }
}

/* ---- On one node ---------------------------------------------------------------------------- */

static void sum_piece(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n)
{
    _Alignas(64) int32_t sum[PIECE];
    add_piece(r, begin, n, sum);
    finish_piece(r, finish, begin, n, sum);
}

/* For this rank alone. */
static void keep_piece(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n)
{
    _Alignas(64) int32_t sum[PIECE];
    add_piece(r, begin, n, sum);
    if (finish)
        finish->part(finish->with, begin, n, sum);
    memcpy(r->of[r->self]->values + begin, sum, (size_t)n * sizeof *sum);
}

static void sum_long(dt_reducer *r, const dt_sum *s)
{
    int64_t head = s->whole ? 0 : s->head;
    dt_range part = own_part((dt_range){head, s->n}, r->self, r->ranks);
    dt_spin_barrier_wait(&r->barrier);
    if (r->self == 0)
        each_piece(r, (dt_range){0, head}, sum_piece, s->finish);
    each_piece(r, part, s->whole ? sum_piece : keep_piece, s->finish);
    dt_spin_barrier_wait(&r->barrier);
}

static void sum_short(dt_reducer *r, int64_t n, const dt_finish *finish)
{
    segment *own = r->of[r->self];
    int parity = (int)(r->barrier.generation & 1);
    memcpy(own->slot[parity], own->values, (size_t)n * sizeof *own->values);
    dt_spin_barrier_wait(&r->barrier);
    for (int i = 0; i < r->ranks; i++)
        dt_add_values(r->kind, i == 0, r->of[i]->slot[parity], own->values, n);
    if (finish)
        finish->part(finish->with, 0, n, own->values);
}

/* ---- Over several nodes --------------------------------------------------------------------- */

static void gather_piece(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n)
{
    _Alignas(64) int32_t sum[PIECE];
    (void)finish;
    add_piece(r, begin, n, sum);
    memcpy(r->of[r->self]->values + begin, sum, (size_t)n * sizeof *sum);
}

/* Of all values, or of some that were begun, this rank's part: the node's sum of it into its own
 * memory, where no other rank reads it. */
static dt_range add_part(const dt_reducer *r, dt_range all)
{
    dt_range part = own_part(all, r->self, r->parts);
    if (r->ranks > 1)
        each_piece(r, part, gather_piece, NULL);
    return part;
}

static void allgather_piece(const dt_reducer *r, const dt_finish *finish, int64_t begin, int64_t n)
{
    finish_piece(r, finish, begin, n, r->of[r->self]->values + begin);
}

/* When it is the sum over all. */
static void finish_part(const dt_reducer *r, dt_range all, const dt_finish *finish)
{
    if (r->ranks > 1 || finish)
        each_piece(r, own_part(all, r->self, r->parts), allgather_piece, finish);
}

/* Few values, whose way is short, by MPI's allreduce. It waits without a look, but only for ranks
 * of other nodes; those of this one are looked at in the barrier behind. */
static void sum_few(dt_reducer *r, int64_t n, const dt_finish *finish)
{
    dt_range all = {0, n};
    MPI_Datatype type = r->kind == DT_SUM_FLOAT ? MPI_FLOAT : MPI_UINT32_T;
    dt_spin_barrier_wait(&r->barrier);
    dt_range part = add_part(r, all);
    if (part.begin < part.end)
        MPI_Allreduce(MPI_IN_PLACE, r->of[r->self]->values + part.begin,
                      (int)(part.end - part.begin), type, MPI_SUM, r->cross_node.ranks);
    finish_part(r, all, finish);
    dt_spin_barrier_wait(&r->barrier);
}

void dt_reducer_start(dt_reducer *r, int64_t begin, int64_t end)
{
    while (end - begin > MAX_START) {
        dt_reducer_start(r, end - MAX_START, end);
        end -= MAX_START;
    }
    DT_ASSERT(r->n_started < MAX_STARTED);
    r->started[r->n_started++] = (dt_range){begin, end};
    atomic_fetch_add_explicit(&r->of[r->self]->started, 1, memory_order_release);
    dt_reducer_progress(r);
}

/* Whether all ranks of the node have begun with the next values to be sent. */
static bool is_next_there(const dt_reducer *r)
{
    unsigned wanted = r->sent_before + (unsigned)r->sent + 1;
    for (int i = 0; i < r->ranks; i++)
        if ((int)(atomic_load_explicit(&r->of[i]->started, memory_order_acquire) - wanted) < 0)
            return false;
    return true;
}

static void send_next(dt_reducer *r)
{
    dt_range part = add_part(r, r->started[r->sent]);
    r->under_way[r->sent] = (dt_async_sum){.all = part, .tag = DT_TAG_SUM + r->sent};
    r->sent++;
}

/* Whether nothing that was begun is left to be done. */
static bool progress_all(dt_reducer *r)
{
    bool all = true;
    while (r->sent < r->n_started && is_next_there(r))
        send_next(r);
    for (int i = 0; i < r->sent; i++) {
        dt_async_sum *t = &r->under_way[i];
        if (t->all.begin < t->all.end)
            all =
                dt_async_sum_progress(t, &r->cross_node, r->of[r->self]->values, r->scratch) && all;
    }
    return all && r->sent == r->n_started;
}

void dt_reducer_progress(dt_reducer *r)
{
    progress_all(r);
}

static void sum_across_nodes(dt_reducer *r, int64_t n, const dt_finish *finish)
{
    dt_reducer_start(r, 0, r->n_started > 0 ? r->started[r->n_started - 1].begin : n);
    for (int polls = 0; !progress_all(r); polls = polls < 1 << 30 ? polls + 1 : r->barrier.spins)
        dt_spin_backoff(&r->barrier, polls);
    for (int i = 0; i < r->n_started; i++)
        finish_part(r, r->started[i], finish);
    r->sent_before += (unsigned)r->sent;
    r->n_started = r->sent = 0;
    dt_spin_barrier_wait(&r->barrier);
}

/* ---- Either --------------------------------------------------------------------------------- */

void dt_reducer_sum(dt_reducer *r, const dt_sum *s)
{
    if (r->crosses_nodes && r->n_started == 0 && s->n <= MAX_FEW)
        sum_few(r, s->n, s->finish);
    else if (r->crosses_nodes)
        sum_across_nodes(r, s->n, s->finish);
    else if (r->ranks == 1 && s->finish)
        each_piece(r, (dt_range){0, s->n}, allgather_piece, s->finish);
    else if (r->ranks > 1 && s->n <= MAX_SHORT)
        sum_short(r, s->n, s->finish);
    else if (r->ranks > 1)
        sum_long(r, s);
}
