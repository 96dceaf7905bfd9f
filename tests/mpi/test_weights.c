/* Weights of samples, targets that are missing, and labels that do not count. Trained with all rows
 * in a batch, a row of weight 2 is one that is there twice, one of weight 0 is not there, and so is
 * one without a target. */
#include "mpi/support.h"

#include "checkpoint/contents.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, WIDTH = 3, TARGETS = 2, STEPS = 30 };

/* A data set: of each row so many copies, with a weight. */
typedef struct {
    int copies[ROWS];
    float weight[ROWS];
    bool is_labels;
    bool gaps; /* where copies is 0 there is one row without targets, or with the label 7 */
    bool in_x; /* or one without a value of x */
    bool half; /* only the first target is there in odd rows */
} plan;

static float x_of(int row, int column)
{
    return (float)((row * 29 + column * 53) % 61 - 30) / 20;
}

static float y_of(int row, int k)
{
    return k == 0 ? x_of(row, 0) - x_of(row, 2) : 0.5f * x_of(row, 1) + (float)(row % 4) / 8;
}

static void put(hid_t file, const char *name, hid_t type, int rows, int width, const void *values)
{
    hsize_t dim[2] = {(hsize_t)rows, (hsize_t)width};
    hid_t space = H5Screate_simple(width > 1 ? 2 : 1, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Sclose(space);
}

static void append_row(const plan *p, int i, int n, float *x, float *y, int32_t *label, float *w)
{
    bool lost = p->copies[i] == 0;
    for (int c = 0; c < WIDTH; c++)
        x[n * WIDTH + c] = lost && p->in_x && c == i % WIDTH ? NAN : x_of(i, c);
    for (int k = 0; k < TARGETS; k++)
        y[n * TARGETS + k] = (lost && !p->in_x) || (p->half && k == 1 && i % 2) ? NAN : y_of(i, k);
    label[n] = lost ? 7 : y_of(i, 0) > 0;
    w[n] = p->weight[i];
}

static char *write_plan(const char *name, const plan *p)
{
    enum { MAX = 4 * ROWS };
    static float x[MAX * WIDTH], y[MAX * TARGETS], w[MAX];
    static int32_t label[MAX];
    char *path = test_path(name);
    int n = 0;
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < (p->gaps && p->copies[i] == 0 ? 1 : p->copies[i]); c++)
            append_row(p, i, n++, x, y, label, w);
    if (world.rank == 0) {
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        put(file, "x", H5T_NATIVE_FLOAT, n, WIDTH, x);
        if (p->is_labels)
            put(file, "y", H5T_NATIVE_INT32, n, 1, label);
        else
            put(file, "y", H5T_NATIVE_FLOAT, n, TARGETS, y);
        put(file, "w", H5T_NATIVE_FLOAT, n, 1, w);
        H5Fclose(file);
    }
    dt_error none = {0};
    dt_world_agree(&world, &none);
    return path;
}

enum { PARAMETERS = WIDTH * TARGETS + TARGETS };

/* Train a linear model; its parameters, on rank 0. */
static void train(const char *data, const char *const *more, float *parameters)
{
    char *folder = test_path("weights-run");
    dt_train_options o;
    dt_contents end = {0};
    dt_error err = {0};
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "data", data, &err);
    dt_train_options_set(&o, "checkpoint", folder, &err);
    dt_train_options_set(&o, "overwrite", NULL, &err);
    dt_train_options_set(&o, "batch-size", "100000", &err);
    dt_train_options_set(&o, "lr", "0.1", &err);
    dt_train_options_set(&o, "epochs", "30", &err);
    dt_train_options_set(&o, "quiet", NULL, &err);
    for (; *more; more += 2)
        dt_train_options_set(&o, more[0], more[1], &err);
    if (!err.code)
        dt_train(&world, &o, &err);
    dt_train_options_free(&o);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0 && !dt_contents_find_newest(&end, folder, NULL, &err))
        memcpy(parameters, end.parameters, PARAMETERS * sizeof *parameters);
    dt_contents_free(&end);
    CHECK_NO_ERROR(&err);
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- ./%s", folder);
    CHECK_ALL(world.rank != 0 || system(command) == 0);
    free(folder);
}

