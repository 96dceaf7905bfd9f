/* Who is slow among made-up ranks, and when it is time to warn. */
#include "train/straggler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_RANKS = 8 };

static dt_report_slowest find(const dt_rank_times *of, int ranks)
{
    double sorted[MAX_RANKS];
    dt_report_slowest slowest;
    dt_slowest_find(of, ranks, sorted, &slowest);
    return slowest;
}

static void is(dt_report_slowest s, int rank, double ratio, double lost)
{
    assert_int_equal(s.rank, rank);
    assert_true(fabs(s.ratio - ratio) < 1e-12 && fabs(s.lost - lost) < 1e-12);
}

/* data, compute, wait, samples */
static void ranks(void **state)
{
    (void)state;
    dt_rank_times one[] = {{1, 2, 0, 100}};
    is(find(one, 1), 0, 1, 0);
    dt_rank_times two[] = {{1, 1, 4, 100}, {2, 4, 0, 100}}; /* against the faster */
    dt_report_slowest s = find(two, 2);
    is(s, 1, 3, 4);
    assert_true(s.data == 2 && s.compute == 4 && s.wait == 0);
    dt_rank_times five[] = {
        {0, 1, 9, 10}, {0, 5, 5, 10}, {1, 1, 8, 10}, {0, 3, 7, 10}, {0, 2, 8, 10}};
    is(find(five, 5), 1, 2.5, 3); /* who waits is not slow */
    dt_rank_times same[] = {{0, 1, 0, 10}, {0, 1, 0, 10}};
    is(find(same, 2), 0, 1, 0);
}

static void shares(void **state)
{
    (void)state;
    dt_rank_times more[] = {{0, 1, 1, 16}, {0, 2, 0, 32}, {0, 1, 1, 16}};
    is(find(more, 3), 0, 1, 0); /* twice the time for twice the samples */
    dt_rank_times fewer[] = {{0, 2, 0, 32}, {0, 1.5, 1, 16}, {0, 2, 0, 32}};
    is(find(fewer, 3), 0, 1, 0); /* few cost more each, but nobody waits for them */
    dt_rank_times idle[] = {{0, 1, 1, 16}, {0, 0, 2, 0}, {0, 0, 2, 0}, {0, 3, 0, 16}};
    is(find(idle, 4), 3, 3, 2); /* those without samples are no measure */
    dt_rank_times nothing[] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    is(find(nothing, 2), 0, 0, 0);
}

static bool add(dt_streak *streak, int rank, double ratio, double lost)
{
    return dt_streak_add(streak, &(dt_report_slowest){.rank = rank, .ratio = ratio, .lost = lost});
}

static void streaks(void **state)
{
    (void)state;
    dt_streak s = {0};
    assert_false(add(&s, 2, 1.6, 9));
    assert_false(add(&s, 2, 1.5, 9));
    assert_true(add(&s, 2, 1.6, 9)); /* the third */
    for (int i = 0; i < 5; i++)
        assert_false(add(&s, 2, 1.6, 9)); /* once is enough */
    assert_false(add(&s, 2, 1.4, 9));     /* recovered */
    assert_false(add(&s, 2, 1.6, 9));
    assert_false(add(&s, 2, 1.6, 9));
    assert_false(add(&s, 1, 1.6, 9)); /* another one */
    assert_false(add(&s, 1, 1.6, 9));
    assert_true(add(&s, 1, 1.6, 9));
    assert_false(add(&s, 3, 1.6, 9)); /* and at once another */
    assert_false(add(&s, 3, 1.6, 9));
    assert_true(add(&s, 3, 1.6, 9));

    s = (dt_streak){0}; /* milliseconds: not before they are a second */
    int epochs = 1;
    while (!add(&s, 0, 2, 0.0625) && epochs < 100)
        epochs++;
    assert_int_equal(epochs, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks),
        cmocka_unit_test(shares),
        cmocka_unit_test(streaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
