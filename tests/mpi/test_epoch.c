/* What an epoch and a step are, on any number of ranks: with learning rate 0 the losses of an
 * epoch's steps, times their samples, add up to the loss over the data, computed here directly;
 * every number of ranks logs the same steps; and the bundled job is 5 epochs of 10 steps. */
#include "mpi/support.h"

#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1037, WIDTH = 6, MAX_STEPS = 1000 };

typedef struct {
    int64_t steps, samples;
    double sum;        /* of loss * samples over the steps */
    double epoch_loss; /* as the epoch's event has it, in the last epoch */
    int64_t epochs;
    bool counted; /* epoch, step and global_step go on by one */
    double loss[MAX_STEPS];
} log_facts;

static int64_t integer(const json_t *event, const char *key)
{
    return json_integer_value(json_object_get(event, key));
}

static void add_event(const json_t *event, log_facts *f, int64_t steps_per_epoch)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    if (strcmp(kind, "step") == 0) {
        double loss = json_real_value(json_object_get(event, "loss"));
        f->counted = f->counted && integer(event, "global_step") == f->steps + 1 &&
                     integer(event, "epoch") == f->steps / steps_per_epoch + 1 &&
                     integer(event, "step") == f->steps % steps_per_epoch + 1;
        f->loss[f->steps++ % MAX_STEPS] = loss;
        f->samples += integer(event, "samples");
        f->sum += loss * (double)integer(event, "samples");
    } else if (strcmp(kind, "epoch") == 0) {
        f->epochs++;
        f->epoch_loss = json_real_value(json_object_get(event, "train_loss"));
    }
}

static void read_log(const char *path, log_facts *f, int64_t steps_per_epoch)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    *f = (log_facts){.counted = true};
    while (file && fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        add_event(event, f, steps_per_epoch);
        json_decref(event);
    }
    if (file)
        fclose(file);
}

/* Run training with options given as name, value, ..., NULL. */
static void run(const char *data, const char *log, const char *const *more)
{
    dt_error err = {0};
    dt_train_options options;
    dt_train_options_init(&options, &err);
    dt_train_options_set(&options, "data", data, &err);
    dt_train_options_set(&options, "log", log, &err);
    dt_train_options_set(&options, "quiet", NULL, &err);
    for (; more[0]; more += 2)
        dt_train_options_set(&options, more[0], more[1], &err);
    dt_train(&world, &options, &err);
    dt_train_options_free(&options);
    CHECK_NO_ERROR(&err);
}

static void make_rows(float x[ROWS][WIDTH], float y[ROWS])
{
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < WIDTH; i++)
            x[r][i] = sinf((float)(r * WIDTH + i));
        y[r] = (float)r / 100 - 3;
    }
}

/* With lr 0 the loss of every epoch is that of the first weights; with weights of 0 (their file has
 * only /model) it is the mean of y squared. */
static double direct_sum(const float y[ROWS])
{
    double sum = 0;
    for (int r = 0; r < ROWS; r++)
        sum += (double)y[r] * (double)y[r];
    return sum;
}

static void write_zero_weights(const char *path)
{
    float zero[WIDTH] = {0};
    hsize_t weight[2] = {1, WIDTH}, bias = 1;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "model", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 2; i++) {
        hid_t space = H5Screate_simple(i ? 1 : 2, i ? &bias : weight, NULL);
        hid_t set = H5Dcreate2(group, i ? "0.bias" : "0.weight", H5T_NATIVE_FLOAT, space,
                               H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, zero);
        H5Dclose(set);
        H5Sclose(space);
    }
    H5Gclose(group);
    H5Fclose(file);
}

/* Rank 0 writes the data and the weights of 0. Collective. */
static void write_files(const char *data, const char *zero, float x[ROWS][WIDTH], float y[ROWS])
{
    dt_error err = {0};
    make_rows(x, y);
    if (world.rank == 0) {
        write_data(data, &(test_data){.rows = ROWS, .width = WIDTH, .y_width = 1, .x = x, .y = y});
        write_zero_weights(zero);
    }
    dt_world_agree(&world, &err);
}

static void sum_of_an_epoch(const char *batch, int64_t steps_per_epoch)
{
    static float x[ROWS][WIDTH], y[ROWS];
    char *data = test_path("epoch.h5"), *log = test_path("epoch.jsonl"),
         *zero = test_path("zero.h5");
    write_files(data, zero, x, y);
    const char *more[] = {"lr", "0", "epochs", "2", "batch-size", batch, "init-from", zero, NULL};
    run(data, log, more);
    bool counts = true, sum = true;
    if (world.rank == 0) {
        static log_facts f;
        double expected = direct_sum(y);
        read_log(log, &f, steps_per_epoch);
        counts =
            f.counted && f.steps == 2 * steps_per_epoch && f.samples == 2 * ROWS && f.epochs == 2;
        sum = fabs(f.sum / 2 - expected) < 1e-6 * expected &&
              fabs(f.epoch_loss * ROWS - expected) < 1e-6 * expected;
    }
    remove_file(data);
    remove_file(log);
    remove_file(zero);
    CHECK_ALL(counts);
    CHECK_ALL(sum);
}

static void sums(void **state)
{
    (void)state;
    sum_of_an_epoch("100", 11);
    sum_of_an_epoch("5", 208);
    sum_of_an_epoch("5000", 1);
}

/* In file order and with weights of 0, a step's loss is the mean of y squared over its batch: the
 * batches are the same rows on any number of ranks. */
static void batches(void **state)
{
    (void)state;
    static float x[ROWS][WIDTH], y[ROWS];
    char *data = test_path("epoch.h5"), *log = test_path("epoch.jsonl"),
         *zero = test_path("zero.h5");
    write_files(data, zero, x, y);
    const char *more[] = {"lr",         "0",  "epochs",    "1",  "batch-size", "100",
                          "no-shuffle", NULL, "init-from", zero, NULL};
    run(data, log, more);
    bool same = true;
    if (world.rank == 0) {
        static log_facts f;
        read_log(log, &f, 11);
        for (int step = 0; step < 11; step++) {
            int end = step < 10 ? step * 100 + 100 : ROWS;
            double sum = 0;
            for (int r = step * 100; r < end; r++)
                sum += (double)y[r] * (double)y[r];
            double expected = sum / (end - step * 100);
            same = same && fabs(f.loss[step] - expected) < 1e-6 * expected;
        }
    }
    remove_file(data);
    remove_file(log);
    remove_file(zero);
    CHECK_ALL(same);
}

static void bundled_job(void **state)
{
    (void)state;
    char *log = test_path("bundled.jsonl");
    const char *more[] = {NULL};
    run(DTRAIN_DATA_DIR "/linear.h5", log, more);
    bool counts = true, falls = true;
    if (world.rank == 0) {
        static log_facts f;
        read_log(log, &f, 10);
        counts = f.counted && f.steps == 50 && f.epochs == 5 && f.samples == 5000;
        falls = f.loss[49] < f.loss[0] / 2;
    }
    remove_file(log);
    CHECK_ALL(counts);
    CHECK_ALL(falls);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(batches),
                                       cmocka_unit_test(bundled_job)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
