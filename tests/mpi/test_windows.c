/* Samples of a time series: the same bits as of a file in which each sample is a row of its own. */
#include "mpi/support.h"

#include "checkpoint/contents.h"
#include "comm/internal.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 3, FILES = 3, MAX = 4000 };

static const dt_world *on = &world; /* that trains */
static const int file_rows[FILES] = {211, 9, 640};

/* How samples are made; gaps: some values are missing. */
typedef struct {
    int length, horizon, stride;
    bool gaps;
} windows;

static float x_of(int file, int row, int column)
{
    return sinf((float)(file * 100 + row * (column + 2)) / 11);
}

static bool is_gap(int row, int what)
{
    return (row * 7 + what) % 53 == 0;
}

static float y_of(int file, int row)
{
    return cosf((float)(file * 50 + row) / 17);
}

static void put(hid_t file, const char *name, int rows, int width, const float *values)
{
    hsize_t dim[2] = {(hsize_t)rows, (hsize_t)width};
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t set =
        H5Dcreate2(file, name, H5T_NATIVE_FLOAT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Sclose(space);
}

/* The series, in one file after the other. */
static void write_series(const windows *w)
{
    static float x[MAX * WIDTH], y[MAX];
    for (int f = 0; f < FILES && world.rank == 0; f++) {
        char name[32];
        snprintf(name, sizeof name, "series%d-%d.h5", world.size, f);
        for (int i = 0; i < file_rows[f]; i++) {
            for (int c = 0; c < WIDTH; c++)
                x[i * WIDTH + c] = w->gaps && is_gap(i, c) ? NAN : x_of(f, i, c);
            y[i] = w->gaps && is_gap(i, 9) ? NAN : y_of(f, i);
        }
        hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        put(file, "x", file_rows[f], WIDTH, x);
        put(file, "y", file_rows[f], 1, y);
        H5Fclose(file);
    }
}

static bool has_gap(const windows *w, int row)
{
    bool gap = is_gap(row + w->length - 1 + w->horizon, 9);
    for (int i = row; i < row + w->length; i++)
        for (int c = 0; c < WIDTH; c++)
            gap = gap || is_gap(i, c);
    return w->gaps && gap;
}

/* The samples, a row each. */
static void write_samples(const windows *w, const char *path)
{
    static float x[MAX * WIDTH * 16], y[MAX];
    int n = 0, width = w->length * WIDTH;
    for (int f = 0; f < FILES; f++)
        for (int row = 0; row + w->length - 1 + w->horizon < file_rows[f]; row += w->stride) {
            if (has_gap(w, row))
                continue;
            for (int i = 0; i < width; i++)
                x[n * width + i] = x_of(f, row + i / WIDTH, i % WIDTH);
            y[n++] = y_of(f, row + w->length - 1 + w->horizon);
        }
    if (world.rank > 0)
        return;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "x", n, width, x);
    put(file, "y", n, 1, y);
    H5Fclose(file);
}

/* Train; the parameters, and how many there are, on rank 0. */
static int64_t train(const char *data, const windows *w, const char *const *more, float *parameters)
{
    char *folder = test_path("windows-run"), number[32], command[128];
    int64_t n = 0;
    dt_train_options o;
    dt_contents end = {0};
    dt_error err = {0};
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "data", data, &err);
    dt_train_options_set(&o, "checkpoint", folder, &err);
    dt_train_options_set(&o, "overwrite", NULL, &err);
    dt_train_options_set(&o, "batch-size", "64", &err);
    dt_train_options_set(&o, "lr", "0.1", &err);
    dt_train_options_set(&o, "hidden", "4", &err);
    dt_train_options_set(&o, "quiet", NULL, &err);
    for (; *more; more += 2)
        dt_train_options_set(&o, more[0], more[1], &err);
    if (w) {
        snprintf(number, sizeof number, "%d", w->length);
        dt_train_options_set(&o, "window", number, &err);
        snprintf(number, sizeof number, "%d", w->horizon);
        dt_train_options_set(&o, "horizon", number, &err);
        snprintf(number, sizeof number, "%d", w->stride);
        dt_train_options_set(&o, "stride", number, &err);
    }
    if (!err.code)
        dt_train(on, &o, &err);
    dt_train_options_free(&o);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0 && !dt_contents_find_newest(&end, folder, NULL, &err)) {
        n = end.model.parameters;
        memcpy(parameters, end.parameters, (size_t)n * sizeof *parameters);
    }
    dt_contents_free(&end);
    CHECK_NO_ERROR(&err);
    snprintf(command, sizeof command, "rm -rf -- ./%s", folder);
    CHECK_ALL(world.rank != 0 || system(command) == 0);
    free(folder);
    return n;
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void remove_series(void)
{
    for (int f = 0; f < FILES && world.rank == 0; f++) {
        char name[32];
        snprintf(name, sizeof name, "series%d-%d.h5", world.size, f);
        remove(name);
    }
}

static void check(const windows *w, const char *const *with, const char *const *without)
{
    static float a[1024], b[1024];
    char list[128], *samples = test_path("samples.h5");
    snprintf(list, sizeof list, "series%d-0.h5,series%d-1.h5,series%d-2.h5", world.size, world.size,
             world.size);
    dt_error none = {0};
    write_series(w);
    write_samples(w, samples);
    dt_world_agree(&world, &none);
    int64_t n = train(list, w, with, a), m = train(samples, NULL, without, b);
    CHECK_ALL(world.rank != 0 || (n == m && n > 0 && memcmp(a, b, (size_t)n * sizeof *a) == 0));
    remove_file(samples);
    remove_series();
}

static void as_rows(void **state)
{
    (void)state;
    const char *const *same = OPTIONS("seed", "1");
    check(&(windows){8, 1, 1, false}, same, same);
    check(&(windows){5, 0, 3, false}, same, same);
    check(&(windows){12, 4, 2, false}, same, same);
    check(&(windows){1, 2, 1, false}, same, same);
    check(&(windows){4, 1, 9, false}, same, same);
}

static void with_gaps(void **state)
{
    (void)state;
    check(&(windows){4, 1, 1, true}, OPTIONS("missing", "drop", "missing-y", "drop"),
          OPTIONS("seed", "0"));
}

/* Samples that are read in windows, and samples that ranks of other nodes compute with. */
static void streamed(void **state)
{
    (void)state;
    const char *const *same = OPTIONS("memory", "10K", "no-shuffle", NULL);
    check(&(windows){8, 1, 1, false}, same, same);
}

static void over_nodes(void **state)
{
    dt_world nodes = {0};
    dt_error err = {0};
    dt_world_of(&nodes, MPI_COMM_WORLD, world.rank, &err);
    CHECK_NO_ERROR(&err);
    on = &nodes;
    as_rows(state);
    streamed(state);
    on = &world;
    dt_world_end(&nodes);
}

/* A fraction is the last samples. */
static void held_out(void **state)
{
    (void)state;
    static float a[1024], b[1024];
    windows w = {6, 1, 1, false};
    char list[64];
    snprintf(list, sizeof list, "series%d-0.h5", world.size);
    write_series(&w);
    dt_error none = {0};
    dt_world_agree(&world, &none);
    int64_t n = train(list, &w, OPTIONS("val-fraction", "0.25"), a);
    train(list, &w, OPTIONS("val-last", "0.25"), b);
    CHECK_ALL(world.rank != 0 || memcmp(a, b, (size_t)n * sizeof *a) == 0);
    remove_series();
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_rows),  cmocka_unit_test(with_gaps),  cmocka_unit_test(held_out),
        cmocka_unit_test(streamed), cmocka_unit_test(over_nodes),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
