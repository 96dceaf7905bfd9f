/* What is said of ranks, nodes and shares before the first step, from made-up ones. */
#include "checkpoint/store.h"
#include "data/batch.h"
#include "folder.h"
#include "train/preflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RANKS = 4 };

/* Two nodes, n0 and n1, of two ranks each with two threads on two cores of their own; all is well.
 */
static dt_preflight_rank *well(void)
{
    static dt_preflight_rank of[RANKS];
    memset(of, 0, sizeof of);
    for (int r = 0; r < RANKS; r++) {
        of[r] = (dt_preflight_rank){.placement = {.first = r / 2 * 2,
                                                  .processor = "Some CPU, family 6 model 85",
                                                  .threads = 2,
                                                  .cores = 2,
                                                  .ranks = 1,
                                                  .threads_on_cores = 2,
                                                  .mpi_takes_threads = true},
                                    .rows = 250,
                                    .folder_is_visible = true};
        snprintf(of[r].placement.node, sizeof of[r].placement.node, "n%d", r / 2);
    }
    return of;
}

static const char *reported(const dt_preflight_rank *of, int64_t batch, int64_t block, int line)
{
    static dt_preflight p;
    dt_split split = dt_batch_split(batch, block, RANKS);
    dt_preflight_check(&p, of, RANKS, &split, "ck");
    assert_string_equal(p.line[!line], ""); /* nothing but the one thing */
    return p.line[line];
}

static void all_is_well(void **state)
{
    (void)state;
    assert_string_equal(reported(well(), 100, 16, 0), "");
    assert_string_equal(reported(well(), 4, 1, 1), "");
}

static void cores(void **state)
{
    (void)state;
    dt_preflight_rank *of = well();
    for (int r = 2; r < 4; r++) { /* both ranks of n1 on the same two cores */
        of[r].placement.ranks = 2;
        of[r].placement.threads_on_cores = 4;
    }
    assert_string_equal(reported(of, 100, 16, 0),
                        "4 threads of 2 ranks share 2 cores of n1: fewer "
                        "ranks, fewer --threads or more cores are faster");
    of[0].placement.ranks = 2; /* and of n0 */
    of[0].placement.threads_on_cores = 3;
    assert_non_null(strstr(reported(of, 100, 16, 0), "share 2 cores of n0 (and on 1 more): "));

    of = well();
    for (int r = 0; r < 4; r++) { /* nodes that take turns: each is said once */
        of[r].placement.first = r % 2;
        of[r].placement.ranks = 2;
        of[r].placement.threads_on_cores = 4;
    }
    assert_non_null(strstr(reported(of, 100, 16, 0), " (and on 1 more): "));

    of = well();
    for (int r = 1; r < 4; r++)
        of[r].placement.cores = 1;
    assert_string_equal(reported(of, 100, 16, 0),
                        "rank 1 (and 2 more) has 2 threads on a single core of n0: the launcher "
                        "must give it more (mpirun --bind-to none, srun --cpus-per-task)");

    of = well();
    of[1].placement.cores = 0; /* nothing is known */
    assert_string_equal(reported(of, 100, 16, 0), "");
}

static void shares(void **state)
{
    (void)state;
    dt_preflight_rank *of = well();
    assert_string_equal(reported(of, 48, 16, 0), /* 3 blocks */
                        "a batch of 48 has work for 3 of the 4 ranks: --batch-size is too small");
    of[1].rows = 23; /* of 25 */
    assert_string_equal(reported(of, 100, 1, 0), "");
    of[2].rows = 22;
    of[3].rows = 25;
    assert_string_equal(reported(of, 100, 1, 0),
                        "rank 2 reads 22 rows, fewer than its 25 of a batch: "
                        "the data is small for so many ranks, or its chunks "
                        "are large");
}

static void results(void **state)
{
    (void)state;
    dt_preflight_rank *of = well();
    strcpy(of[2].placement.processor, "Another CPU");
    strcpy(of[3].placement.processor, "Another CPU");
    assert_string_equal(reported(of, 100, 16, 1),
                        "n1 has another processor (Another CPU) than n0 (Some CPU, family 6 model "
                        "85): the bits of a result hold for one type only");
    of = well();
    of[2].folder_is_visible = of[3].folder_is_visible = false;
    assert_string_equal(reported(of, 100, 16, 1),
                        "ck is not the same folder on n1 as on n0, where the checkpoints will be: "
                        "--resume finds them only from there; choose one that the nodes share");
    of = well();
    for (int r = 0; r < RANKS; r++)
        of[r].placement.mpi_takes_threads = false;
    assert_string_equal(reported(of, 100, 16, 1),
                        "MPI does not give MPI_THREAD_FUNNELED, which several threads need: use "
                        "another build of it, or --threads 1");
    for (int r = 0; r < RANKS; r++)
        of[r].placement.threads = 1;
    assert_string_equal(reported(of, 100, 16, 1), "");
}

/* Two findings of a kind share a line. */
static void together(void **state)
{
    (void)state;
    dt_preflight p;
    dt_preflight_rank *of = well();
    dt_split split = dt_batch_split(48, 16, RANKS);
    of[0].placement.cores = 1;
    of[3].folder_is_visible = false;
    strcpy(of[3].placement.processor, "Another CPU");
    dt_preflight_check(&p, of, RANKS, &split, "ck");
    assert_non_null(strstr(p.line[0], "cpus-per-task); a batch of 48 has"));
    assert_non_null(strstr(p.line[1], "one type only; ck is not"));
    dt_preflight_check(&p, of, RANKS, &split, NULL);
    assert_null(strstr(p.line[1], "folder"));
}

static void mark(void **state)
{
    (void)state;
    char name[DT_STORE_PROBE];
    dt_store_create_probe("missing", name);
    assert_string_equal(name, "");
    dt_store_create_probe(".", name);
    assert_true(dt_store_probe_is_visible(".", name));
    dt_store_remove_probe(".", name);
    assert_false(dt_store_probe_is_visible(".", name));
    dt_store_create_probe(".", name); /* of a process that was killed */
    dt_store_clean_up(".");
    assert_false(dt_store_probe_is_visible(".", name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well), cmocka_unit_test(cores),
        cmocka_unit_test(shares),      cmocka_unit_test(results),
        cmocka_unit_test(together),    cmocka_unit_test_teardown(mark, empty_folder),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
