/* What a rank holds of all data together stays within the memory that it may use, on any number of
 * ranks; and with a memory that was asked for the order of the samples does not depend on these. */
#include "data/memory_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum { MB = 1000000, VISIT = 40, NODE = 1000 * MB };

/* Rows of 1000 bytes. */
static dt_planned_rows rows_of(int64_t rows, double hold_out)
{
    return (dt_planned_rows){.path = "data.h5",
                             .holdout = dt_holdout_of(rows, hold_out, 7),
                             .row_bytes = 1000,
                             .shared_bytes = 1000,
                             .chunk_rows = 16};
}

static dt_memory_plan plan_of(int64_t memory, int64_t part, int ranks, int64_t rows,
                              double hold_out, int64_t validate)
{
    dt_error err = {0};
    dt_memory_plan plan;
    dt_memory_limit limit = {.memory = memory, .part = part, .ranks = ranks};
    dt_planned_rows train = rows_of(rows, hold_out), val = rows_of(validate, 0);
    assert_int_equal(dt_memory_plan_make(&plan, &limit, &train, validate ? &val : NULL, &err),
                     DT_OK);
    return plan;
}

/* 8 MB to train on and 4 MB to validate on. */
static void asked_for(void **state)
{
    (void)state;
    dt_memory_plan p = plan_of(12 * MB, NODE, 1, 8000, 0, 4000);
    assert_true(!p.streamed && !p.reread && p.held == 12 * MB);
    p = plan_of(12 * MB - 1, NODE, 1, 8000, 0, 4000); /* only the first fits */
    assert_true(!p.streamed && p.reread && p.held == 8 * MB);
    p = plan_of(12 * MB - 1, NODE, 2, 8000, 0, 4000); /* a half of each does */
    assert_true(!p.streamed && !p.reread);
    p = plan_of(8 * MB - 1, NODE, 1, 8000, 0, 4000); /* the windows leave a quarter, too little */
    assert_true(p.streamed && p.reread && p.held == p.windows);
    assert_int_equal(p.windows, 8 * MB - 1 - (8 * MB - 1) / 4);
    p = plan_of(8 * MB - 1, NODE, 4, 8000, 0, 4000); /* a quarter of it fits that */
    assert_true(p.streamed && !p.reread && p.windows == 8 * MB - 1 - (8 * MB - 1) / 4);
    p = plan_of(4 * MB, NODE, 1, 8000, 0, 500); /* so few always do */
    assert_true(p.streamed && !p.reread && p.windows == 4 * MB - 500 * 1000 && p.held == 4 * MB);
    p = plan_of(4 * MB, NODE, 1, 8000, 0, 0); /* none */
    assert_true(p.streamed && !p.reread && p.windows == 4 * MB && p.held == 4 * MB);
}

/* A half of 8 MB is trained on, a half held out. */
static void held_out(void **state)
{
    (void)state;
    dt_memory_plan p = plan_of(8 * MB, NODE, 1, 8000, 0.5, 0);
    assert_true(!p.streamed && !p.reread && p.held == 8 * MB);
    p = plan_of(8 * MB - 1, NODE, 1, 8000, 0.5, 0);
    assert_true(!p.streamed && p.reread && p.held == 4 * MB);
    p = plan_of(4 * MB - 1, NODE, 1, 8000, 0.5, 0);
    assert_true(p.streamed && p.reread);
}

/* 60 % of a rank's part of the node. */
static void fair_part(void **state)
{
    (void)state;
    int64_t part = 10 * MB; /* 6 MB of it: in memory a row takes 40 bytes more */
    dt_memory_plan p = plan_of(0, part, 1, 5769, 0, 0);
    assert_true(!p.streamed && p.held == INT64_C(5769) * (1000 + VISIT));
    p = plan_of(0, part, 1, 5770, 0, 0);
    assert_true(p.streamed && p.windows == 6 * MB);
    p = plan_of(0, part, 4, 16000, 0, 0);
    assert_true(!p.streamed);
    p = plan_of(0, part, 4, 16000, 0, 10000); /* each 2500: not beside 4000 */
    assert_true(!p.streamed && p.reread);
    p = plan_of(0, part, 8, 16000, 0, 10000);
    assert_true(!p.streamed && !p.reread);
}

