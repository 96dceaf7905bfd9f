/* The log of a run that goes on: what is taken out of it, and that it is never lost. */
#include "report/log_truncate.h"
#include "unit/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define STEP(n) "{\"event\":\"step\",\"epoch\":1,\"step\":" #n ",\"global_step\":" #n "}\n"
#define EPOCH(e, n) "{\"event\":\"epoch\",\"epoch\":" #e ",\"global_step\":" #n "}\n"
#define SAVED(n) "{\"event\":\"checkpoint\",\"path\":\"a\",\"global_step\":" #n "}\n"
#define START "{\"event\":\"start\",\"ranks\":4}\n"
#define AGAIN(n) "{\"event\":\"start\",\"resumed_from\":\"a\",\"global_step\":" #n "}\n"
#define OPTIONS(text) "{\"event\":\"start\",\"ranks\":4,\"options\":{" text "}}\n"
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

static dt_code cut_log(const char *path, int64_t steps, int64_t epochs, int64_t *last,
                       dt_error *err)
{
    return dt_log_truncate(path, &(dt_log_truncate_options){.steps = steps, .epochs = epochs}, last,
                           &(dt_error){0}, err);
}

static void check_cut(const char *before, int64_t steps, int64_t epochs, const char *after)
{
    dt_error err = {0};
    int64_t last, again;
    write_log(before);
    assert_int_equal(cut_log("log", steps, epochs, &last, &err), DT_OK);
    check_log(after);
    assert_int_equal(cut_log("log", steps, epochs, &again, &err), DT_OK);
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
        assert_int_equal(cut_log("log", 9, 4, &last, &err), DT_OK);
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
    assert_int_equal(cut_log("log", 1, 1, &last, &err), DT_OK); /* none there, none made */
    assert_int_equal(stat("log", &info), -1);
    assert_int_equal(last, -1);
    assert_int_equal(cut_log("/dev/null", 1, 1, &last, &err), DT_OK);
    assert_int_equal(last, 1);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    write_log(START STEP(1) STEP(2));
    assert_int_equal(chmod("log", 0640), 0);
    assert_int_equal(symlink("log", "link"), 0);
    assert_int_equal(cut_log("link", 1, 1, &last, &err), DT_OK);
    check_log(START STEP(1));
    assert_int_equal(lstat("link", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("log", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

/* A line as it is written is not read as JSON, which takes longer; what differs in any byte is. */
#define WRITTEN(n, tail)                                                                           \
    "{\"event\":\"step\",\"epoch\":1,\"step\":" #n ",\"global_step\":" #n                          \
    ",\"samples\":100,\"loss\":" tail "\n"

static void lines_as_written(void **state)
{
    (void)state;
    check_cut(START WRITTEN(1, "1.5,\"lr\":0.01}") WRITTEN(2, "null,\"lr\":1e-05}")
                  WRITTEN(3, "-2.25E+3,\"lr\":0.0}"),
              2, 0, START WRITTEN(1, "1.5,\"lr\":0.01}") WRITTEN(2, "null,\"lr\":1e-05}"));
    /* not whole, or two in one */
    static const char *const bad[] = {
        WRITTEN(1, "1.5,\"lr\":0.01"),   WRITTEN(1, "1.5.5,\"lr\":0.01}"),
        WRITTEN(1, "1.5,\"lr\":}"),      WRITTEN(1, ",\"lr\":0.01}"),
        WRITTEN(1, "1.5,\"lr\":0.01}}"), WRITTEN(1, "1.5,\"lr\":0.01}{\"event\":\"step\"}"),
        WRITTEN(, "1.5,\"lr\":0.01}"),   WRITTEN(x, "1.5,\"lr\":0.01}"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", START, bad[i]);
        check_cut(text, 9, 9, START);
    }
    /* blanks, another order, something more: read as JSON */
    check_cut(START "{ \"event\":\"step\",\"global_step\":1}\n"
                    "{\"event\":\"step\",\"global_step\":7,\"more\":[1,2]}\n",
              2, 0, START "{ \"event\":\"step\",\"global_step\":1}\n");
    /* a number that no int64_t holds */
    check_cut(START WRITTEN(99999999999999999999999999, "1,\"lr\":1}"), 9, 9, START);
}

/* What a file system that crashed left: zeros. */
static void zeros(void **state)
{
    (void)state;
    FILE *file = fopen("log", "w");
    fputs(START STEP(1), file);
    fwrite("\0\0\0", 1, 3, file);
    fputs("\n" STEP(2), file);
    fwrite(STEP(3), 1, sizeof STEP(3) - 2, file);
    fwrite("\0\n", 1, 2, file);
    fclose(file);
    dt_error err = {0};
    int64_t last;
    assert_int_equal(cut_log("log", 9, 9, &last, &err), DT_OK);
    check_log(START STEP(1) STEP(2));
}

/* What is of another run, or has nothing of this one, is left as it is. */
static void another_run(void **state)
{
    static const struct {
        const char *text, *other;
    } logs[] = {
        {"{\"event\":\"start\",\"samples\":9,\"seed\":3}\n" STEP(1) STEP(2), NULL},
        {"{\"event\":\"start\",\"samples\":9,\"seed\":4}\n" STEP(1) AGAIN(1) STEP(2),
         "seed 4 there, 3 here"},
        {OPTIONS("\"lr\":0.1,\"epochs\":7") STEP(1) STEP(2), NULL},
        {OPTIONS("\"lr\":0.25") STEP(1) STEP(2), NULL},
        {OPTIONS("\"lr\":0.5") STEP(1) STEP(2), "--lr 0.5 there"},
        {OPTIONS("\"lr\":0.5") STEP(1) OPTIONS("\"lr\":0.25") STEP(2), NULL},
        {OPTIONS("\"hidden\":[8,4]") STEP(1) STEP(2), NULL},
        {OPTIONS("\"hidden\":[4,8]") STEP(1) STEP(2), "--hidden [4,8] there"},
        {START STEP(1) OPTIONS("\"hidden\":[]") STEP(2), "--hidden [] there"},
        {AGAIN(2) STEP(3), ""},
    };
    (void)state;
    dt_log_truncate_options options = {.steps = 1,
                                       .is = {{"samples", 9}, {"seed", 3}},
                                       .options = "{\"lr\":[0.1,0.25],\"hidden\":[[8,4]]}"};
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        dt_error err = {0}, other = {0};
        int64_t last;
        write_log(logs[i].text);
        assert_int_equal(dt_log_truncate("log", &options, &last, &other, &err), DT_OK);
        assert_int_equal(last, logs[i].other ? -1 : 0);
        assert_string_equal(other.text, logs[i].other ? logs[i].other : "");
        if (logs[i].other)
            check_log(logs[i].text);
    }
}

/* Seconds a million lines may take: to read each as JSON took 6 in a release build. */
static void many_lines(void **state)
{
    (void)state;
    enum { LINES = 300000 };
    FILE *file = fopen("log", "w");
    fputs(START, file);
    for (int i = 1; i <= LINES; i++)
        fprintf(file,
                "{\"event\":\"step\",\"epoch\":1,\"step\":%d,\"global_step\":%d,\"samples\":100,"
                "\"loss\":0.%d,\"lr\":0.01}\n",
                i, i, 12345678 + i);
    fclose(file);
    dt_error err = {0};
    int64_t last;
    struct timespec begin, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    assert_int_equal(cut_log("log", LINES / 2, 0, &last, &err), DT_OK);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    print_message("%.0f ns a line\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
                                       (double)(end.tv_nsec - begin.tv_nsec)) /
                                          LINES);
    int lines = 0;
    file = fopen("log", "r");
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    assert_int_equal(lines, LINES / 2 + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(cuts),  TEST(says_how_far_it_goes), TEST(half_lines), TEST(lines_as_written),
        TEST(zeros), TEST(another_run),          TEST(many_lines), TEST(keeps_what_it_is)};
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