static bool near(const float *a, const float *b)
{
    bool same = true;
    for (int i = 0; i < PARAMETERS && world.rank == 0; i++)
        same = same && fabsf(a[i] - b[i]) < 2e-6f * (1 + fabsf(b[i]));
    return same;
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The scores with options and weights, and those of a file with the rows that they stand for. */
static void check_scores(const char *data, const char *model_data, const char *plain,
                         dt_evaluate_options options)
{
    char *folder = test_path("weights-model");
    dt_train_options o;
    dt_error err = {0};
    dt_evaluate_result a, b;
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "data", model_data, &err);
    dt_train_options_set(&o, "checkpoint", folder, &err);
    dt_train_options_set(&o, "overwrite", NULL, &err);
    dt_train_options_set(&o, "quiet", NULL, &err);
    dt_train(&world, &o, &err);
    dt_train_options_free(&o);
    CHECK_NO_ERROR(&err);
    options.model = folder;
    options.x = "x";
    options.y = "y";
    options.data = data;
    dt_evaluate(&world, &options, &a, &err);
    CHECK_NO_ERROR(&err);
    options = (dt_evaluate_options){.model = folder, .data = plain, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &b, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(fabs(a.loss - b.loss) < 1e-9 * b.loss);
    if (b.has_r2)
        CHECK_ALL(fabs(a.r2 - b.r2) < 1e-9 && fabs(a.rmse - b.rmse) < 1e-9 &&
                  fabs(a.mae - b.mae) < 1e-9 && fabs(a.target[1].r2 - b.target[1].r2) < 1e-9);
    else
        CHECK_ALL(fabs(a.accuracy - b.accuracy) < 1e-12 && fabs(a.f1 - b.f1) < 1e-12);
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- ./%s", folder);
    CHECK_ALL(world.rank != 0 || system(command) == 0);
    free(folder);
}

/* Rows that are there once, with a weight; and so many times. */
static void check_weights(bool is_labels)
{
    plan once = {.is_labels = is_labels}, often = {.is_labels = is_labels};
    float a[PARAMETERS], b[PARAMETERS];
    for (int i = 0; i < ROWS; i++) {
        once.copies[i] = 1;
        often.copies[i] = i % 4;
        once.weight[i] = 0.75f * (float)(i % 4);
    }
    char *first = write_plan("once.h5", &once), *second = write_plan("often.h5", &often);
    train(first, OPTIONS("weights", "w"), a);
    train(second, OPTIONS("seed", "0"), b);
    CHECK_ALL(near(a, b));
    train(first, OPTIONS("weights", "w", "reduce", "fast"), a);
    CHECK_ALL(near(a, b));
    check_scores(first, second, second, (dt_evaluate_options){.weights = "w"});
    remove_file(first);
    remove_file(second);
}

static void weighted_rows(void **state)
{
    (void)state;
    check_weights(false);
    check_weights(true);
}

/* Rows without a target, and rows that are not there. */
static void check_gaps(bool is_labels)
{
    plan gaps = {.is_labels = is_labels, .gaps = true}, none = {.is_labels = is_labels};
    const char *const *options =
        is_labels ? OPTIONS("ignore-label", "7") : OPTIONS("missing-y", "mask");
    float a[PARAMETERS], b[PARAMETERS];
    for (int i = 0; i < ROWS; i++)
        none.copies[i] = gaps.copies[i] = i % 3 != 1;
    char *first = write_plan("gaps.h5", &gaps), *second = write_plan("none.h5", &none);
    train(first, options, a);
    train(second, OPTIONS("seed", "0"), b);
    CHECK_ALL(near(a, b));
    dt_evaluate_options labels = {.ignore_label = "7"}, numbers = {.missing_y = DT_MISSING_Y_MASK};
    check_scores(first, second, second, is_labels ? labels : numbers);
    remove_file(first);
    remove_file(second);
}

static void missing_rows(void **state)
{
    (void)state;
    check_gaps(false);
    check_gaps(true);
}

/* Rows that are left out, in x or in y, are as rows that are not there, bit by bit. */
static void check_drop(bool in_x)
{
    plan gaps = {.gaps = true, .in_x = in_x}, none = {0};
    const char *option = in_x ? "missing" : "missing-y";
    dt_evaluate_options drops = {.missing = in_x ? DT_MISSING_DROP : DT_MISSING_ERROR,
                                 .missing_y = in_x ? DT_MISSING_Y_ERROR : DT_MISSING_Y_DROP};
    float a[PARAMETERS], b[PARAMETERS];
    for (int i = 0; i < ROWS; i++)
        none.copies[i] = gaps.copies[i] = i > 4 && i % 7 != 1 && (i < 100 || i > 180);
    char *first = write_plan("drop.h5", &gaps), *second = write_plan("none.h5", &none);
    train(first, OPTIONS(option, "drop", "batch-size", "32", "val-last", "0.2"), a);
    train(second, OPTIONS("seed", "0", "batch-size", "32", "val-last", "0.2"), b);
    CHECK_ALL(world.rank != 0 || memcmp(a, b, sizeof a) == 0);
    check_scores(first, second, second, drops);
    remove_file(first);
    remove_file(second);
}

static void dropped_rows(void **state)
{
    (void)state;
    check_drop(true);
    check_drop(false);
}

/* The first output learns from all rows, the second from the even ones: their means have another
 * number of targets, so the learning rates of the two differ as these do. */
static void missing_targets(void **state)
{
    (void)state;
    dt_error err = {0};
    plan half = {.half = true};
    for (int i = 0; i < ROWS; i++)
        half.copies[i] = 1;
    char *path = write_plan("half.h5", &half);
    float a[PARAMETERS];
    train(path, OPTIONS("missing-y", "mask", "epochs", "4000"), a);
    for (int k = 0; k < TARGETS; k++) { /* the weights of y = x0 - x2, which has an exact law */
        if (k == 0)
            CHECK_ALL(world.rank != 0 ||
                      (fabsf(a[0] - 1) < 1e-3f && fabsf(a[2] + 1) < 1e-3f && fabsf(a[1]) < 1e-3f));
        else
            CHECK_ALL(world.rank != 0 || fabsf(a[WIDTH + 1] - 0.5f) < 0.1f);
    }
    dt_train_options o;
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "data", path, &err);
    dt_train_options_set(&o, "quiet", NULL, &err);
    dt_train(&world, &o, &err);
    dt_train_options_free(&o);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "NaN in row 1, column 1"));
    remove_file(path);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighted_rows),
        cmocka_unit_test(missing_rows),
        cmocka_unit_test(dropped_rows),
        cmocka_unit_test(missing_targets),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