/* Whatever the sizes. */
static void never_more_than_it_may(void **state)
{
    (void)state;
    static const double hold_out[] = {0, 0.01, 0.1, 0.5, 0.9};
    for (int i = 0; i < 2000; i++) {
        int64_t rows = 100 + i * 7919 % 20000, validate = i % 3 ? i * 6007 % 20000 : 0;
        int64_t memory = 50000 + (int64_t)i * 104729 % (30 * MB);
        double share = validate ? 0 : hold_out[i % 5];
        dt_memory_plan one = plan_of(memory, NODE, 1, rows, share, validate);
        for (int ranks = 1; ranks <= 9; ranks += 1 + ranks / 4) {
            dt_memory_plan p = plan_of(memory, NODE, ranks, rows, share, validate);
            assert_true(p.held <= memory);
            assert_true(p.streamed == one.streamed && p.windows == one.windows);
            assert_true(!p.reread || one.reread); /* more ranks hold more */
            p = plan_of(0, memory, ranks, rows, share, validate);
            assert_true(p.held <= memory / 100 * 60);
        }
    }
}

/* Windows that would be too small for a chunk get all. */
static void large_chunks(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_memory_plan p;
    dt_planned_rows train = rows_of(8000, 0), val = rows_of(4000, 0);
    train.chunk_rows = 1000; /* twice, and where they go: 2.04 MB */
    dt_memory_limit limit = {.memory = 2100000, .part = NODE, .ranks = 1};
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_true(p.streamed && p.reread && p.windows == 2100000);
    limit.memory = 3 * MB;
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_true(p.streamed && p.windows == 3 * MB / 4 * 3);
}

/* As it was before, whatever there is now. */
static void goes_on(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_memory_plan p;
    dt_planned_rows train = rows_of(8000, 0), val = rows_of(4000, 0);
    dt_memory_limit limit = {.memory = 1 * MB,
                             .part = 100 * MB,
                             .ranks = 2,
                             .goes_on = true,
                             .block_rows = 64,
                             .window_blocks = 10};
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_true(p.streamed && p.reread && p.windows == INT64_C(640) * (2 * 1000 + VISIT));
    limit.memory = 100 * MB;
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_true(p.streamed && !p.reread && p.windows == INT64_C(640) * (2 * 1000 + VISIT));
    limit.window_blocks = INT64_MAX; /* of a file that was edited */
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_int_equal(p.windows, INT64_C(8000) * (2 * 1000 + VISIT)); /* no more than all */
    limit.block_rows = limit.window_blocks = 0;
    limit.memory = 1 * MB;
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_OK);
    assert_true(!p.streamed && p.reread);
    limit.part = 4400000;
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, &val, &err), DT_ERR_MEMORY);
    assert_non_null(strstr(err.text, "data.h5: the run has its data in memory, and on 2 ranks that "
                                     "is 4.0 MB a rank of 4.4 MB"));
}

/* Before it is loaded. */
static void more_than_there_is(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_memory_plan p;
    dt_planned_rows train = rows_of(8000, 0);
    dt_memory_limit limit = {.memory = 16 * MB, .part = 8 * MB, .ranks = 1};
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, NULL, &err), DT_ERR_MEMORY);
    assert_non_null(strstr(err.text, "data.h5: a rank would hold 8.0 MB of data, and its part"));
    err = (dt_error){0};
    limit.ranks = 2; /* a half each */
    assert_int_equal(dt_memory_plan_make(&p, &limit, &train, NULL, &err), DT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_for),          cmocka_unit_test(held_out),
        cmocka_unit_test(fair_part),          cmocka_unit_test(never_more_than_it_may),
        cmocka_unit_test(large_chunks),       cmocka_unit_test(goes_on),
        cmocka_unit_test(more_than_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
