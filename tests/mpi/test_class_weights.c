/* --class-weights of very different size, against float64: a batch of the lightest class alone, one
 * of a heavy and a light class, and one sample of its class among many; in both ways to sum, on
 * every number of ranks. The divisor of a batch is the sum of exactly the weights that its losses
 * are multiplied by. */
#include "mpi/support.h"

#include "train/class_weights.h"

#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 400001 };

static const char *const ways[] = {"exact", "fast"};

static const float start_weight[2] = {0.3f, -0.2f}, start_bias[2] = {0, 0};

/* One step: its loss, and its gradient. */
typedef struct {
    double loss, weight[2], bias[2];
} outcome;

static const float *x;
static const int32_t *label;

/* What the samples [begin, end) of a batch give, in float64. */
static outcome expect(int begin, int end, const double weight[2])
{
    outcome o = {0};
    double divisor = 0;
    for (int r = begin; r < end; r++) {
        double w = weight[label[r]], e[2], sum;
        for (int k = 0; k < 2; k++)
            e[k] = exp((double)start_weight[k] * (double)x[r]);
        sum = e[0] + e[1];
        divisor += w;
        o.loss -= w * log(e[label[r]] / sum);
        for (int k = 0; k < 2; k++) {
            double slope = w * (e[k] / sum - (k == label[r]));
            o.weight[k] += slope * (double)x[r];
            o.bias[k] += slope;
        }
    }
    o.loss /= divisor;
    for (int k = 0; k < 2; k++) {
        o.weight[k] /= divisor;
        o.bias[k] /= divisor;
    }
    return o;
}

/* ---- A step of the program ------------------------------------------------------------------- */

static void put(hid_t file, const char *name, int dims, const float *values)
{
    const hsize_t dim[2] = {2, 1};
    hid_t space = H5Screate_simple(dims, dim, NULL), links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t set = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, links, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(links);
    H5Sclose(space);
}

static void write_start(const char *path)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "model/0.weight", 2, start_weight);
    put(file, "model/0.bias", 1, start_bias);
    H5Fclose(file);
}

static void read_pair(hid_t file, const char *name, double pair[2])
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0 || H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, pair) < 0)
        pair[0] = pair[1] = NAN;
    H5Dclose(set);
}

static double read_loss(const char *log)
{
    char line[4096];
    double loss = NAN;
    FILE *file = fopen(log, "r");
    while (file && fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        if (strcmp(json_string_value(json_object_get(event, "event")), "step") == 0)
            loss = json_real_value(json_object_get(event, "loss"));
        json_decref(event);
    }
    if (file)
        fclose(file);
    return loss;
}

/* After one step the momentum is the gradient. */
static outcome read_outcome(const char *log, const char *folder)
{
    outcome o = {.loss = read_loss(log)};
    char path[300];
    snprintf(path, sizeof path, "%s/step-0000000001.h5", folder);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    read_pair(file, "optimizer/momentum_buffer/0.weight", o.weight);
    read_pair(file, "optimizer/momentum_buffer/0.bias", o.bias);
    H5Fclose(file);
    unlink(path);
    rmdir(folder);
    return o;
}

