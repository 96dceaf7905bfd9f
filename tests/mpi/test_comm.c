/* Agreement on errors, sums, gathers and exchanges, with the last rank as the odd one. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "comm/internal.h"
#include "core/split.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void no_error_is_none(void **state)
{
    (void)state;
    dt_error err = {0};
    CHECK_ALL(dt_world_agree(&world, &err) == DT_OK);
}

static void the_last_ranks_error_is_everyones(void **state)
{
    (void)state;
    dt_error err = {0};
    if (world.rank == world.size - 1)
        dt_fail(&err, DT_ERR_DATA, "row 7 of rank %d", world.rank);
    dt_code code = dt_world_agree(&world, &err);
    char expected[64];
    snprintf(expected, sizeof expected, "row 7 of rank %d", world.size - 1);
    CHECK_ALL(code == DT_ERR_DATA && err.code == DT_ERR_DATA);
    CHECK_ALL(strcmp(err.text, expected) == 0);
}

static void of_several_errors_the_lowest_ranks(void **state)
{
    (void)state;
    dt_error err = {0};
    if (world.rank >= world.size / 2)
        dt_fail(&err, DT_ERR_FILE, "rank %d", world.rank);
    char expected[64];
    snprintf(expected, sizeof expected, "rank %d", world.size / 2);
    dt_world_agree(&world, &err);
    CHECK_ALL(strcmp(err.text, expected) == 0);
}

static void sums_and_maxima(void **state)
{
    (void)state;
    int64_t n = world.size, sum = world.rank + 1, largest[2] = {world.rank, -world.rank};
    dt_sum_int64(&world, &sum, 1);
    dt_max_int64(&world, largest, 2);
    CHECK_ALL(sum == n * (n + 1) / 2);
    CHECK_ALL(largest[0] == n - 1 && largest[1] == 0);
}

/* Rank r sends r + 1 records, the last none. */
static void gathers_in_order(void **state)
{
    (void)state;
    typedef struct {
        int32_t rank, item;
        char rest[5];
    } record;
    int64_t n = world.rank == world.size - 1 ? 0 : world.rank + 1;
    record *mine = calloc((size_t)n + 1, sizeof *mine);
    record *all = calloc((size_t)world.size * (size_t)world.size + 1, sizeof *all);
    for (int i = 0; i < n; i++)
        mine[i] = (record){.rank = world.rank, .item = i};
    dt_gather(&world, mine, n, sizeof *mine, all);
    bool right = true;
    int at = 0;
    for (int r = 0; r < world.size - 1 && world.rank == 0; r++)
        for (int i = 0; i <= r; i++, at++)
            right = right && all[at].rank == r && all[at].item == i;
    free(mine);
    free(all);
    CHECK_ALL(right);
}

/* Rank r sends r + d records to rank d, several times over one exchange. */
static void exchanges(void **state)
{
    (void)state;
    enum { MAX_RANKS = 64 };
    dt_error err = {0};
    dt_exchange *exchange = NULL;
    int32_t send[MAX_RANKS] = {0}, receive[MAX_RANKS];
    int64_t send_count[MAX_RANKS] = {0}, receive_count[MAX_RANKS] = {0};
    bool right = true;
    dt_exchange_create(&world, sizeof *send, &exchange, &err);
    CHECK_NO_ERROR(&err);
    for (int round = 0; round < 5; round++) {
        int n = 0, at = 0;
        for (int d = 0; d < world.size; d++) {
            send_count[d] = receive_count[d] = world.rank + d;
            for (int i = 0; i < world.rank + d; i++)
                send[n++] = world.rank * 1000 + d * 100 + i * 10 + round;
        }
        dt_exchange_start(exchange, send, send_count, receive, receive_count);
        int64_t busy = 1;
        dt_sum_int64(&world, &busy, 1); /* other traffic meanwhile */
        dt_exchange_finish(exchange);
        for (int s = 0; s < world.size; s++)
            for (int i = 0; i < world.rank + s; i++)
                right = right && receive[at++] == s * 1000 + world.rank * 100 + i * 10 + round;
    }
    dt_exchange_destroy(exchange);
    CHECK_ALL(right);
}

/* MPI counts a record's bytes in an int. */
static void records_that_are_too_large(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_exchange *exchange = NULL;
    dt_exchange_create(&world, (size_t)INT32_MAX + 1, &exchange, &err);
    CHECK_ALL(err.code == DT_ERR_SHAPE && strstr(err.text, "a row of the data is 2.1 GB"));
    CHECK_ALL(!exchange);
}

