/* Data files that lose their end, or are written anew, after they were opened, in every way that
 * values may be stored, and links to things that are no files: an error, in time, and never zeros.
 */
#include "data/data_file.h"

#include <fcntl.h>
#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { ROWS = 8192, WIDTH = 16, CHUNK = 256 };

/* ---- Files that are cut --------------------------------------------------------------------- */

/* How a dataset is stored, and what its creation properties are for that. */
static void plain(hid_t create)
{
    (void)create;
}

static void chunked(hid_t create)
{
    H5Pset_chunk(create, 2, (const hsize_t[]){CHUNK, WIDTH});
}

static void shuffled(hid_t create)
{
    chunked(create);
    H5Pset_shuffle(create);
}

static void packed(hid_t create)
{
    shuffled(create);
    H5Pset_deflate(create, 1);
}

static void summed(hid_t create)
{
    chunked(create);
    H5Pset_fletcher32(create);
}

static void in_columns(hid_t create)
{
    H5Pset_chunk(create, 2, (const hsize_t[]){CHUNK, WIDTH / 2});
}

static const struct {
    const char *name;
    void (*store)(hid_t);
} ways[] = {{"contiguous", plain}, {"chunked", chunked},        {"shuffled", shuffled},
            {"packed", packed},    {"with a checksum", summed}, {"in columns", in_columns}};

enum { WAYS = sizeof ways / sizeof *ways };

static double offset; /* of all values */

/* A dataset of float64, whose values are nowhere 0. */
static void put(hid_t file, const char *name, void (*store)(hid_t), const char *raw)
{
    static double values[ROWS * WIDTH];
    const hsize_t dim[2] = {ROWS, WIDTH};
    for (int i = 0; i < ROWS * WIDTH; i++)
        values[i] = offset + 1 + i % 1021;
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dim, NULL);
    store(create);
    if (raw)
        H5Pset_external(create, raw, 0, H5F_UNLIMITED);
    hid_t set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(create);
}

static hid_t create_file(const char *name)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* A small dataset in d.h5 of its own, so that one of the two can be the one that is cut. */
static void put_small(hid_t file, const char *name)
{
    static const double values[ROWS] = {0};
    hid_t space = H5Screate_simple(1, (const hsize_t[]){ROWS}, NULL);
    hid_t set =
        H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* Open d.h5, take the last quarter of a file away, and read the first and the last rows. */
static void check_cut(const char *kind, bool of_x, const char *victim)
{
    static float rows[CHUNK * WIDTH];
    dt_data_file *source;
    dt_error err = {0};
    struct stat info;
    if (dt_data_file_open(&source, "d.h5", "x", "y", &err))
        fail_msg("%s: %s", kind, err.text);
    assert_int_equal(stat(victim, &info), 0);
    assert_int_equal(truncate(victim, info.st_size / 4 * 3), 0);
    for (int64_t row = 0; row <= ROWS - CHUNK && !err.code; row += CHUNK) {
        memset(rows, 0, sizeof rows);
        if (of_x)
            dt_data_file_read_x(source, row, CHUNK, rows, &err);
        else
            dt_data_file_read_y(source, DT_Y_TARGETS, row, CHUNK, rows, &err);
        for (int64_t i = 0; i < CHUNK * WIDTH && !err.code; i++)
            if (rows[i] != (float)(1 + (row * WIDTH + i) % 1021))
                fail_msg("%s: row %d was made up", kind, (int)(row + i / WIDTH));
    }
    if (err.code != DT_ERR_DATA)
        fail_msg("%s: status %d, \"%s\"", kind, err.code, err.text);
    assert_memory_equal(err.text, "d.h5: ", 6);
    assert_non_null(strstr(err.text, of_x ? "\"x\"" : "\"y\""));
    dt_data_file_close(source);
}

static void cut_in_file(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++)
        for (int of_x = 0; of_x < 2; of_x++) {
            hid_t file = create_file("d.h5");
            put_small(file, of_x ? "y" : "x");
            put(file, of_x ? "x" : "y", ways[i].store, NULL);
            H5Fclose(file);
            check_cut(ways[i].name, of_x, "d.h5");
        }
}