/* Train one step on the first rows; the outcome is rank 0's. Collective. */
static dt_code take_step(int rows, const char *batch, const char *weights, const char *way,
                         outcome *o, dt_error *err)
{
    char *data = test_path("weights.h5"), *start = test_path("start.h5"),
         *log = test_path("weights.jsonl"), *folder = test_path("weights");
    const char *const options[][2] = {{"data", data},
                                      {"init-from", start},
                                      {"log", log},
                                      {"checkpoint", folder},
                                      {"quiet", NULL},
                                      {"no-shuffle", NULL},
                                      {"class-weights", weights},
                                      {"max-steps", "1"},
                                      {"reduce", way},
                                      {"momentum", "0.9"},
                                      {"batch-size", batch},
                                      {"lr", "0.1"},
                                      {"overwrite", NULL}};
    dt_train_options given;
    if (world.rank == 0) {
        write_data(data, &(test_data){.rows = rows, .width = 1, .x = x, .y = label});
        write_start(start);
    }
    dt_world_agree(&world, err);
    dt_train_options_init(&given, err);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        dt_train_options_set(&given, options[i][0], options[i][1], err);
    if (!err->code)
        dt_train(&world, &given, err);
    dt_train_options_free(&given);
    if (world.rank == 0 && !err->code)
        *o = read_outcome(log, folder);
    free(folder);
    remove_file(log);
    remove_file(start);
    remove_file(data);
    return err->code;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static bool near(double found, double expected, double scale)
{
    return fabs(found - expected) <= 2e-6 * fabs(scale);
}

static bool same_pair(const double found[2], const double expected[2])
{
    double largest = fmax(fabs(expected[0]), fabs(expected[1]));
    return near(found[0], expected[0], largest) && near(found[1], expected[1], largest);
}

static void check_step(int rows, const char *batch, const char *weights, const char *way,
                       const outcome *expected)
{
    dt_error err = {0};
    outcome o = *expected;
    take_step(rows, batch, weights, way, &o, &err);
    CHECK_NO_ERROR(&err);
    bool good = near(o.loss, expected->loss, expected->loss) &&
                same_pair(o.weight, expected->weight) && same_pair(o.bias, expected->bias);
    if (!good)
        print_error("%s %s: loss %.9g, not %.9g; bias %.9g, not %.9g\n", weights, way, o.loss,
                    expected->loss, o.bias[0], expected->bias[0]);
    CHECK_ALL(good);
}

/* Six samples of class 1 and at last one of class 0. */
static const float few_x[] = {1, 1, 1, 2, 0.5f, -1, 1};
static const int32_t few_labels[] = {1, 1, 1, 1, 1, 1, 0};
enum { FEW = 7 };

static void take_few(void)
{
    x = few_x;
    label = few_labels;
}

/* PyTorch's CrossEntropyLoss gives 0.974077 for the first three samples, whatever the weight. */
static void light_class_alone(void **state)
{
    (void)state;
    static const char *const weights[] = {"1,0.0001", "1,3e-10",   "1,1e-10",
                                          "1,7e-19",  "1e30,1e12", "1e-12,1e-30"};
    take_few();
    for (int i = 0; i < 6 * 2; i++) {
        outcome expected = expect(0, 3, (double[]){1, 1});
        CHECK_ALL(near(expected.loss, 0.974077, 1));
        check_step(FEW, "3", weights[i / 2], ways[i % 2], &expected);
    }
}

static void both_classes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double weight[2];
    } cases[] = {{"1,3e-10", {1, (double)3e-10f}},
                 {"1e-10,1", {(double)1e-10f, 1}},
                 {"0,2.5", {0, 2.5}},
                 {"0.3,0.7", {(double)0.3f, (double)0.7f}}};
    take_few();
    for (int i = 0; i < 4 * 2; i++) {
        outcome expected = expect(0, FEW, cases[i / 2].weight);
        check_step(FEW, "7", cases[i / 2].text, ways[i % 2], &expected);
    }
}

/* rows / (classes x rows of the class) is 200000.5 and 0.500001: each class is half of the mean. */
static void one_among_many(void **state)
{
    (void)state;
    float *many_x = malloc(MANY * sizeof *many_x);
    int32_t *many_labels = calloc(MANY, sizeof *many_labels);
    for (int r = 0; r < MANY; r++)
        many_x[r] = 0.5f + (float)(r * 37 % 101) / 101;
    many_labels[MANY / 3] = 1;
    x = many_x;
    label = many_labels;
    const double balanced[] = {MANY / (2.0 * (MANY - 1)), MANY / 2.0};
    outcome expected = expect(0, MANY, balanced);
    for (int i = 0; i < 2; i++)
        check_step(MANY, "400001", "balanced", ways[i], &expected);
    free(many_x);
    free(many_labels);
}

/* A batch in which nothing counts has no mean. */
static void no_weight(void **state)
{
    (void)state;
    take_few();
    for (int i = 0; i < 2; i++) {
        dt_error err = {0};
        outcome o;
        CHECK_ALL(take_step(FEW, "3", "1,0", ways[i], &o, &err) == DT_ERR_NONFINITE);
        CHECK_ALL(strstr(err.text, "class of weight 0") != NULL);
    }
}

/* ---- Units ----------------------------------------------------------------------------------- */

static dt_code read_weights(dt_class_weights *w, const char *text, dt_error *err)
{
    const dt_dataset dataset = {.outputs = 4};
    return dt_class_weights_init(w, text, DT_LOSS_CROSS_ENTROPY, &dataset, &world, err);
}

/* A weight is so many units, to its last bit. */
static void whole_units(void **state)
{
    (void)state;
    static const char *const lists[] = {"1,0.333333333,1.00000012,0", "3e-10,0.1,7,1e-18",
                                        "1e30,1e19,3.3e29,1e9", "1e-30,1e-30,2e-30,0",
                                        "16777215,1.1920929e-7,0.1,16777216"};
    for (int i = 0; i < 5; i++) {
        dt_error err = {0};
        dt_class_weights w;
        bool exact = true;
        if (i == 2) { /* 1e9 is 1e-21 of 1e30 */
            CHECK_ALL(read_weights(&w, lists[i], &err) == DT_ERR_USAGE);
            CHECK_ALL(strstr(err.text, "1e+09 is less than 1e-19 of the largest, 1e+30") != NULL);
            dt_class_weights_free(&w);
            continue;
        }
        read_weights(&w, lists[i], &err);
        CHECK_NO_ERROR(&err);
        for (int k = 0; k < 4; k++)
            exact = exact && (double)w.units[k] * w.unit == (double)w.weight[k] &&
                    w.units[k] <= (dt_weight)1 << 90;
        CHECK_ALL(exact);
        dt_class_weights_free(&w);
    }
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_class_alone), cmocka_unit_test(both_classes),
        cmocka_unit_test(one_among_many),    cmocka_unit_test(no_weight),
        cmocka_unit_test(whole_units),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
