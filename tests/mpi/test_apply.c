/* evaluate and predict against a model small enough to compute by hand: y = 2 x0 - x1 + 1, and
 * classes by the larger of two outputs. */
#include "mpi/support.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/store.h"
#include "comm/comm.h"
#include "file/strings.h"
#include "model/loss_text.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 1037 };

static const dt_quantiles quartiles = {2, {0.25, 0.75}}; /* of DT_LOSS_QUANTILE */
static const dt_normalizer *of_inputs; /* which write_model's checkpoints have; NULL: none */

/* Rank 0 writes a checkpoint of a linear model [outputs,2]; returns its path on every rank. */
static char *write_model(int64_t outputs, dt_loss loss, const float *parameters)
{
    dt_error err = {0};
    dt_model model;
    dt_model_shape shape = {.inputs = 2, .outputs = outputs, .loss = loss, .quantiles = quartiles};
    dt_optimizer optimizer = {0};
    char *folder = test_path("apply"), *path = NULL, name[DT_LOSS_WORDS], options[2000];
    snprintf(options, sizeof options, "{\"hidden\":[],\"activation\":\"relu\",\"loss\":\"%s\"}",
             dt_loss_describe(name, loss, &quartiles));
    dt_model_init(&model, &shape, &err);
    dt_checkpoint c = {.model = &model,
                       .parameters = parameters,
                       .optimizer = &optimizer,
                       .normalizer = of_inputs,
                       .progress = {.global_step = 1},
                       .options = options};
    path = dt_store_step_path(folder, 1, &err);
    if (world.rank == 0 && !dt_store_prepare(folder, &err))
        dt_checkpoint_write(path, NULL, &c, NULL, &err);
    dt_world_agree(&world, &err);
    dt_model_free(&model);
    free(folder);
    CHECK_NO_ERROR(&err);
    return path;
}

static void make_x(float x[ROWS][2])
{
    for (int r = 0; r < ROWS; r++) {
        x[r][0] = (float)(r % 17) / 4;
        x[r][1] = (float)(r % 5);
    }
}

static char *write_rows(const float x[ROWS][2], const void *y, bool labels)
{
    dt_error err = {0};
    char *path = test_path("apply.h5");
    if (world.rank == 0)
        write_data(path,
                   &(test_data){.rows = ROWS, .width = 2, .y_width = !labels, .x = x, .y = y});
    dt_world_agree(&world, &err);
    return path;
}

static void evaluates_numbers(void **state)
{
    (void)state;
    static float x[ROWS][2], y[ROWS];
    const float parameters[] = {2, -1, 1};
    double sum = 0;
    make_x(x);
    for (int r = 0; r < ROWS; r++) {
        y[r] = (float)(r % 3); /* the model says 2 x0 - x1 + 1 */
        double error = 2.0 * x[r][0] - x[r][1] + 1 - y[r];
        sum += error * error;
    }
    char *model = write_model(1, DT_LOSS_MSE, parameters), *data = write_rows(x, y, false);
    dt_error err = {0};
    dt_evaluate_result result;
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(fabs(result.loss - sum / ROWS) < 1e-6 * sum / ROWS);
    CHECK_ALL(result.samples == ROWS && !result.has_accuracy);
    remove_file(data);
    remove_file(model);
}

/* A scale of 0 would make one feature the same for all rows. */
static void refuses_a_scale_of_nothing(void **state)
{
    (void)state;
    static float x[ROWS][2], y[ROWS];
    static const double scales[] = {0, -1};
    const float parameters[] = {2, -1, 1};
    make_x(x);
    char *data = write_rows(x, y, false);
    for (int i = 0; i < 2; i++) {
        const dt_normalizer bad = {2, (double[]){0, 0}, (double[]){1, scales[i]}, NULL};
        of_inputs = &bad;
        char *model = write_model(1, DT_LOSS_MSE, parameters);
        of_inputs = NULL;
        dt_error err = {0};
        dt_evaluate_result result;
        dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
        dt_evaluate(&world, &options, &result, &err);
        CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "\"scale\""));
        remove_file(model);
    }
    remove_file(data);
}

/* Outputs x0 and x1: class 0 where x0 >= x1. */
static const float identity[] = {1, 0, 0, 1, 0, 0};