/* The other file has the values: behind a link, as raw data, or in a part of a virtual dataset. */
static void cut_external(void **state)
{
    (void)state;
    const hsize_t dim[2] = {ROWS, WIDTH};
    for (int of_x = 0; of_x < 2; of_x++) {
        const char *name = of_x ? "x" : "y";
        hid_t file = create_file("other.h5");
        put(file, "part", chunked, NULL);
        H5Fclose(file);
        file = create_file("d.h5");
        put_small(file, of_x ? "y" : "x");
        H5Lcreate_external("other.h5", "/part", file, name, H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        check_cut("link", of_x, "other.h5");

        file = create_file("d.h5");
        put_small(file, of_x ? "y" : "x");
        put(file, name, plain, "other.raw");
        H5Fclose(file);
        check_cut("raw", of_x, "other.raw");

        file = create_file("other.h5");
        put(file, "part", plain, NULL);
        H5Fclose(file);
        file = create_file("d.h5");
        put_small(file, of_x ? "y" : "x");
        hid_t space = H5Screate_simple(2, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_virtual(create, space, "other.h5", "part", space);
        H5Dclose(H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, create, H5P_DEFAULT));
        H5Pclose(create);
        H5Sclose(space);
        H5Fclose(file);
        check_cut("virtual", of_x, "other.h5");
    }
}

/* ---- Files that are written anew ------------------------------------------------------------ */

/* d.h5 with x and y stored so, opened, and some rows read. */
static dt_data_file *open_pair(int way, float *rows)
{
    dt_data_file *source;
    dt_error err = {0};
    hid_t file = create_file("d.h5");
    put(file, "x", ways[way].store, NULL);
    put(file, "y", ways[way].store, NULL);
    H5Fclose(file);
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}}; /* times are coarse */
    assert_int_equal(utimensat(AT_FDCWD, "d.h5", long_ago, 0), 0);
    if (dt_data_file_open(&source, "d.h5", "x", "y", &err) ||
        dt_data_file_read_x(source, 0, CHUNK, rows, &err) ||
        dt_data_file_read_y(source, DT_Y_TARGETS, 0, CHUNK, rows, &err))
        fail_msg("%s: %s", ways[way].name, err.text);
    return source;
}

static dt_code read_last(dt_data_file *source, bool of_x, float *rows, dt_error *err)
{
    return of_x ? dt_data_file_read_x(source, ROWS - CHUNK, CHUNK, rows, err)
                : dt_data_file_read_y(source, DT_Y_TARGETS, ROWS - CHUNK, CHUNK, rows, err);
}

/* In its place stands another file of the same size, with other values. */
static void written_anew(void **state)
{
    (void)state;
    static float rows[CHUNK * WIDTH];
    for (int i = 0; i < WAYS * 2; i++) {
        dt_error err = {0};
        offset = 3;
        dt_data_file_close(open_pair(i / 2, rows));
        assert_int_equal(system("cp d.h5 e.h5"), 0);
        offset = 0;
        dt_data_file *source = open_pair(i / 2, rows);
        assert_int_equal(system("cat e.h5 >d.h5"), 0);
        if (read_last(source, i % 2, rows, &err) != DT_ERR_DATA)
            fail_msg("%s, %s: rows of another file", ways[i / 2].name, i % 2 ? "x" : "y");
        dt_data_file_close(source);
    }
}

/* Touched, and something added behind what was there. */
static void changed_external(void **state)
{
    (void)state;
    static float rows[CHUNK * WIDTH];
    for (int i = 0; i < WAYS * 2; i++) {
        dt_error err = {0};
        dt_data_file *source = open_pair(i / 2, rows);
        assert_int_equal(system("touch d.h5 && head -c 100000 /dev/zero >>d.h5"), 0);
        if (read_last(source, i % 2, rows, &err))
            fail_msg("%s: %s", ways[i / 2].name, err.text);
        dt_data_file_close(source);
    }
}

/* d.h5 with an x whose second half lies in another file: in the second source of a virtual dataset,
 * in one whose name has a number, in a source that is virtual itself, or in a source's raw file, or
 * in the raw file of x. The file with the values is "values". */
enum { NAMED, NUMBERED, NESTED, SOURCE_RAW, RAW, PLACES };

static void put_sources(const char *path, const char *const name[2])
{
    hsize_t dim[2] = {name[1] ? 2 * ROWS : ROWS, WIDTH}, half[2] = {ROWS, WIDTH},
            all[2] = {H5S_UNLIMITED, WIDTH};
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), file = create_file(path);
    bool numbered = strchr(name[0], '%') != NULL;
    hid_t space = H5Screate_simple(2, dim, numbered ? all : dim);
    hid_t from = H5Screate_simple(2, half, NULL);
    if (numbered) {
        H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){0, 0}, half,
                            (hsize_t[]){H5S_UNLIMITED, 1}, half);
        H5Pset_virtual(create, space, name[0], "part", from);
    }
    for (hsize_t i = 0; i < 2 && name[i] && !numbered; i++) {
        H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){i * ROWS, 0}, NULL, half, NULL);
        H5Pset_virtual(create, space, name[i], "part", from);
    }
    H5Sselect_all(space);
    H5Dclose(H5Dcreate2(file, path[0] == 'd' ? "x" : "part", H5T_IEEE_F64LE, space, H5P_DEFAULT,
                        create, H5P_DEFAULT));
    H5Fclose(file);
    H5Sclose(from);
    H5Sclose(space);
    H5Pclose(create);
}

