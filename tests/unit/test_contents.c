/* What a checkpoint gives back of a run, and the folder: which is the newest good one, which go. */
#include "checkpoint/attribute.h"
#include "checkpoint/contents.h"
#include "file/temporary.h"
#include "unit/checkpoint_fixture.h"
#include "unit/folder.h"

#include <fcntl.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char warning[4][DT_ERROR_TEXT];
static int warnings;

static void warn(const char *text)
{
    snprintf(warning[warnings++], DT_ERROR_TEXT, "%s", text);
}

/* A good checkpoint under the name of a step. */
static void put(const char *folder_name, int64_t step)
{
    dt_error err = {0};
    char *path = dt_store_step_path(folder_name, step, &err);
    save();
    assert_int_equal(rename(FILE_NAME, path), 0);
    free(path);
}

static void everything_back(void **state)
{
    (void)state;
    dt_contents s;
    dt_error err = {0};
    save_normalized();
    hid_t file = dt_h5_open(FILE_NAME, &err);
    assert_int_equal(dt_contents_read(&s, file, FILE_NAME, &err), DT_OK);
    H5Fclose(file);
    assert_true(s.can_go_on);
    assert_memory_equal(s.parameters, weights, sizeof weights);
    assert_memory_equal(s.normalizer->mean, means, sizeof means);
    assert_memory_equal(dt_contents_values(&s, "momentum_buffer"), momentum, sizeof momentum);
    assert_null(dt_contents_values(&s, "exp_avg"));
    assert_int_equal(s.optimizer_steps, 50);
    assert_memory_equal(&s.progress, &progress, sizeof progress);
    assert_memory_equal(&s.data, &run_state, sizeof run_state);
    assert_true(s.lr == 0x1.23456789abcdep-7);
    assert_int_equal(s.seed, 1ll << 40);
    assert_string_equal(s.options, OPTIONS);
    dt_contents_free(&s);
}

static void find(dt_contents *s, const char *path)
{
    dt_error err = {0};
    warnings = 0;
    assert_int_equal(dt_contents_find_newest(s, "ckpt", warn, &err), DT_OK);
    if (path)
        assert_string_equal(s->path, path);
    else
        assert_null(s->path);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    dt_contents_free(s);
}

/* The folder is an error, which says the text, and nothing else is said. code 0: any. */
static void check_none(const char *text, dt_code code)
{
    dt_contents s;
    dt_error err = {0};
    warnings = 0;
    dt_code found = dt_contents_find_newest(&s, "ckpt", warn, &err);
    if (!found || (code && found != code) || !strstr(err.text, text))
        fail_msg("%d, \"%s\" does not say \"%s\"", (int)found, err.text, text);
    assert_null(s.path);
    assert_int_equal(warnings, 0);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    dt_contents_free(&s);
}

static void newest(void **state)
{
    (void)state;
    dt_contents s;
    find(&s, NULL); /* no folder */
    put("ckpt", 9);
    put("ckpt", 10000000000); /* more than ten digits */
    put("ckpt", 100);
    find(&s, "ckpt/step-10000000000.h5");
    assert_int_equal(warnings, 0);
    remove("ckpt/step-10000000000.h5");
    fclose(fopen("ckpt/step-0000000200.h5.tmp.77", "w"));
    fclose(fopen("ckpt/step-200.h5", "w"));
    fclose(fopen("ckpt/other.h5", "w"));
    find(&s, "ckpt/step-0000000100.h5");
    assert_int_equal(warnings, 0);
}

static void damaged(void **state)
{
    (void)state;
    dt_contents s;
    put("ckpt", 10);
    put("ckpt", 20);
    put("ckpt", 30);
    put("ckpt", 40);
    assert_int_equal(truncate("ckpt/step-0000000040.h5", 1000), 0);
    assert_int_equal(truncate("ckpt/step-0000000030.h5", 0), 0);
    FILE *file = fopen("ckpt/step-0000000020.h5", "r+b");
    fseek(file, 2000, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, 2000, SEEK_SET);
    fputc(byte ^ 4, file);
    fclose(file);
    find(&s, "ckpt/step-0000000010.h5");
    assert_int_equal(warnings, 3);
    assert_memory_equal(warning[0], "ckpt/step-0000000040.h5: ", 25);
    assert_string_equal(warning[1], "ckpt/step-0000000030.h5: is empty, not an HDF5 file");
    assert_string_equal(warning[2],
                        "ckpt/step-0000000020.h5: damaged: the checksum of the file does not hold");
    remove("ckpt/step-0000000010.h5");
    check_none("ckpt/step-0000000040.h5: the file is truncated", DT_ERR_DATA);
    check_none("no checkpoint in ckpt can be used, of 3; --overwrite", DT_ERR_DATA);
    assert_int_equal(access("ckpt/step-0000000020.h5", F_OK), 0);
}

/* The file that the system does not let read: of another kind, a circle of links, one whose read
 * fails with EIO. The run that is there is not taken for lost, even if an older one is good. */
static void unreadable(void **state)
{
    (void)state;
    const char *path = "ckpt/step-0000000040.h5";
    put("ckpt", 30);
    assert_int_equal(mkdir(path, 0777), 0);
    check_none("step-0000000040.h5: cannot be read: Is a directory", DT_ERR_FILE);
    assert_int_equal(rmdir(path), 0);
    static const char *const link[][2] = {{"step-0000000040.h5", "Too many levels"},
                                          {"nowhere", "No such file"},
                                          {"/proc/self/mem", "Input/output error"}};
    for (size_t i = 0; i < sizeof link / sizeof *link; i++) {
        assert_int_equal(symlink(link[i][0], path), 0);
        check_none(link[i][1], DT_ERR_FILE);
        check_none("step-0000000040.h5: cannot be read: ", DT_ERR_FILE);
        assert_int_equal(unlink(path), 0);
    }
}