static void evaluates_classes(void **state)
{
    (void)state;
    static float x[ROWS][2];
    static int32_t y[ROWS];
    double sum = 0, correct = 0;
    make_x(x);
    for (int r = 0; r < ROWS; r++) {
        double a = x[r][0], b = x[r][1];
        y[r] = r % 7 == 0;
        sum += log(exp(a) + exp(b)) - (y[r] ? b : a);
        correct += (a >= b ? 0 : 1) == y[r];
    }
    char *model = write_model(2, DT_LOSS_CROSS_ENTROPY, identity), *data = write_rows(x, y, true);
    dt_error err = {0};
    dt_evaluate_result result;
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(fabs(result.loss - sum / ROWS) < 1e-6 * sum / ROWS);
    CHECK_ALL(result.has_accuracy && result.accuracy == correct / ROWS);
    remove_file(data);
    remove_file(model);
}

/* Read a dataset of just so many bytes; on failure values are left as they are. */
static void read_all(const char *path, const char *name, hid_t type, void *values, size_t bytes)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (H5Dget_storage_size(set) != bytes ||
        H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        print_error("%s: cannot read %s\n", path, name);
    H5Dclose(set);
    H5Fclose(file);
}

static bool predictions_right(const char *path, const float x[ROWS][2])
{
    static float p[ROWS][2];
    static int32_t label[ROWS];
    bool right = true;
    read_all(path, "prediction", H5T_NATIVE_FLOAT, p, sizeof p);
    read_all(path, "label", H5T_NATIVE_INT32, label, sizeof label);
    for (int r = 0; r < ROWS && right; r++) {
        double first = 1 / (1 + exp((double)x[r][1] - x[r][0]));
        right = fabs(p[r][0] - first) < 1e-6 && fabs(p[r][1] - (1 - first)) < 1e-6 &&
                label[r] == (x[r][0] >= x[r][1] ? 0 : 1);
    }
    return right;
}

static void predicts_classes(void **state)
{
    (void)state;
    static float x[ROWS][2];
    static int32_t y[ROWS];
    make_x(x);
    char *model = write_model(2, DT_LOSS_CROSS_ENTROPY, identity), *data = write_rows(x, y, true);
    char *out = test_path("prediction.h5");
    dt_error err = {0};
    dt_predict_options options = {.model = model, .data = data, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(world.rank != 0 || predictions_right(out, x));
    remove_file(out);
    remove_file(data);
    remove_file(model);
}

static void predicts_truths(void **state)
{
    (void)state;
    static float x[ROWS][2], y[ROWS], p[ROWS][2];
    static int32_t label[ROWS][2];
    bool right = true;
    make_x(x);
    char *model = write_model(2, DT_LOSS_BCE, identity), *data = write_rows(x, y, false);
    char *out = test_path("prediction.h5");
    dt_error err = {0};
    dt_predict_options options = {.model = model, .data = data, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0) {
        read_all(out, "prediction", H5T_NATIVE_FLOAT, p, sizeof p);
        read_all(out, "label", H5T_NATIVE_INT32, label, sizeof label);
    }
    for (int r = 0; r < ROWS && world.rank == 0; r++)
        for (int k = 0; k < 2; k++)
            right = right && fabs(p[r][k] - 1 / (1 + exp((double)-x[r][k]))) < 1e-6 &&
                    label[r][k] == (x[r][k] > 0);
    CHECK_ALL(right);
    remove_file(out);
    remove_file(data);
    remove_file(model);
}

/* The names of the columns in the file. */
static bool columns_are(const char *path, int n, const char *const *expected)
{
    dt_error err = {0};
    dt_names names;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "prediction", H5P_DEFAULT);
    bool right = !dt_strings_read_attribute(set, "columns", &names, &err) && names.n == n;
    for (int i = 0; i < n && right; i++)
        right = strcmp(names.name[i], expected[i]) == 0;
    dt_names_free(&names);
    H5Dclose(set);
    H5Fclose(file);
    return right;
}

/* Two targets, two columns each: outputs x0, x0 + 1, x1, x1 - 3. */
static const float four[] = {1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, -3};

/* The predictions of the model `four` with a loss. */
static void predict_four(dt_loss loss, const float x[ROWS][2], float p[ROWS][4],
                         const char *const *columns)
{
    char *model = write_model(4, loss, four), *data = write_rows(x, x[0], false);
    char *out = test_path("prediction.h5");
    dt_error err = {0};
    dt_predict_options options = {.model = model, .data = data, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0)
        read_all(out, "prediction", H5T_NATIVE_FLOAT, p, sizeof(float[ROWS][4]));
    CHECK_ALL(world.rank != 0 || columns_are(out, 4, columns));
    remove_file(out);
    remove_file(data);
    remove_file(model);
}

