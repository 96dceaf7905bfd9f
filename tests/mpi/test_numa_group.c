/* Ranks near the same memory have one copy together, each writes its part, all see all; others do
 * not, and what is wrong on one rank is known to all of its NUMA group. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "comm/numa_group.h"

#include <string.h>

enum { N = 10007 };

static dt_numa_group *group_of(int memory)
{
    dt_error err = {0};
    dt_numa_group *numa_group;
    dt_numa_group_create(&world, memory, &numa_group, &err);
    CHECK_NO_ERROR(&err);
    return numa_group;
}

static int32_t *shared_by(dt_numa_group *numa_group)
{
    dt_error err = {0};
    int32_t *values = dt_numa_group_alloc(numa_group, N, sizeof *values, "a test", &err);
    CHECK_NO_ERROR(&err);
    return values;
}

static bool are_all(const int32_t *values, int64_t begin, int64_t n, int32_t value)
{
    bool all = true;
    for (int64_t i = begin; i < begin + n; i++)
        all = all && values[i] == value;
    return all;
}

static void put(int32_t *values, int64_t begin, int64_t n, int32_t value)
{
    for (int64_t i = begin; i < begin + n; i++)
        values[i] = value;
}

/* Every value is one rank's, whose ranks follow each other in cache lines of their own. */
static void check_parts(dt_numa_group *numa_group, int32_t *values)
{
    int64_t begin, n = dt_numa_group_part(numa_group, N, &begin), bad = 0;
    CHECK_ALL(n >= 0 && begin >= 0 && begin + n <= N && (n == 0 || begin % 16 == 0));
    for (int64_t i = begin; i < begin + n; i++)
        values[i] += dt_numa_group_rank(numa_group) + 1;
    CHECK_ALL(dt_numa_group_barrier(numa_group, true));
    for (int64_t i = 0; i < N; i++)
        bad += values[i] < 1 || values[i] > dt_numa_group_size(numa_group) ||
               (i > 0 && values[i] < values[i - 1]);
    CHECK_ALL(bad == 0);
}

static void together(void **state)
{
    (void)state;
    dt_numa_group *numa_group = group_of(5);
    CHECK_ALL(dt_numa_group_size(numa_group) == world.size &&
              dt_numa_group_rank(numa_group) == world.rank);
    int32_t *first = shared_by(numa_group), *second = shared_by(numa_group);
    CHECK_ALL((uintptr_t)first % 64 == 0 && (uintptr_t)second % 64 == 0);
    CHECK_ALL(are_all(first, 0, N, 0) && are_all(second, 0, N, 0));
    check_parts(numa_group, first);
    check_parts(numa_group, second);
    dt_numa_group_destroy(numa_group);
}

/* Without a memory of their own, and each with another. */
static void alone(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        dt_numa_group *numa_group = group_of(i == 0 ? -1 : world.rank);
        CHECK_ALL(dt_numa_group_size(numa_group) == 1 && dt_numa_group_rank(numa_group) == 0);
        int32_t *values = shared_by(numa_group);
        int64_t begin;
        CHECK_ALL(dt_numa_group_part(numa_group, N, &begin) == N && begin == 0);
        put(values, 0, N, world.rank);
        CHECK_ALL(dt_numa_group_barrier(numa_group, world.rank != world.size - 1) ==
                  (world.rank != world.size - 1));
        CHECK_ALL(are_all(values, 0, N, world.rank));
        dt_numa_group_destroy(numa_group);
    }
}

/* The last two ranks, or as many as there are, near to another memory than the rest; and the first
 * one to none that is known. */
static void apart(void **state)
{
    (void)state;
    int others = world.size < 2 ? world.size : 2;
    bool last = world.rank >= world.size - others, unknown = world.rank == 0 && !last;
    int rest = world.size - others - 1;
    dt_numa_group *numa_group = group_of(unknown ? -1 : last ? 1 : 0);
    CHECK_ALL(dt_numa_group_size(numa_group) == (unknown ? 1 : last ? others : rest));
    int32_t *values = shared_by(numa_group);
    int64_t begin, n = dt_numa_group_part(numa_group, N, &begin);
    put(values, begin, n, last ? 2 : 1);
    CHECK_ALL(dt_numa_group_barrier(numa_group, true));
    CHECK_ALL(are_all(values, 0, N, last ? 2 : 1));
    dt_numa_group_destroy(numa_group);
}

/* Now and then one is not well, and comes late: what each writes before is there after, and all of
 * them hear of it, that time alone. */
static void meetings(void **state)
{
    (void)state;
    dt_numa_group *numa_group = group_of(0);
    int32_t *values = shared_by(numa_group);
    int64_t bad = 0;
    for (int i = 1; i <= 300; i++) {
        bool ill = i % 5 == 0, mine = world.rank == i % world.size;
        if (mine)
            put(values, 0, N, i);
        bad += dt_numa_group_barrier(numa_group, !(ill && world.rank == world.size - 1)) == ill;
        bad += values[0] != i || values[N - 1] != i;
        bad += !dt_numa_group_barrier(numa_group, true);
    }
    CHECK_ALL(bad == 0);
    dt_numa_group_destroy(numa_group);
}

static void one_error_is_everyones(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_numa_group *numa_group = group_of(0);
    if (world.rank == world.size - 1)
        dt_fail(&err, DT_ERR_MEMORY, "no memory here");
    CHECK_ALL(dt_numa_group_alloc(numa_group, N, 4, "a test", &err) == NULL);
    CHECK_ALL(err.code == DT_ERR_MEMORY && strstr(err.text, "no memory here"));
    err = (dt_error){0};
    CHECK_ALL(dt_numa_group_alloc(numa_group, INT64_C(1) << 45, 4, "a test", &err) == NULL);
    CHECK_ALL(err.code == DT_ERR_MEMORY);
    dt_numa_group_destroy(numa_group);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together),
        cmocka_unit_test(alone),
        cmocka_unit_test(apart),
        cmocka_unit_test(meetings),
        cmocka_unit_test(one_error_is_everyones),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
