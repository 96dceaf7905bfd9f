/* The log of a run that goes on: what is taken out of it, and that it is never lost. */
#include "report/cut.h"
#include "unit/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define STEP(n) "{\"event\":\"step\",\"epoch\":1,\"step\":" #n ",\"global_step\":" #n "}\n"
#define EPOCH(e, n) "{\"event\":\"epoch\",\"epoch\":" #e ",\"global_step\":" #n "}\n"
#define SAVED(n) "{\"event\":\"checkpoint\",\"path\":\"a\",\"global_step\":" #n "}\n"
#define START "{\"event\":\"start\",\"ranks\":4}\n"
#define AGAIN(n) "{\"event\":\"start\",\"resumed_from\":\"a\",\"global_step\":" #n "}\n"
#define END "{\"event\":\"end\",\"status\":\"stopped\",\"epochs\":1,\"global_step\":4}\n"

static void write_log(const char *text)
{
    FILE *file = fopen("log", "w");
    fputs(text, file);
    fclose(file);
}

static void check_log(const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen("log", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void check_cut(const char *before, int64_t steps, int64_t epochs, const char *after)
{
    dt_error err = {0};
    int64_t last, again;
    write_log(before);
    assert_int_equal(dt_log_cut("log", steps, epochs, &last, &err), DT_OK);
    check_log(after);
    assert_int_equal(dt_log_cut("log", steps, epochs, &again, &err), DT_OK);
    check_log(after);
    assert_int_equal(last, again);
}

static void cuts(void **state)
{
    (void)state;
    check_cut(START STEP(1) STEP(2) END, 2, 0, START STEP(1) STEP(2));
    check_cut(START STEP(1) STEP(2) EPOCH(1, 2) SAVED(2) STEP(3), 2, 1,
              START STEP(1) STEP(2) EPOCH(1, 2) SAVED(2));
    /* written while later steps ran */
    check_cut(START STEP(1) STEP(2) STEP(3) SAVED(2) STEP(4) SAVED(4), 2, 0,
              START STEP(1) STEP(2) SAVED(2));
    /* every second step only, and the checkpoint between two */
    check_cut(START STEP(2) STEP(4) STEP(6), 5, 0, START STEP(2) STEP(4));
    /* stopped before the epoch was validated */
    check_cut(START STEP(1) STEP(2) SAVED(2) EPOCH(1, 2), 2, 0, START STEP(1) STEP(2) SAVED(2));
    check_cut(START STEP(1) AGAIN(1) STEP(2) AGAIN(2) STEP(3), 1, 0, START STEP(1) AGAIN(1));
}

/* The last epoch that is there: what it lacks is to be told. */
static void says_how_far_it_goes(void **state)
{
    static const struct {
        const char *text;
        int64_t last;
    } logs[] = {{"", -1},
                {STEP(1), -1},
                {START, 0},
                {START STEP(1) EPOCH(1, 2) EPOCH(2, 4), 2},
                {AGAIN(4) EPOCH(3, 6), 3},
                {START EPOCH(1, 2) EPOCH(7, 14), 1}};
    (void)state;
    dt_error err = {0};
    int64_t last;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        write_log(logs[i].text);
        assert_int_equal(dt_log_cut("log", 9, 4, &last, &err), DT_OK);
        assert_int_equal(last, logs[i].last);
    }
}

static void half_lines(void **state)
{
    (void)state;
    check_cut(START STEP(1) "{\"event\":\"step\",\"epo", 9, 9, START STEP(1));
    check_cut(START STEP(1) "{\"event\":\"step\",\"epo\n" STEP(2), 9, 9, START STEP(1) STEP(2));
    check_cut(START "\n", 9, 9, START);
    check_cut("", 9, 9, "");
}

static void keeps_what_it_is(void **state)
{
    (void)state;
    struct stat info;
    dt_error err = {0};
    int64_t last;
    assert_int_equal(dt_log_cut("log", 1, 1, &last, &err), DT_OK); /* none there, none made */
    assert_int_equal(stat("log", &info), -1);
    assert_int_equal(last, -1);
    assert_int_equal(dt_log_cut("/dev/null", 1, 1, &last, &err), DT_OK);
    assert_int_equal(last, 1);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    write_log(START STEP(1) STEP(2));
    assert_int_equal(chmod("log", 0640), 0);
    assert_int_equal(symlink("log", "link"), 0);
    assert_int_equal(dt_log_cut("link", 1, 1, &last, &err), DT_OK);
    check_log(START STEP(1));
    assert_int_equal(lstat("link", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("log", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {TEST(cuts), TEST(says_how_far_it_goes), TEST(half_lines),
                                       TEST(keeps_what_it_is)};
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