static void put_source(const char *path, const char *name, const char *raw)
{
    hid_t file = create_file(path);
    put(file, name, plain, raw);
    H5Fclose(file);
}

/* Returns the name of the file with the values. */
static const char *put_external(int where)
{
    static const char *const values[PLACES] = {"s1.h5", "s1.h5", "s1.h5", "s.raw", "s.raw"};
    put_source("s0.h5", "part", NULL);
    put_source("s1.h5", "part", where == SOURCE_RAW ? "s.raw" : NULL);
    if (where == RAW)
        put_source("d.h5", "x", "s.raw");
    else if (where == NUMBERED)
        put_sources("d.h5", (const char *[]){"s%b.h5", NULL});
    else
        put_sources("d.h5", (const char *[]){"s0.h5", where == NESTED ? "in.h5" : "s1.h5"});
    if (where == NESTED)
        put_sources("in.h5", (const char *[]){"s1.h5", NULL});
    return values[where];
}

static dt_code read_rows(dt_data_file *source, int64_t row, dt_error *err)
{
    static float rows[CHUNK * WIDTH];
    return dt_data_file_read_x(source, row, CHUNK, rows, err);
}

/* A run that has read the first rows, or some of all files, goes on after a command. */
static void check_change(int where, bool all, const char *command, bool harmless)
{
    dt_data_file *source;
    dt_error err = {0};
    char line[256];
    int64_t last = where == RAW ? ROWS - CHUNK : 2 * ROWS - CHUNK;
    offset = 3;
    const char *file = put_external(where);
    snprintf(line, sizeof line, "cp %s new", file);
    assert_int_equal(system(line), 0);
    offset = 0;
    put_external(where);
    snprintf(line, sizeof line, "touch -d @1 %s && cp -p %s same", file, file);
    assert_int_equal(system(line), 0);
    if (dt_data_file_open(&source, "d.h5", "x", NULL, &err) || read_rows(source, 0, &err) ||
        (all && read_rows(source, last, &err)) || (all && read_rows(source, 0, &err)))
        fail_msg("%d: %s", where, err.text);
    snprintf(line, sizeof line, "F=%s; %s", file, command);
    assert_int_equal(system(line), 0);
    dt_code code = read_rows(source, last, &err);
    if (code != (harmless ? DT_OK : DT_ERR_DATA))
        fail_msg("place %d, \"%s\": status %d, \"%s\"", where, command, code, err.text);
    if (!harmless && !strstr(err.text, "since it was opened"))
        fail_msg("place %d, \"%s\": \"%s\"", where, command, err.text);
    dt_data_file_close(source);
}

static void rewritten_external(void **state)
{
    (void)state;
    for (int where = 0; where < PLACES; where++)
        for (int all = 0; all < 2; all++) {
            check_change(where, all, "cat new >$F", false);
            check_change(where, all, "mv new $F", false);
            check_change(where, all, "touch $F && head -c 100000 /dev/zero >>$F", true);
            check_change(where, all, "mv same $F", true);
        }
}

/* ---- What is no file ------------------------------------------------------------------------ */

static void check_refused(const char *what)
{
    dt_data_file *source = NULL;
    dt_error err = {0};
    alarm(20); /* opening a pipe would wait for ever */
    if (dt_data_file_open(&source, "d.h5", "x", NULL, &err) == DT_OK)
        fail_msg("%s: taken", what);
    alarm(0);
    assert_memory_equal(err.text, "d.h5: ", 6);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static void not_files(void **state)
{
    (void)state;
    static const char *const what[] = {"pipe", "folder", "/dev/zero", "missing"};
    const hsize_t dim[2] = {ROWS, WIDTH};
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        hid_t file = create_file("d.h5");
        H5Lcreate_external(what[i], "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        check_refused(what[i]);

        hid_t space = H5Screate_simple(2, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
        file = create_file("d.h5");
        H5Pset_virtual(create, space, what[i], "/x", space);
        H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, create, H5P_DEFAULT));
        H5Fclose(file);
        H5Pclose(create);
        check_refused(what[i]);

        create = H5Pcreate(H5P_DATASET_CREATE);
        file = create_file("d.h5");
        H5Pset_external(create, what[i], 0, H5F_UNLIMITED);
        H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, create, H5P_DEFAULT));
        H5Fclose(file);
        H5Pclose(create);
        H5Sclose(space);
        check_refused(what[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {TEST(cut_in_file),        TEST(cut_external),
                                       TEST(written_anew),       TEST(changed_external),
                                       TEST(rewritten_external), TEST(not_files)};
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