/* The checkpoint is whole, but of a later program, of another one, or has lost a part. */
static void whole_but_other(void **state)
{
    (void)state;
    static const char *const lost[] = {"run", "model/0.bias", "optimizer/momentum_buffer/0.bias"};
    put("ckpt", 30);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        hid_t file = edit();
        assert_true(H5Ldelete(file, lost[i], H5P_DEFAULT) >= 0);
        H5Fclose(file);
        check_none(strncmp(lost[i], "run", 3) == 0 ? "no \"/run\"" : "0.bias", 0);
    }
    hid_t file = edit();
    assert_true(dt_attribute_put_integer(file, "version", DT_CHECKPOINT_VERSION + 1) >= 0);
    H5Fclose(file);
    check_none("this program reads version", DT_ERR_DATA);
    file = edit();
    assert_true(H5Adelete(file, "format") >= 0);
    H5Fclose(file);
    check_none("step-0000000050.h5: not a checkpoint of dtrain", DT_ERR_DATA);
}

static void check_steps(const int64_t *expected, int n)
{
    int64_t *steps;
    int found;
    dt_error err = {0};
    assert_int_equal(dt_store_list("ckpt", &steps, &found, &err), DT_OK);
    assert_int_equal(found, n);
    assert_memory_equal(steps, expected, (size_t)n * sizeof *steps);
    free(steps);
}

/* Later steps than the newest are another run's. */
static void prune(void **state)
{
    (void)state;
    for (int64_t step = 10; step <= 50; step += 10)
        put("ckpt", step);
    dt_store_prune("ckpt", 50, 5, NULL);
    check_steps((int64_t[]){10, 20, 30, 40, 50}, 5);
    dt_store_prune("ckpt", 30, 2, NULL);
    check_steps((int64_t[]){20, 30, 40, 50}, 4);
    dt_store_prune("ckpt", 50, 1, NULL);
    check_steps((int64_t[]){50}, 1);
}

/* Of a process that is no more (no process has such a number), of one of another host that has done
 * nothing for hours, and of this one, which has just begun. */
static void half_written(void **state)
{
    (void)state;
    static const char *const stay[] = {"ckpt/best.h5",
                                       "ckpt/step-0000000010.h5",
                                       "ckpt/step-0000000010.h5.tmp.",
                                       "ckpt/step-0000000010.h5.tmp.x",
                                       "ckpt/best.h5.bak",
                                       "ckpt/mine.h5.tmp.99999999",
                                       "ckpt/step-0000000010.h5.tmp.99999999.another-host",
                                       "ckpt/best.h5.tmp.1"};
    static const char *const go[] = {"ckpt/step-0000000010.h5.tmp.99999999",
                                     "ckpt/best.h5.tmp.99999999999999",
                                     "ckpt/best.h5.tmp.12.another-host.3"};
    dt_error err = {0};
    char *own = dt_temporary_name("ckpt/best.h5", 0);
    struct timespec hours_ago[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    assert_int_equal(dt_store_prepare("ckpt", &err), DT_OK);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        fclose(fopen(stay[i], "w"));
    for (size_t i = 0; i < sizeof go / sizeof *go; i++)
        fclose(fopen(go[i], "w"));
    fclose(fopen(own, "w"));
    assert_int_equal(utimensat(AT_FDCWD, go[2], hours_ago, 0), 0);
    dt_store_clean_up("ckpt");
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        assert_int_equal(access(stay[i], F_OK), 0);
    for (size_t i = 0; i < sizeof go / sizeof *go; i++)
        assert_int_not_equal(access(go[i], F_OK), 0);
    assert_int_not_equal(access(own, F_OK), 0);
    free(own);
}

/* What --overwrite removes, and what not. */
static void remove_run(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_store_run run;
    assert_int_equal(dt_store_find_run("ckpt", &run, &err), DT_OK);
    assert_false(run.there);
    assert_int_equal(dt_store_prepare("ckpt", &err), DT_OK);
    fclose(fopen("ckpt/notes.txt", "w"));
    assert_int_equal(dt_store_find_run("ckpt", &run, &err), DT_OK);
    assert_false(run.there);
    fclose(fopen("ckpt/best.h5", "w"));
    assert_int_equal(dt_store_find_run("ckpt", &run, &err), DT_OK);
    assert_true(run.there && run.best && run.last_step == 0);
    fclose(fopen("ckpt/step-0000000020.h5", "w"));
    fclose(fopen("ckpt/step-0000000010.h5", "w"));
    assert_int_equal(dt_store_find_run("ckpt", &run, &err), DT_OK);
    assert_true(run.there && run.last_step == 20);
    assert_int_equal(dt_store_remove_run("ckpt", &err), DT_OK);
    assert_int_equal(dt_store_find_run("ckpt", &run, &err), DT_OK);
    assert_false(run.there);
    assert_int_equal(access("ckpt/notes.txt", F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(everything_back), TEST(newest), TEST(damaged),      TEST(unreadable),
        TEST(whole_but_other), TEST(prune),  TEST(half_written), TEST(remove_run),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
