/* The same rows in one file and in many, side by side in one dataset and in several, as members of a
 * table, and with their dimensions reversed: the same bits. And files that do not fit together. */
#include "mpi/support.h"

#include "checkpoint/contents.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 1000, WIDTH = 4, Y_WIDTH = 2, FILES = 7, STEPS = 40 };

static float x[ROWS][WIDTH], y[ROWS][Y_WIDTH];
static const int first_row[FILES + 1] = {0, 200, 201, 333, 640, 640 + 17, 999, ROWS};

static void make_rows(void)
{
    for (int i = 0; i < ROWS; i++) {
        for (int c = 0; c < WIDTH; c++)
            x[i][c] = (float)((i * 37 + c * 101) % 97 - 48) / 32;
        y[i][0] = x[i][0] - 2 * x[i][3];
        y[i][1] = x[i][1] * 0.5f + (float)(i % 5) / 8;
    }
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* A dataset of columns [first, first + width) of rows [begin, end) of a matrix of so many columns.
 *   turned  store it [width, rows] */
static void put(hid_t file, const char *name, hid_t type, const float *matrix, int columns,
                int first, int width, int begin, int end, int chunk, bool turned)
{
    int rows = end - begin;
    float *values = malloc((size_t)(rows * width) * sizeof *values);
    for (int i = 0; i < rows; i++)
        for (int c = 0; c < width; c++)
            values[turned ? c * rows + i : i * width + c] =
                matrix[(begin + i) * columns + first + c];
    hsize_t dim[2] = {(hsize_t)(turned ? width : rows), (hsize_t)(turned ? rows : width)};
    hsize_t piece[2] = {(hsize_t)(chunk < rows ? chunk : rows), (hsize_t)width};
    hid_t space = H5Screate_simple(width == 1 ? 1 : 2, dim, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (chunk > 0) {
        H5Pset_chunk(create, width == 1 ? 1 : 2, piece);
        H5Pset_shuffle(create);
        H5Pset_deflate(create, 1);
    }
    hid_t set = H5Dcreate2(file, name, type, space, links, create, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(links);
    H5Pclose(create);
    H5Sclose(space);
    free(values);
}

static hid_t create(const char *name)
{
    return H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

/* Inputs as two datasets and targets in files of their own, in layouts that differ. */
static void write_parts(void)
{
    char name[64];
    for (int i = 0; i < FILES; i++) {
        int begin = first_row[i], end = first_row[i + 1];
        snprintf(name, sizeof name, "in_%d.h5", 8 + i); /* so that 10 is behind 9 */
        hid_t file = create(name);
        put(file, "a", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, 1, begin, end, i % 3 ? 0 : 8, false);
        put(file, "g/b", i % 2 ? H5T_IEEE_F64BE : H5T_IEEE_F32LE, &x[0][0], WIDTH, 1, 3, begin, end,
            i % 2 ? 8 : 0, false);
        H5Fclose(file);
        snprintf(name, sizeof name, "out_%d.h5", i);
        file = create(name);
        put(file, "t", H5T_IEEE_F32LE, &y[0][0], Y_WIDTH, 0, Y_WIDTH, begin, end, 0, false);
        H5Fclose(file);
    }
    /* More chunks than a reader notes the places of: HDF5 has to open these files again. */
    for (int i = 0; i < FILES; i++) {
        int begin = first_row[i], end = first_row[i + 1];
        snprintf(name, sizeof name, "big_%d.h5", i);
        hid_t file = create(name);
        put(file, "a", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, 1, begin, end, 1, false);
        put(file, "g/b", H5T_IEEE_F32LE, &x[0][0], WIDTH, 1, 3, begin, end, 1, false);
        put(file, "t", H5T_IEEE_F32LE, &y[0][0], Y_WIDTH, 0, Y_WIDTH, begin, end, 1, false);
        H5Fclose(file);
    }
    FILE *list = fopen("out.txt", "w");
    for (int i = 0; i < FILES; i++)
        fprintf(list, "%sout_%d.h5\n", i == 3 ? "# a comment\n\n  " : "", i);
    fclose(list);
}

typedef struct {
    double id;
    char name[4];
    float a, b[3];
    double y0, y1;
} record;

static void write_table(void)
{
    static record rows[ROWS];
    hsize_t n = ROWS, three = 3, chunk = 100;
    for (int i = 0; i < ROWS; i++)
        rows[i] = (record){
            i, "ab", x[i][0], {x[i][1], x[i][2], x[i][3]}, (double)y[i][0], (double)y[i][1]};
    hid_t text = H5Tcopy(H5T_C_S1), array = H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &three);
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(record));
    H5Tset_size(text, 4);
    H5Tinsert(type, "id", HOFFSET(record, id), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "name", HOFFSET(record, name), text);
    H5Tinsert(type, "a", HOFFSET(record, a), H5T_NATIVE_FLOAT);
    H5Tinsert(type, "b", HOFFSET(record, b), array);
    H5Tinsert(type, "y0", HOFFSET(record, y0), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "y1", HOFFSET(record, y1), H5T_NATIVE_DOUBLE);
    hid_t file = create("table.h5"), space = H5Screate_simple(1, &n, NULL);
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 1, &chunk);
    H5Pset_deflate(plist, 1);
    hid_t set = H5Dcreate2(file, "rows", type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    H5Dclose(set);
    H5Pclose(plist);
    H5Sclose(space);
    H5Fclose(file);
    H5Tclose(type);
    H5Tclose(array);
    H5Tclose(text);
}

static void write_whole(void)
{
    hid_t file = create("one.h5");
    put(file, "x", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, WIDTH, 0, ROWS, 0, false);
    put(file, "y", H5T_IEEE_F32LE, &y[0][0], Y_WIDTH, 0, Y_WIDTH, 0, ROWS, 0, false);
    H5Fclose(file);
    file = create("turned.h5");
    put(file, "x", H5T_IEEE_F64LE, &x[0][0], WIDTH, 0, WIDTH, 0, ROWS, 0, true);
    put(file, "y", H5T_IEEE_F32LE, &y[0][0], Y_WIDTH, 0, Y_WIDTH, 0, ROWS, 0, true);
    H5Fclose(file);
    static float both[ROWS][WIDTH + Y_WIDTH];
    for (int i = 0; i < ROWS; i++) {
        memcpy(both[i], x[i], sizeof x[i]);
        memcpy(both[i] + WIDTH, y[i], sizeof y[i]);
    }
    file = create("both.h5");
    put(file, "data", H5T_IEEE_F32LE, &both[0][0], WIDTH + Y_WIDTH, 0, WIDTH + Y_WIDTH, 0, ROWS, 50,
        false);
    H5Fclose(file);
}

static void put_labels(hid_t file, hid_t type, int rows, const void *labels)
{
    hsize_t n = (hsize_t)rows;
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t set = H5Dcreate2(file, "y", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels);
    H5Dclose(set);
    H5Sclose(space);
}

/* Rows 0 to 99 and 100 to 299 with labels: strings of fixed and of variable length, and numbers. */
static void write_words(void)
{
    enum { FIRST = 100, ALL = 300 };
    static const char *const word[] = {"cat", "ant", "bee", ""};
    static const int32_t number[] = {2, 0, 1, -100};
    static char fixed[FIRST][4];
    static const char *variable[ALL - FIRST];
    static int32_t labels[ALL];
    for (int i = 0; i < ALL; i++) {
        int k = i < FIRST ? i % 2 : i % 7 == 6 ? 3 : i % 3; /* row 4 of the second file is empty */
        labels[i] = number[k];
        if (i < FIRST)
            memcpy(fixed[i], word[k], 4);
        else
            variable[i - FIRST] = word[k];
    }
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 4);
    hid_t file = create("word_0.h5");
    put(file, "x", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, WIDTH, 0, FIRST, 0, false);
    put_labels(file, type, FIRST, fixed);
    H5Fclose(file);
    H5Tset_size(type, H5T_VARIABLE);
    file = create("word_1.h5");
    put(file, "x", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, WIDTH, FIRST, ALL, 0, false);
    put_labels(file, type, ALL - FIRST, variable);
    H5Fclose(file);
    H5Tclose(type);
    file = create("number.h5");
    put(file, "x", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, WIDTH, 0, ALL, 0, false);
    put_labels(file, H5T_NATIVE_INT32, ALL, labels);
    H5Fclose(file);
}

/* Files that do not fit: another number of columns, other rows in the two, and a hole in the list. */
static void write_misfits(void)
{
    hid_t file = create("wide.h5");
    put(file, "a", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, 2, 0, 10, 0, false);
    put(file, "g/b", H5T_IEEE_F32LE, &x[0][0], WIDTH, 1, 3, 0, 10, 0, false);
    H5Fclose(file);
    file = create("uneven.h5");
    put(file, "a", H5T_IEEE_F32LE, &x[0][0], WIDTH, 0, 1, 0, 10, 0, false);
    put(file, "g/b", H5T_IEEE_F32LE, &x[0][0], WIDTH, 1, 3, 0, 11, 0, false);
    H5Fclose(file);
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static char folder[64], results[64]; /* of this number of ranks */
static int64_t parameters_saved;     /* by the last run, on rank 0 */

/* The parameters at the end, on rank 0; NULL elsewhere and after an error. */
static float *train(const char *const *more, dt_error *err)
{
    dt_train_options o;
    dt_contents end = {0};
    float *parameters = NULL;
    *err = (dt_error){0};
    dt_train_options_init(&o, err);
    dt_train_options_set(&o, "checkpoint", results, err);
    dt_train_options_set(&o, "overwrite", NULL, err);
    dt_train_options_set(&o, "batch-size", "50", err);
    dt_train_options_set(&o, "lr", "0.05", err);
    dt_train_options_set(&o, "hidden", "5", err);
    dt_train_options_set(&o, "normalize", "standard", err);
    dt_train_options_set(&o, "epochs", "2", err);
    dt_train_options_set(&o, "quiet", NULL, err);
    for (; *more; more += 2)
        dt_train_options_set(&o, more[0], more[1][0] ? more[1] : NULL, err);
    if (!err->code)
        dt_train(&world, &o, err);
    dt_train_options_free(&o);
    if (!err->code && world.rank == 0 && !dt_contents_find_newest(&end, results, NULL, err)) {
        parameters_saved = end.model.parameters;
        parameters = malloc((size_t)end.model.parameters * sizeof *parameters);
        memcpy(parameters, end.parameters, (size_t)end.model.parameters * sizeof *parameters);
    }
    dt_contents_free(&end);
    dt_world_agree(&world, err);
    return parameters;
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PARTS "data", "in_*.h5", "x", "a,g/b", "y-data", "@out.txt", "y", "t"

enum { PARAMETERS = WIDTH * 5 + 5 + 5 * Y_WIDTH + Y_WIDTH };

/* Whether a run ends with the parameters of another one. */
static void check_same(const float *expected, const char *const *options)
{
    dt_error err;
    float *got = train(options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(world.rank != 0 || memcmp(expected, got, PARAMETERS * sizeof *got) == 0);
    free(got);
}

static void same_in_memory(void **state)
{
    (void)state;
    dt_error err;
    float *one = train(OPTIONS("data", "one.h5"), &err);
    CHECK_NO_ERROR(&err);
    check_same(one, OPTIONS(PARTS));
    check_same(one, OPTIONS("data", "table.h5", "x", "rows[a,b]", "y", "rows/y0,rows/y1"));
    check_same(one, OPTIONS("data", "table.h5", "x", "rows/a,rows/b", "y", "rows[y0,y1]"));
    check_same(one, OPTIONS("data", "both.h5", "x", "data[:-2]", "y", "data[:,4:]"));
    check_same(one, OPTIONS("data", "both.h5", "x", "data[0,1,2],data[3]", "y", "data[-2,-1]"));
    check_same(one, OPTIONS("data", "turned.h5", "transpose", ""));
    check_same(one, OPTIONS("data", "one.h5", "y-data", "one.h5"));
    free(one);
}

static void same_streamed(void **state)
{
    (void)state;
    dt_error err;
    float *one = train(OPTIONS("data", "one.h5", "memory", "20k"), &err);
    CHECK_NO_ERROR(&err);
    check_same(one, OPTIONS(PARTS, "memory", "20k"));
    check_same(one, OPTIONS("data", "turned.h5", "transpose", "", "memory", "20k"));
    free(one);
}

/* So few files may be open that each is closed and taken again, some by HDF5 and some without. */
static void few_open_files(void **state)
{
    (void)state;
    enum { FEW = 128 };
    dt_error err;
    struct rlimit before, few;
    CHECK_ALL(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = FEW;
    float *one = train(OPTIONS("data", "one.h5", "memory", "20k"), &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(setrlimit(RLIMIT_NOFILE, &few) == 0);
    check_same(one, OPTIONS(PARTS, "memory", "20k"));
    check_same(one, OPTIONS("data", "big_*.h5", "x", "a,g/b", "y", "t", "memory", "20k"));
    CHECK_ALL(setrlimit(RLIMIT_NOFILE, &before) == 0);
    free(one);
}

/* Strings of two files are the classes 0 to 2 in the order of their bytes; an empty one is a missing
 * label. The same rows with numbers, of which one does not count, give the same bits. */
static void words(void **state)
{
    (void)state;
    dt_error err;
    free(train(OPTIONS("data", "word_*.h5"), &err));
    CHECK_ALL(err.code == DT_ERR_DATA &&
              strstr(err.text, "word_1.h5: \"y\" has an empty string, a missing label, in row 4"));
    int64_t before = parameters_saved;
    float *numbers = train(OPTIONS("data", "number.h5", "ignore-label", "-100"), &err);
    CHECK_NO_ERROR(&err);
    float *strings = train(OPTIONS("data", "word_*.h5", "missing-y", "mask"), &err);
    CHECK_NO_ERROR(&err);
    int64_t expected = WIDTH * 5 + 5 + 5 * 3 + 3;
    CHECK_ALL(world.rank != 0 || (before != expected && parameters_saved == expected));
    CHECK_ALL(world.rank != 0 || memcmp(numbers, strings, (size_t)expected * sizeof *numbers) == 0);
    free(numbers);
    free(strings);
}

static void same_validation(void **state)
{
    (void)state;
    dt_error err;
    float *one = train(OPTIONS("data", "one.h5", "val-fraction", "0.2", "seed", "3"), &err);
    CHECK_NO_ERROR(&err);
    check_same(one, OPTIONS(PARTS, "val-fraction", "0.2", "seed", "3"));
    free(one);
    one = train(OPTIONS("data", "one.h5", "val-data", "in_8.h5", "val-x", "a,g/b", "val-y", "t",
                        "val-y-data", "out_0.h5"),
                &err);
    CHECK_NO_ERROR(&err);
    check_same(one, OPTIONS(PARTS, "val-data", "one.h5", "val-x", "x", "val-y", "y"));
    free(one);
}

/* ---- What does not fit ---------------------------------------------------------------------- */

static void check_refused(const char *const *options, const char *first, const char *second)
{
    dt_error err;
    free(train(options, &err));
    if (world.rank == 0 && (!strstr(err.text, first) || !strstr(err.text, second)))
        print_error("%s\n", err.text);
    CHECK_ALL(err.code != DT_OK && strstr(err.text, first) && strstr(err.text, second));
}

static void misfits(void **state)
{
    (void)state;
#define X "x", "a,g/b", "y", "a", "y-data"
    check_refused(OPTIONS("data", "in_8.h5,in_9.h5,wide.h5", X, "in_*.h5"),
                  "wide.h5: \"a,g/b\" has 5 columns", "4 in in_8.h5");
    check_refused(OPTIONS("data", "in_8.h5,uneven.h5", X, "in_*.h5"),
                  "uneven.h5: \"a\" has 10 rows but \"g/b\" has 11", "");
    check_refused(OPTIONS("data", "in_8.h5,in_9.h5,no.h5", X, "in_*.h5"), "no.h5: no such file",
                  "");
    check_refused(OPTIONS("data", "in_*.h5", X, "in_8.h5,in_9.h5"),
                  "in_*.h5: \"a,g/b\" has 1000 rows but \"a\" of in_8.h5,in_9.h5 has 201", "");
    check_refused(OPTIONS("data", "no_*.h5"), "no_*.h5: no file has a name of this pattern", "");
    check_refused(OPTIONS("data", "@no.txt"), "no.txt: No such file", "");
    check_refused(OPTIONS("data", "one.h5", "x", "x[3:9]"), "one.h5: \"x\" has no columns 3 to 8",
                  "it has 4");
    check_refused(OPTIONS("data", "both.h5", "x", "data", "y", "data[4]"),
                  "the target \"data[4]\" is among the inputs \"data\"", "--y-data");
    check_refused(OPTIONS("data", "turned.h5"), "turned.h5: \"x\" has 4 rows but \"y\" has 2", "");
    check_refused(OPTIONS("data", "table.h5", "x", "rows/name", "y", "rows/y0"),
                  "\"rows/name\" holds strings", "table.h5");
    check_refused(OPTIONS("data", "one.h5", "val-data", "in_8.h5,one.h5"),
                  "in_8.h5: no dataset \"x\"", "\"a\"");
    check_refused(OPTIONS("data", "one.h5", "val-data", "one.h5"), "\"x\" of one.h5 is trained on",
                  "--val-x");
    check_refused(OPTIONS("data", "one.h5", "val-data", "one.h5", "val-x", "/x"),
                  "\"/x\" of one.h5 is trained on", "--val-x");
    check_refused(OPTIONS("data", "one.h5", "y", "./x"), "the target \"./x\" is among the inputs",
                  "");
    check_refused(OPTIONS("data", "one.h5", "x", "x[99999999999999999999]"),
                  "expected names of datasets", "");
    check_refused(OPTIONS("data", "one.h5", "ignore-label", "2"),
                  "--ignore-label 2: \"y\" has several values a row", "");
    check_refused(OPTIONS("data", "number.h5", "ignore-label", "2x"),
                  "--ignore-label 2x: expected a whole number", "");
    check_refused(OPTIONS("data", "both.h5", "x", "data[0]", "y", "data[4]", "ignore-label", "2"),
                  "--ignore-label: expected with classes, not --loss mse", "");
}

static int enter(void **state)
{
    (void)state;
    dt_error none = {0};
    snprintf(folder, sizeof folder, "files.%d", world.size);
    snprintf(results, sizeof results, "run");
    make_rows();
    if (world.rank == 0) {
        mkdir(folder, 0777);
        if (chdir(folder))
            return -1;
        write_whole();
        write_parts();
        write_table();
        write_words();
        write_misfits();
    }
    dt_world_agree(&world, &none);
    return world.rank == 0 ? 0 : chdir(folder);
}

static int leave(void **state)
{
    (void)state;
    dt_error none = {0};
    char command[128];
    dt_world_agree(&world, &none);
    snprintf(command, sizeof command, "rm -rf -- ./%s", folder);
    return chdir("..") || (world.rank == 0 && system(command) != 0) ? -1 : 0;
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_in_memory),  cmocka_unit_test(same_streamed),
        cmocka_unit_test(few_open_files),  cmocka_unit_test(words),
        cmocka_unit_test(same_validation), cmocka_unit_test(misfits),
    };
    if (dt_world_begin(&world, &argc, &argv, &err) != DT_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, enter, leave);
    dt_world_end(&world);
    return failed;
}
