/* What rank 0 learns of the others: their times, their places, whether they see its folder. */
#include "support.h"

#include "checkpoint/store.h"
#include "train/preflight.h"
#include "train/straggler.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All take a second, the last rank three. */
static void times(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_straggler straggler;
    dt_report_slowest slowest = {0};
    bool last = world.size > 1 && world.rank == world.size - 1, right = true;
    dt_times t = {.data = 0.25,
                  .compute = last ? 2.25 : 0.25,
                  .update = 0.5,
                  .allreduce = last ? 0 : 2,
                  .samples = 16};
    CHECK_ALL(dt_straggler_init(&straggler, &world, &err) == DT_OK);
    for (int epoch = 1; epoch <= 4; epoch++) {
        dt_straggler_gather(&straggler, &world, &t, &slowest);
        if (world.rank == 0)
            right = right && slowest.rank == world.size - 1 &&
                    slowest.ratio == (world.size > 1 ? 3 : 1) &&
                    slowest.compute == (world.size > 1 ? 2.75 : 0.75) &&
                    slowest.is_long == (world.size > 1 && epoch == 3);
    }
    dt_straggler_free(&straggler);
    CHECK_ALL(right);
}

/* As if each rank were a node of its own, the last with another folder. */
static void folders(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_preflight preflight;
    char here[64] = "ranks-here", there[64] = "ranks-there";
    dt_world nodes = world;
    nodes.nodes = world.size;
    nodes.node_rank = 0;
    dt_placement placement = {
        .first = world.rank, .threads = 1, .cores = 1, .ranks = 1, .threads_on_cores = 1};
    snprintf(placement.node, sizeof placement.node, "n%d", world.rank);
    dt_split batch = {.n = 100, .granule = 1, .parts = world.size};
    if (world.rank == 0) {
        dt_store_prepare(here, &err);
        dt_store_prepare(there, &err);
    }
    CHECK_ALL(dt_world_agree(&world, &err) == DT_OK);
    for (int apart = 0; apart < 2; apart++) {
        char expected[256] = "";
        bool other = apart && world.rank == world.size - 1 && world.size > 1;
        dt_preflight_run(&preflight, &nodes, &placement, 100, &batch, other ? there : here, &err);
        if (apart && world.size > 1)
            snprintf(expected, sizeof expected, "%s is not the same folder on n%d as on n0, ", here,
                     world.size - 1);
        bool right =
            world.rank != 0 ||
            (preflight.line[0][0] == '\0' &&
             strncmp(preflight.line[1], expected, strlen(expected)) == 0 &&
             (expected[0] || !preflight.line[1][0]) && preflight.of[world.size - 1].rows == 100);
        dt_preflight_free(&preflight);
        CHECK_ALL(right);
    }
    if (world.rank == 0) /* nothing is left in them */
        CHECK_ALL(rmdir(here) == 0 && rmdir(there) == 0);
    else
        CHECK_ALL(true);
}

/* Of the real ones: the cores of all threads of this node. */
static void seats(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_team team;
    dt_placement placement;
    dt_place_threads(&world, 2, false, &team, &placement, &err);
    CHECK_ALL(err.code == DT_OK && placement.threads == 2 && placement.cores > 0 &&
              placement.ranks >= 1 && placement.threads_on_cores == 2 * placement.ranks &&
              placement.node[0] && placement.processor[0] && placement.mpi_takes_threads &&
              placement.first + world.node_rank == world.rank);
    dt_team_free(&team);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(folders),
        cmocka_unit_test(seats),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
