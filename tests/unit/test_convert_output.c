/* What becomes of a converter's output when something is in its way, above all a full disk. */
#include "unit/convert_fixture.h"

#include "unit/full_disk.h"
#include <signal.h>
#include <sys/resource.h>

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* ---- The output ----------------------------------------------------------------------------- */

static void output_is_input(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    assert_int_equal(symlink("t.csv", "link"), 0);
    dt_code code = dt_convert_csv("t.csv", "./link", "y", &err);
    check_failed(code, &err, DT_ERR_USAGE, "./link: the output would replace the input t.csv", 2);
    put_labels();
    PUT("x", "\0\0\x08\x01\0\0\0\x03\1\2\3");
    err = (dt_error){0};
    code = dt_convert_arrays("x", "y", "y", &err);
    check_failed(code, &err, DT_ERR_USAGE, "y: the output would replace the input y", 4);
    err = (dt_error){0};
    code = dt_convert_arrays("x", "y", "x", &err);
    check_failed(code, &err, DT_ERR_USAGE, "x: the output would replace the input x", 4);
}

/* With a dataset of this name, and x that is a group. */
static void put_hdf5(const char *file, const char *name)
{
    hid_t f = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate(H5S_SCALAR);
    H5Gclose(H5Gcreate2(f, "x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(f, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(f);
}

static void output_kept_on_error(void **state)
{
    (void)state;
    convert_text("a,y\n1,2\n", "y");
    refused("a,y\n1,2\nu,3\n", "y",
            "t.csv: column 1 (a): line 3: \"u\" is not a number (--one-hot makes 0/1 columns of "
            "words, --drop leaves the column out, --missing-words makes a word a gap)");
    CHECK("x", 1);
    convert_text("a,y\n5,6\n", "y"); /* and replaced on success */
    CHECK("x", 5);
}

/* Only what a conversion may have written is replaced, and nothing is called as another format. */
static void output_is_other(void **state)
{
    (void)state;
    static const char *const files[] = {"notes", "step.h5", "predicted.h5"};
    PUT("notes", "notes of mine");
    PUT("empty.h5", "");
    put_labels();
    put_hdf5("step.h5", "model");
    put_hdf5("predicted.h5", "prediction");
    put_text("t.csv", "a,y\n1,2\n");
    for (int i = 0; i < 3; i++) {
        char text[128];
        dt_error err = {0};
        snprintf(text, sizeof text, "%s: exists, and is not an HDF5 file with a dataset \"x\"",
                 files[i]);
        assert_int_equal(dt_convert_csv("t.csv", files[i], "y", &err), DT_ERR_FILE);
        assert_ptr_equal(strstr(err.text, text), err.text);
        err = (dt_error){0};
        assert_int_equal(dt_convert_arrays("y", NULL, files[i], &err), DT_ERR_FILE);
        assert_ptr_equal(strstr(err.text, text), err.text);
    }
    dt_error err = {0};
    assert_int_equal(dt_convert_csv("t.csv", "far.h5/out.NPY", "y", &err), DT_ERR_USAGE);
    assert_non_null(strstr(err.text, "call it far.h5/out.h5"));
    err = (dt_error){0};
    assert_int_equal(dt_convert_csv("t.csv", "empty.h5", "y", &err), DT_OK);
}

static void check_link(const char *name, const char *target)
{
    char text[64] = "";
    assert_true(readlink(name, text, sizeof text - 1) > 0);
    assert_string_equal(text, target);
}

/* As a shell's >: what a link leads to is written, and the link stays. */
static void output_by_a_link(void **state)
{
    (void)state;
    dt_error err = {0};
    struct stat info;
    put_text("t.csv", "a,y\n1,2\n");
    assert_int_equal(mkdir("far", 0777), 0);
    assert_int_equal(symlink("far/first", "link.h5"), 0); /* a link to a link to no file yet */
    assert_int_equal(symlink("second.h5", "far/first"), 0);
    for (int i = 0; i < 2; i++) { /* then to a file */
        if (dt_convert_csv("t.csv", "./link.h5", "y", &err))
            fail_msg("%s", err.text);
        check_link("link.h5", "far/first");
        check_link("far/first", "second.h5");
        assert_int_equal(lstat("far/second.h5", &info), 0);
        assert_true(S_ISREG(info.st_mode));
    }
    char *absolute = realpath("far/second.h5", NULL);
    assert_int_equal(unlink("far/second.h5"), 0);
    assert_int_equal(symlink(absolute, "absolute.h5"), 0);
    if (dt_convert_csv("t.csv", "absolute.h5", "y", &err))
        fail_msg("%s", err.text);
    check_link("absolute.h5", absolute);
    assert_int_equal(access(absolute, F_OK), 0);
    free(absolute);
    assert_int_equal(symlink("b.h5", "a.h5"), 0); /* in a circle */
    assert_int_equal(symlink("a.h5", "b.h5"), 0);
    assert_int_equal(dt_convert_csv("t.csv", "a.h5", "y", &err), DT_ERR_FILE);
    check_link("a.h5", "b.h5");
    check_link("b.h5", "a.h5");
    unlink("far/first");
    unlink("far/second.h5");
}

static void output_unwritable(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    dt_code code = dt_convert_csv("t.csv", "no/out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_FILE,
                 "no/out.h5: cannot be written (No such file or directory)", 1);
    err = (dt_error){0};
    code = dt_convert_csv("t.csv", ".", "y", &err);
    check_failed(code, &err, DT_ERR_FILE, ".: exists and is not a file that could be replaced", 1);
    err = (dt_error){0};
    code = dt_convert_csv("none.csv", "out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_FILE, "none.csv: No such file or directory", 1);
}

static size_t get_bytes(const char *name, char *bytes, size_t room)
{
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    return n;
}

static void output_reproducible(void **state)
{
    (void)state;
    static char first[8192], second[8192];
    convert_text("a,y\n1,red\n2,blue\n", "y");
    size_t n = get_bytes("out.h5", first, sizeof first);
    struct timespec next_second = {1, 50000000}; /* HDF5 would count time in seconds */
    nanosleep(&next_second, NULL);
    convert_text("a,y\n1,red\n2,blue\n", "y");
    assert_int_equal(get_bytes("out.h5", second, sizeof second), n);
    assert_memory_equal(first, second, n);
}

static void disk_full_at_once(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    reserve_error = ENOSPC;
    dt_code code = dt_convert_csv("t.csv", "out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_SPACE, "out.h5: no space left on the disk", 1);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

/* A process that converts while only n writes succeed, up to and including HDF5's clean-up at its
 * end. Returns its exit status; what it prints is in the file "printed". */
static int convert_in_child(int n)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        assert_non_null(freopen("printed", "w", stderr));
        alarm(20);
        dt_error err = {0};
        writes_left = n;
        dt_code code = dt_convert_csv("t.csv", "out.h5", "y", &err);
        if (code != DT_OK && strcmp(err.text, "out.h5: no space left on the disk") != 0)
            fprintf(stderr, "%s", err.text);
        exit((int)code);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* On a file system that cannot reserve, every write in turn is the first that fails. */
static void disk_full_at_any_write(void **state)
{
    (void)state;
    convert_text("a,y\n1,2\n", "y");
    put_text("t.csv", "a,y\n3,red\n5,blue\n");
    reserve_error = EOPNOTSUPP;
    int n = 0, code = DT_ERR_SPACE;
    for (; code == DT_ERR_SPACE && n < 100; n++) {
        struct stat printed;
        code = convert_in_child(n);
        assert_int_equal(stat("printed", &printed), 0);
        assert_int_equal(printed.st_size, 0);
        assert_int_equal(count_files(), 3);
        if (code == DT_ERR_SPACE)
            CHECK("x", 1); /* the old file */
    }
    assert_int_equal(code, DT_OK);
    assert_in_range(n, 3, 99);
    CHECK("x", 3, 5);
    check_strings("y", "classes", "blue|red");
}

/* Whatever the limit: a clear error, nothing is left, and HDF5 goes on, and ends, as before. */
static void limited_size(void **state)
{
    (void)state;
    struct rlimit limit;
    FILE *f = fopen("t.csv", "w");
    for (int r = 0; r < 20000; r++)
        fprintf(f, "%d,%d,%d\n", r, r % 7, r % 11);
    fclose(f);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    for (rlim_t bytes = 64; bytes < 600000; bytes *= 2) { /* x and y have 240000 */
        dt_error err = {0};
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = bytes, .rlim_max = limit.rlim_max});
        dt_code code = dt_convert_csv("t.csv", "out.h5", "3", &err);
        setrlimit(RLIMIT_FSIZE, &limit);
        assert_int_equal(code, bytes < 240000 ? DT_ERR_SPACE : DT_OK);
        if (code)
            assert_string_equal(err.text, "out.h5: larger than a file may be here (ulimit -f, or "
                                          "the file system)");
        assert_int_equal(count_files(), code ? 1 : 2);
        unlink("out.h5");
    }
    signal(SIGXFSZ, SIG_DFL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, free_disk)
    const struct CMUnitTest tests[] = {
        TEST(output_is_other),      TEST(output_by_a_link),       TEST(output_is_input),
        TEST(output_kept_on_error), TEST(output_unwritable),      TEST(output_reproducible),
        TEST(disk_full_at_once),    TEST(disk_full_at_any_write), TEST(limited_size),
    };
    H5open(); /* H5T_STD_..._g have their values from here on */
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