static void predicts_quantiles(void **state)
{
    (void)state;
    static float x[ROWS][2], p[ROWS][4];
    static const char *const columns[] = {"0:q0.25", "0:q0.75", "1:q0.25", "1:q0.75"};
    bool right = true;
    make_x(x);
    predict_four(DT_LOSS_QUANTILE, x, p, columns);
    for (int r = 0; r < ROWS && world.rank == 0; r++)
        right = right && p[r][0] == x[r][0] && p[r][1] == x[r][0] + 1 && p[r][2] == x[r][1] &&
                p[r][3] == x[r][1] - 3;
    CHECK_ALL(right);
}

/* The variances are made of the third and fourth output. */
static void predicts_means_and_deviations(void **state)
{
    (void)state;
    static float x[ROWS][2], p[ROWS][4];
    static const char *const columns[] = {"0:mean", "0:std", "1:mean", "1:std"};
    bool right = true;
    make_x(x);
    predict_four(DT_LOSS_GAUSSIAN_NLL, x, p, columns);
    for (int r = 0; r < ROWS && world.rank == 0; r++)
        right = right && p[r][0] == x[r][0] && p[r][2] == x[r][0] + 1 &&
                fabs(p[r][1] - sqrt(log(1 + exp((double)x[r][1])))) < 1e-6 &&
                fabs(p[r][3] - sqrt(log(1 + exp((double)x[r][1] - 3)))) < 1e-6;
    CHECK_ALL(right);
}

/* One target: its quartiles are x0 - 1 and x0 + 2, the second of which is not nearer to 0.5. */
static void evaluates_quantiles(void **state)
{
    (void)state;
    static float x[ROWS][2], y[ROWS];
    const float parameters[] = {1, 0, 1, 0, -1, 2};
    double sum = 0, square = 0;
    make_x(x);
    for (int r = 0; r < ROWS; r++) {
        y[r] = (float)(r % 3);
        double low = y[r] - (double)x[r][0] + 1, high = y[r] - (double)x[r][0] - 2;
        sum += (fmax(0.25 * low, -0.75 * low) + fmax(0.75 * high, -0.25 * high)) / 2;
        square += low * low;
    }
    char *model = write_model(2, DT_LOSS_QUANTILE, parameters), *data = write_rows(x, y, false);
    dt_error err = {0};
    dt_evaluate_result result;
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(fabs(result.loss - sum / ROWS) < 1e-6 * sum / ROWS);
    CHECK_ALL(fabs(result.rmse - sqrt(square / ROWS)) < 1e-6 * result.rmse);
    CHECK_ALL(result.has_r2 && result.targets == 0);
    remove_file(data);
    remove_file(model);
}

/* Three outputs cannot be two a target. */
static void outputs_that_are_no_pairs(void **state)
{
    (void)state;
    static float x[ROWS][2], y[ROWS];
    char *model = write_model(3, DT_LOSS_QUANTILE, (float[9]){0}), *data = write_rows(x, y, false);
    dt_error err = {0};
    dt_evaluate_result result;
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "3 outputs"));
    remove_file(data);
    remove_file(model);
}

static void the_last_row_is_no_class(void **state)
{
    (void)state;
    static float x[ROWS][2];
    static int32_t y[ROWS];
    y[ROWS - 1] = 2;
    char *model = write_model(2, DT_LOSS_CROSS_ENTROPY, identity), *data = write_rows(x, y, true);
    dt_error err = {0};
    dt_evaluate_result result;
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "row 1036"));
    remove_file(data);
    remove_file(model);
}

static void a_bad_last_row_leaves_no_prediction(void **state)
{
    (void)state;
    static float x[ROWS][2];
    static int32_t y[ROWS];
    struct stat info;
    x[ROWS - 1][1] = NAN;
    char *model = write_model(2, DT_LOSS_CROSS_ENTROPY, identity), *data = write_rows(x, y, true);
    char *out = test_path("prediction.h5");
    dt_error err = {0};
    dt_predict_options options = {.model = model, .data = data, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "row 1036"));
    CHECK_ALL(stat(out, &info) != 0);
    free(out);
    remove_file(data);
    remove_file(model);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluates_numbers),
        cmocka_unit_test(refuses_a_scale_of_nothing),
        cmocka_unit_test(evaluates_classes),
        cmocka_unit_test(predicts_classes),
        cmocka_unit_test(predicts_truths),
        cmocka_unit_test(predicts_quantiles),
        cmocka_unit_test(predicts_means_and_deviations),
        cmocka_unit_test(evaluates_quantiles),
        cmocka_unit_test(outputs_that_are_no_pairs),
        cmocka_unit_test(the_last_row_is_no_class),
        cmocka_unit_test(a_bad_last_row_leaves_no_prediction),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