static void broadcasts(void **state)
{
    (void)state;
    char text[40] = "";
    if (world.rank == 0)
        strcpy(text, "from rank 0");
    dt_broadcast(&world, text, sizeof text);
    CHECK_ALL(strcmp(text, "from rank 0") == 0);
}

static void places_threads(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_team team;
    dt_place_threads(&world, 3, false, &team, NULL, &err);
    CHECK_ALL(err.code == DT_OK && team.threads == 3 && omp_get_max_threads() == 3);
    dt_team_free(&team);
    unsetenv("OMP_NUM_THREADS");
    dt_place_threads(&world, 0, true, &team, NULL, &err);
    int procs =
        omp_get_num_procs(); /* of the node; its cores are no more, each rank has one at least */
    int share = procs > world.node_size ? (procs - 1) / world.node_size + 1 : 1;
    CHECK_ALL(team.threads >= 1 && team.threads <= share);
    dt_team_free(&team);
    setenv("OMP_NUM_THREADS", "2", 1);
    dt_place_threads(&world, 0, true, &team, NULL, &err);
    CHECK_ALL(team.threads == 2);
    dt_team_free(&team);
    setenv("OMP_NUM_THREADS", "5000", 1);
    dt_place_threads(&world, 0, true, &team, NULL, &err);
    CHECK_ALL(err.code == DT_ERR_USAGE &&
              !strcmp(err.text, "OMP_NUM_THREADS 5000: expected a whole number from 1 to 4096"));
    dt_team_free(&team);
    err = (dt_error){0};
    dt_place_threads(&world, 1, true, &team, NULL, &err);
    CHECK_ALL(err.code == DT_OK && team.threads == 1);
    dt_team_free(&team);
    unsetenv("OMP_NUM_THREADS");
}

static void knows_its_place(void **state)
{
    (void)state;
    int64_t first = world.node_rank == 0;
    dt_sum_int64(&world, &first, 1);
    CHECK_ALL(first == world.nodes);
    CHECK_ALL(world.node_rank < world.node_size && world.node_size <= world.size);
}

