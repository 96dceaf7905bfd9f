/* Training against PyTorch: from the same weights, in file order, every step's loss and the final
 * weights follow those in golden/, which scripts/make_golden.py made. How close they have to be is
 * in golden/tolerances, for each file, which scripts/golden-tolerances.sh makes from what it
 * measures. With the argument "measure" the differences are printed and not compared. */
#include "mpi/support.h"

#include <dirent.h>
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool measuring;

typedef struct {
    double loss, weights; /* the largest relative difference of any step, of any tensor */
} tolerance;

/* A line of golden/tolerances is the name of a file, without ".h5", and the two numbers. Zero where
 * the file has no line. */
static tolerance tolerance_of(const char *golden)
{
    tolerance t = {0}, found;
    char line[256], name[64];
    const char *begin = strrchr(golden, '/') + 1;
    FILE *file = fopen(DTRAIN_GOLDEN_DIR "/tolerances", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %lf %lf", name, &found.loss, &found.weights) == 3 &&
            strncmp(begin, name, strlen(name)) == 0 && strcmp(begin + strlen(name), ".h5") == 0)
            t = found;
    if (file)
        fclose(file);
    if (t.loss == 0 && !measuring && world.rank == 0)
        print_message("%s has no line in golden/tolerances: see scripts/golden-tolerances.sh\n",
                      begin);
    return t;
}

static void *read_set(hid_t file, const char *name, hid_t type, hsize_t *n)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        abort();
    hid_t space = H5Dget_space(set);
    *n = (hsize_t)H5Sget_simple_extent_npoints(space);
    void *values = malloc(*n * 8);
    if (!values || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        abort();
    H5Sclose(space);
    H5Dclose(set);
    return values;
}

static void set_options(const char *golden, dt_train_options *options)
{
    dt_error err = {0};
    hid_t file = H5Fopen(golden, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, "options", H5P_DEFAULT), type = H5Aget_type(attribute);
    char *text = calloc(H5Tget_size(type) + 1, 1), *rest = text;
    if (!text || H5Aread(attribute, type, text) < 0)
        abort();
    for (char *word = strsep(&rest, "\n"), *next; word; word = next) {
        next = strsep(&rest, "\n");
        bool has_value = next && *next && strncmp(next, "--", 2) != 0;
        if (*word)
            dt_train_options_set(options, word + 2, has_value ? next : NULL, &err);
        if (has_value)
            next = strsep(&rest, "\n");
    }
    free(text);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(file);
    CHECK_NO_ERROR(&err);
}

/* The largest relative difference of the steps' numbers of one name in the log from those in the
 * golden file. */
static double compare_steps(hid_t golden, const char *log, const char *name)
{
    hsize_t n, step = 0;
    double *expected = read_set(golden, name, H5T_NATIVE_DOUBLE, &n), worst = 0;
    char line[4096];
    FILE *file = fopen(log, "r");
    while (file && fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        if (strcmp(json_string_value(json_object_get(event, "event")), "step") == 0 && step < n) {
            double found = json_real_value(json_object_get(event, name));
            worst = fmax(worst, fabs(found - expected[step]) / fabs(expected[step]));
            step++;
        }
        json_decref(event);
    }
    if (file)
        fclose(file);
    free(expected);
    return step == n && n >= 100 ? worst : INFINITY;
}

typedef struct {
    hid_t checkpoint;
    double worst;
    int tensors;
} comparison;

/* Relative to the largest weight of the tensor. */
static herr_t compare_tensor(hid_t final, const char *name, const H5L_info_t *info, void *data)
{
    (void)info;
    comparison *c = data;
    hsize_t n, m;
    char path[64];
    snprintf(path, sizeof path, "/model/%s", name);
    double *expected = read_set(final, name, H5T_NATIVE_DOUBLE, &n), largest = 0;
    double *found = read_set(c->checkpoint, path, H5T_NATIVE_DOUBLE, &m), difference = 0;
    for (hsize_t i = 0; i < n && n == m; i++) {
        largest = fmax(largest, fabs(expected[i]));
        difference = fmax(difference, fabs(expected[i] - found[i]));
    }
    c->worst = fmax(c->worst, n == m ? difference / largest : INFINITY);
    c->tensors++;
    free(expected);
    free(found);
    return 0;
}

static double compare_weights(hid_t golden, const char *folder, int64_t steps)
{
    char path[300];
    snprintf(path, sizeof path, "%s/step-%010lld.h5", folder, (long long)steps);
    comparison c = {.checkpoint = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT)};
    hid_t group = H5Gopen2(golden, "final", H5P_DEFAULT);
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, compare_tensor, &c);
    H5Gclose(group);
    H5Fclose(c.checkpoint);
    unlink(path);
    return c.tensors >= 2 ? c.worst : INFINITY;
}

static void follow(const char *golden, const char *reduce)
{
    dt_error err = {0};
    dt_train_options options;
    char *log = test_path("golden.jsonl"), *folder = test_path("golden");
    dt_train_options_init(&options, &err);
    set_options(golden, &options);
    dt_train_options_set(&options, "data", golden, &err);
    dt_train_options_set(&options, "init-from", golden, &err);
    dt_train_options_set(&options, "reduce", reduce, &err);
    dt_train_options_set(&options, "quiet", NULL, &err);
    dt_train_options_set(&options, "log", log, &err);
    dt_train_options_set(&options, "checkpoint", folder, &err);
    dt_train_options_set(&options, "overwrite", NULL, &err);
    dt_train(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    double loss = 0, lr = 0, weights = 0;
    if (world.rank == 0) {
        hsize_t steps;
        hid_t file = H5Fopen(golden, H5F_ACC_RDONLY, H5P_DEFAULT);
        free(read_set(file, "loss", H5T_NATIVE_DOUBLE, &steps));
        loss = compare_steps(file, log, "loss");
        if (H5Lexists(file, "lr", H5P_DEFAULT) > 0)
            lr = compare_steps(file, log, "lr");
        weights = compare_weights(file, folder, (int64_t)steps);
        H5Fclose(file);
        print_message("%-60s losses %.1e lr %.0e weights %.1e\n", strrchr(golden, '/'), loss, lr,
                      weights);
        rmdir(folder);
        unlink(log);
    }
    free(log);
    free(folder);
    dt_train_options_free(&options);
    tolerance t = tolerance_of(golden);
    CHECK_ALL(lr < 1e-12);
    CHECK_ALL(measuring ? isfinite(loss) : loss <= t.loss);
    CHECK_ALL(measuring ? isfinite(weights) : weights <= t.weights);
}

#if defined __SANITIZE_ADDRESS__
enum { SLOW = 1 }; /* with sanitizers each run in one of the two ways, in the other on more ranks */
#else
enum { SLOW = 0 };
#endif

static int is_golden(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".h5") == 0;
}

static void follows_pytorch(void **state)
{
    (void)state;
    struct dirent **entry;
    int n = scandir(DTRAIN_GOLDEN_DIR, &entry, is_golden, alphasort);
    CHECK_ALL(n >= 20);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", DTRAIN_GOLDEN_DIR, entry[i]->d_name);
        int way = (i + (world.size > 1)) % 2;
        if (!SLOW || way == 0)
            follow(path, "exact");
        if (!SLOW || way == 1)
            follow(path, "fast");
        free(entry[i]);
    }
    free(entry);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(follows_pytorch)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    measuring = argc > 1 && strcmp(argv[1], "measure") == 0;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
