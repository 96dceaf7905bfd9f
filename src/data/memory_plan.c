#include "data/memory_plan.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/minmax.h"
#include "data/dataset.h"
#include "data/stream.h"

enum {
    FAIR_PERCENT = 60,      /* of a rank's part of the node, for data */
    VALIDATION_QUARTER = 4, /* of the memory, at most, that the windows leave for validation */
};

static const double NODE_SHARE = 0.9; /* the rest is the program's, and the system's */

int64_t dt_memory_part(const dt_world *world)
{
    int64_t part = -(dt_node_memory() / world->node_size);
    dt_max_int64(world, &part, 1);
    return -part;
}

/* a * b, or the largest number. */
static int64_t multiply_saturated(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* The most rows of a file that a rank has to train on, and the most held out. */
typedef struct {
    int64_t trained, held;
} rank_rows;

static rank_rows max_rank_rows(const dt_planned_rows *r, int ranks)
{
    rank_rows rank_max = {0};
    dt_split rank_bytes = dt_dataset_split(r->holdout.rows, r->chunk_rows, ranks);
    int64_t row = 0, before = 0;
    for (int rank = 0; rank < ranks; rank++) {
        int64_t end = dt_split_begin(&rank_bytes, rank + 1);
        int64_t until = dt_holdout_before(&r->holdout, end), held = until - before;
        rank_max.held = held > rank_max.held ? held : rank_max.held;
        if (end - row - held > rank_max.trained)
            rank_max.trained = end - row - held;
        row = end;
        before = until;
    }
    return rank_max;
}

/* The rows validated on: bytes of all of them, and the most that a rank has. */
typedef struct {
    int64_t all, rank_bytes;
} validated;

static validated find_validated(const dt_planned_rows *train, int64_t held, bool streamed,
                                const dt_planned_rows *validate, int ranks)
{
    int64_t held_bytes = streamed ? train->row_bytes : train->shared_bytes;
    if (!validate)
        return (validated){.all = multiply_saturated(train->holdout.held, held_bytes),
                           .rank_bytes = multiply_saturated(held, held_bytes)};
    return (validated){.all = multiply_saturated(validate->holdout.rows, validate->shared_bytes),
                       .rank_bytes = multiply_saturated(max_rank_rows(validate, ranks).trained,
                                                        validate->shared_bytes)};
}

/* Rows for validation that are few stay in memory beside the windows; of many, a rank's share does
 * if there are ranks enough. Where the windows would be too small for a chunk, they get all. */
static int64_t choose_windows(const dt_planned_rows *train, int64_t memory, int64_t validation)
{
    int64_t windows = memory - dt_min(validation, memory / VALIDATION_QUARTER);
    return windows / dt_stream_row_bytes(train->row_bytes) >= train->chunk_rows ? windows : memory;
}

/* Bytes of the windows of a run that goes on. */
static int64_t windows_before(const dt_memory_limit *limit, const dt_planned_rows *train)
{
    int64_t rows = multiply_saturated(limit->window_blocks, limit->block_rows);
    return multiply_saturated(dt_min(rows, train->holdout.rows),
                              dt_stream_row_bytes(train->shared_bytes));
}

/* Whether the node has what a rank will hold: --memory may ask for more, and a run that goes on may
 * have fewer ranks. */
static dt_code check_held(const dt_memory_plan *plan, const dt_memory_limit *limit,
                          const dt_planned_rows *train, dt_error *err)
{
    char text[2][16];
    if ((double)plan->held <= NODE_SHARE * (double)limit->part)
        return DT_OK;
    dt_format_bytes((double)plan->held, text[0]);
    dt_format_bytes((double)limit->part, text[1]);
    if (limit->goes_on)
        return dt_fail(err, DT_ERR_MEMORY,
                       "%s: the run has its data in memory, and on %d ranks that is %s a rank of "
                       "%s that there are; resume it on more ranks or nodes",
                       train->path, limit->ranks, text[0], text[1]);
    return dt_fail(err, DT_ERR_MEMORY,
                   "%s: a rank would hold %s of data, and its part of the node's memory is %s; "
                   "use a smaller --memory, or more nodes",
                   train->path, text[0], text[1]);
}

dt_code dt_memory_plan_make(dt_memory_plan *plan, const dt_memory_limit *limit,
                            const dt_planned_rows *train, const dt_planned_rows *validate,
                            dt_error *err)
{
    bool asked = limit->memory > 0;
    int64_t memory = asked ? limit->memory : limit->part / 100 * FAIR_PERCENT;
    rank_rows rank_max = max_rank_rows(train, limit->ranks);
    int64_t rank_bytes =
        multiply_saturated(rank_max.trained, train->shared_bytes + (asked ? 0 : DT_SCHEDULE_BYTES));
    int64_t all =
        multiply_saturated(train->holdout.rows - train->holdout.held, train->shared_bytes);
    *plan = (dt_memory_plan){.streamed = (asked ? all : rank_bytes) > memory};
    if (limit->goes_on)
        plan->streamed = limit->block_rows > 0;
    validated v = find_validated(train, rank_max.held, plan->streamed, validate, limit->ranks);
    if (plan->streamed && limit->goes_on)
        plan->windows = windows_before(limit, train);
    else if (plan->streamed)
        plan->windows = choose_windows(train, memory, asked ? v.all : v.rank_bytes);
    plan->held = plan->streamed ? plan->windows : rank_bytes;
    plan->reread = v.rank_bytes > 0 && v.rank_bytes > memory - dt_min(memory, plan->held);
    if (!plan->reread)
        plan->held += v.rank_bytes;
    return check_held(plan, limit, train, err);
}
