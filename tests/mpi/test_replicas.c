/* Weights that differ between ranks are found, whichever ranks they are, and named on all. */
#include "mpi/support.h"

#include "train/replicas.h"

#include <stdio.h>
#include <string.h>

enum { N = 1000 };

static const dt_run_progress progress = {.global_step = 25, .epoch = 2, .step = 5};

static dt_code check(const float *weights, uint64_t *hash, dt_error *err)
{
    return dt_replicas_check(&world, weights, N, &progress, hash, err);
}

static void alike(void **state)
{
    (void)state;
    dt_error err = {0};
    float weights[N] = {1, -0.0f, 0x1p-149f};
    uint64_t first, second;
    CHECK_ALL(check(weights, &first, &err) == DT_OK);
    weights[N - 1] = 1; /* on every rank: another hash, and no error */
    CHECK_ALL(check(weights, &second, &err) == DT_OK && first != second);
}

/* A bit that no comparison of numbers would show: 0 and -0. */
static void one_bit_on_the_last_rank(void **state)
{
    (void)state;
    dt_error err = {0};
    float weights[N] = {0};
    uint64_t hash;
    char expected[96];
    if (world.size == 1)
        return;
    if (world.rank == world.size - 1)
        weights[7] = -0.0f;
    CHECK_ALL(check(weights, &hash, &err) == DT_ERR_DATA);
    snprintf(expected, sizeof expected,
             "epoch 3, step 5 (step 25 of the run): the weights of rank %d ", world.size - 1);
    CHECK_ALL(strncmp(err.text, expected, strlen(expected)) == 0);
}

static void all_but_rank_0(void **state)
{
    (void)state;
    dt_error err = {0};
    float weights[N] = {(float)(world.rank > 0)};
    uint64_t hash;
    if (world.size < 3)
        return;
    CHECK_ALL(check(weights, &hash, &err) == DT_ERR_DATA);
    CHECK_ALL(strstr(err.text, "of rank 1, 2") != NULL);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike),
        cmocka_unit_test(one_bit_on_the_last_rank),
        cmocka_unit_test(all_but_rank_0),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