/* Every rank writes into its own and reads all of its node's; shares differ, the last is empty. */
static void memory_is_shared(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_shm *shared;
    int64_t n = world.rank == world.size - 1 ? 0 : 1000 * (world.rank + 1), bad = 0;
    dt_shm_create(&world, n * (int64_t)sizeof(int), false, &shared, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(shared != NULL);
    for (int64_t i = 0; i < n; i++)
        ((int *)dt_shm_of_rank(shared, world.node_rank))[i] = world.rank * 7 + (int)i;
    dt_world_agree(&world, &err);
    for (int r = 0; r < world.size - 1; r++)
        for (int i = 0; i < 1000 * (r + 1); i++)
            bad += ((const int *)dt_shm_of_rank(shared, r))[i] != r * 7 + i;
    CHECK_ALL(bad == 0);
    dt_shm_destroy(shared);
}

/* ---- The reducer ---------------------------------------------------------------------------- */

/* What value i is on a rank, and what the sum over all is: floats that are exact, and integers that
 * pass their ends. */
static float float_of(int64_t i, int rank, int repeat)
{
    return (float)(i % 1000 * (rank + 1) + repeat);
}

static float float_sum(int64_t i, int repeat)
{
    int64_t ranks = world.size;
    return (float)(i % 1000 * ranks * (ranks + 1) / 2 + repeat * ranks);
}

static int32_t integer_of(int64_t i, int repeat)
{
    return INT32_MAX - (int32_t)(i % 77) - repeat;
}

static uint32_t integer_sum(int64_t i, int repeat)
{
    return (uint32_t)world.size * (uint32_t)integer_of(i, repeat);
}

/* Twice the sum, which every value must become once. */
static void twice(const void *with, int64_t begin, int64_t n, void *values)
{
    (void)with;
    (void)begin;
    for (int64_t i = 0; i < n; i++)
        ((uint32_t *)values)[i] *= 2;
}

/* Fill in values [begin, end), and begin with them if they are not the last. */
static void put(dt_reducer *r, dt_sum_kind kind, int64_t begin, int64_t end, int repeat)
{
    for (int64_t i = begin; i < end; i++) {
        if (kind == DT_SUM_FLOAT)
            ((float *)dt_reducer_values(r))[i] = float_of(i, world.rank, repeat);
        else
            ((int32_t *)dt_reducer_values(r))[i] = integer_of(i, repeat);
    }
    if (begin > 0)
        dt_reducer_start(r, begin, end);
}

static int64_t count_bad(const dt_reducer *r, const dt_world *w, dt_sum_kind kind,
                         const dt_sum *sum, int repeat, bool doubled)
{
    const float *f = dt_reducer_values(r);
    const uint32_t *k = dt_reducer_values(r);
    dt_split parts = {.n = sum->n - sum->head, .granule = DT_PART_GRANULE, .parts = w->node_size};
    int64_t begin = sum->head + dt_split_begin(&parts, w->node_rank);
    int64_t end = sum->head + dt_split_begin(&parts, w->node_rank + 1), bad = 0;
    for (int64_t i = 0; i < sum->n; i++)
        if (sum->whole || i < sum->head || (i >= begin && i < end))
            bad += kind == DT_SUM_FLOAT ? f[i] != float_sum(i, repeat)
                                        : k[i] != integer_sum(i, repeat) * (doubled ? 2 : 1);
    return bad;
}

/* Again and again, as a step has it: at once, and in parts, of which some are small, and one rank
 * comes late. */
static void reduce(const dt_world *w, dt_sum_kind kind, int64_t n)
{
    dt_error err = {0};
    dt_reducer *r;
    const dt_finish doubling = {twice, NULL};
    int64_t bad = 0;
    dt_reducer_create(w, n, kind, &r, &err);
    CHECK_NO_ERROR(&err);
    for (int repeat = 0; repeat < 20; repeat++) {
        int64_t m = n - repeat % 3;
        bool in_parts = dt_reducer_crosses_nodes(r) && repeat % 2 == 1, doubled = repeat % 4 > 1;
        if (in_parts && m > 100) {
            put(r, kind, m - 1, m, repeat);
            put(r, kind, m / 2, m - 1, repeat);
            dt_reducer_progress(r);
            if (repeat == 7 && world.rank == world.size - 1)
                usleep(20000);
            put(r, kind, 100, m / 2, repeat);
            put(r, kind, 0, 100, repeat);
        } else {
            put(r, kind, 0, m, repeat);
        }
        dt_sum sum = {.n = m,
                      .head = m < 300 ? m : 300,
                      .whole = repeat % 5 < 3,
                      .finish = kind == DT_SUM_INT32 && doubled ? &doubling : NULL};
        dt_reducer_sum(r, &sum);
        bad += count_bad(r, w, kind, &sum, repeat, doubled);
    }
    CHECK_ALL(bad == 0);
    dt_reducer_destroy(r);
}

static void reduce_in(const dt_world *w)
{
    static const int64_t sizes[] = {3, 1024, 1027, 100003};
    for (int i = 0; i < 4; i++) {
        reduce(w, DT_SUM_FLOAT, sizes[i]);
        reduce(w, DT_SUM_INT32, sizes[i]);
    }
}

static void reduces(void **state)
{
    (void)state;
    reduce_in(&world);
}

/* As if some ranks were on other nodes: by twos, so that the last may be alone; all but one on one;
 * and each on its own. */
static void reduces_over_nodes(void **state)
{
    (void)state;
    dt_error err = {0};
    int node[3] = {world.rank / 2, world.rank == 0, world.rank};
    for (int i = 0; i < 3; i++) {
        dt_world w;
        dt_world_of(&w, world.comm->all, node[i], &err);
        CHECK_NO_ERROR(&err);
        CHECK_ALL(w.nodes == (i == 0   ? (world.size + 1) / 2
                              : i == 1 ? 1 + (world.size > 1)
                                       : world.size));
        reduce_in(&w);
        dt_world_end(&w);
    }
}

/* More than the last rank can have. */
static void memory_that_there_is_not(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_shm *shared;
    dt_shm_create(&world, world.rank == world.size - 1 ? INT64_C(1) << 60 : 100, false, &shared,
                  &err);
    CHECK_ALL(err.code == DT_ERR_MEMORY && strncmp(err.text, "out of memory: 1.2 EB", 21) == 0);
    CHECK_ALL(shared == NULL);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_error_is_none),
        cmocka_unit_test(the_last_ranks_error_is_everyones),
        cmocka_unit_test(of_several_errors_the_lowest_ranks),
        cmocka_unit_test(sums_and_maxima),
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(memory_that_there_is_not),
        cmocka_unit_test(reduces),
        cmocka_unit_test(reduces_over_nodes),
        cmocka_unit_test(gathers_in_order),
        cmocka_unit_test(exchanges),
        cmocka_unit_test(records_that_are_too_large),
        cmocka_unit_test(broadcasts),
        cmocka_unit_test(places_threads),
        cmocka_unit_test(knows_its_place),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
