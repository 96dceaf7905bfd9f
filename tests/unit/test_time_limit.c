/* When a run with an end stops: by plain numbers, none of them a clock's. */
#include "core/clock.h"
#include "core/stop.h"
#include "train/time_limit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static dt_time_limit limit_of(int64_t max_time, double seconds, double job_left)
{
    dt_time_limit time_limit;
    dt_time_limit_set(
        &time_limit, 1000,
        &(dt_time_facts){.seconds = seconds, .max_time = max_time, .job_left = job_left});
    return time_limit;
}

static void the_end(void **state)
{
    (void)state;
    dt_time_limit g = limit_of(0, 5, INFINITY);
    assert_true(g.end == INFINITY && dt_time_limit_step(&g, 1e9, 1e9) == INFINITY);

    g = limit_of(100, 10, INFINITY); /* ten of them have gone */
    assert_true(g.end == 1090 && g.margin == 5);
    assert_string_equal(g.name, "--max-time");

    g = limit_of(0, 10, 190);
    assert_true(g.end == 1190 && g.margin == 10);
    assert_string_equal(g.name, "SLURM_JOB_END_TIME");

    g = limit_of(100, 10, 50); /* whichever comes first */
    assert_true(g.end == 1050);
    assert_string_equal(g.name, "SLURM_JOB_END_TIME");
    g = limit_of(40, 10, 50);
    assert_true(g.end == 1030);
    assert_string_equal(g.name, "--max-time");

    assert_true(limit_of(86400, 0, INFINITY).margin == 30); /* neither much of a long time */
    assert_true(limit_of(2, 0, INFINITY).margin == 0.5);    /* nor all of a short one */
    assert_true(limit_of(10, 0, INFINITY).margin == 1);
    assert_true(limit_of(5, 20, INFINITY).end == 985); /* past at the start */
}

static void steps(void **state)
{
    (void)state;
    dt_time_limit g = limit_of(1000, 0, INFINITY); /* until 2000, margin 30 */
    assert_true(dt_time_limit_step(&g, 1000, 0) == 1970);
    assert_true(dt_time_limit_step(&g, 1001, 0) == 1968); /* two steps of a second */
    assert_true(dt_time_limit_step(&g, 1011, 0) == 1950); /* the longest counts */
    double after_short = dt_time_limit_step(&g, 1012, 0);
    assert_true(after_short > 1950 && after_short < 1951); /* and fades */
    for (int i = 1; i <= 2000; i++)
        after_short = dt_time_limit_step(&g, 1012 + 0.1 * i, 0);
    assert_true(after_short > 1969.7);
    assert_true(fabs(dt_time_limit_step(&g, 1212.1, 20) - (after_short - 20)) < 0.1);
}

static void validation_is_no_step(void **state)
{
    (void)state;
    dt_time_limit g = limit_of(1000, 0, INFINITY);
    dt_time_limit_step(&g, 1000, 0);
    dt_time_limit_validated(&g, 50);
    assert_true(dt_time_limit_step(&g, 1051, 0) == 1968);
    assert_true(g.validation == 50);
}

/* What long work before the first step asks. */
static void asked(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_stop_watch();
    assert_int_equal(dt_stop_check(&err), DT_OK);
    dt_stop_at(dt_clock() + 1000, "a limit");
    assert_int_equal(dt_stop_reason(), -1);
    assert_int_equal(dt_stop_check(&err), DT_OK);
    dt_stop_at(dt_clock() - 1, "a limit");
    assert_int_equal(dt_stop_reason(), DT_STOP_TIME);
    assert_int_equal(dt_stop_check(&err), DT_ERR_TIME);
    assert_string_equal(err.text, "a limit: the time was up before the first step");
    dt_stop_unwatch();
    assert_int_equal(dt_stop_reason(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end),
        cmocka_unit_test(steps),
        cmocka_unit_test(validation_is_no_step),
        cmocka_unit_test(asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
