/* Checkpoints: what the contract says is in the file, by HDF5's own means; the same bits back; the
 * folder; a disk that fills up. */
#include "unit/checkpoint_fixture.h"
#include "unit/full_disk.h"

#include <sys/wait.h>

/* ---- What is in the file -------------------------------------------------------------------- */

static void check_integer(hid_t file, const char *name, int64_t expected)
{
    int64_t value = -1;
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    hid_t space = H5Aget_space(attribute);
    assert_int_equal(H5Tget_class(type), H5T_INTEGER);
    assert_int_equal(H5Sget_simple_extent_type(space), H5S_SCALAR);
    assert_true(H5Aread(attribute, H5T_NATIVE_INT64, &value) >= 0);
    assert_int_equal(value, expected);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void check_text(hid_t object, const char *name, const char *expected)
{
    char *value = NULL;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    assert_true(H5Tis_variable_str(type) > 0);
    assert_int_equal(H5Tget_cset(type), H5T_CSET_UTF8);
    assert_true(H5Aread(attribute, type, &value) >= 0);
    assert_string_equal(value, expected);
    H5free_memory(value);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void check_tensor(hid_t file, const char *name, int dims, const hsize_t *dim,
                         const float *expected)
{
    hsize_t found[2] = {0, 1}, n = dims == 2 ? dim[0] * dim[1] : dim[0];
    float values[P];
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
    hid_t type = H5Dget_type(set);
    assert_true(H5Tequal(type, H5T_IEEE_F32LE) > 0);
    assert_int_equal(H5Sget_simple_extent_dims(space, found, NULL), dims);
    for (int d = 0; d < dims; d++)
        assert_int_equal(found[d], dim[d]);
    assert_true(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    assert_memory_equal(values, expected, n * sizeof *values);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
}

static void check_vector(hid_t file, const char *group_name, const float *expected)
{
    static const struct {
        const char *name;
        int dims;
        hsize_t dim[2];
        int begin;
    } tensors[] = {
        {"0.weight", 2, {3, 2}, 0},
        {"0.bias", 1, {3}, 6},
        {"2.weight", 2, {1, 3}, 9},
        {"2.bias", 1, {1}, 12},
    };
    hsize_t members;
    hid_t group = H5Gopen2(file, group_name, H5P_DEFAULT);
    assert_true(H5Gget_num_objs(group, &members) >= 0);
    assert_int_equal(members, 4);
    for (int i = 0; i < 4; i++)
        check_tensor(group, tensors[i].name, tensors[i].dims, tensors[i].dim,
                     expected + tensors[i].begin);
    H5Gclose(group);
}

static void contents(void **state)
{
    (void)state;
    save();
    hid_t file = H5Fopen(FILE_NAME, H5F_ACC_RDONLY, H5P_DEFAULT);
    check_text(file, "format", "dtrain-checkpoint");
    check_integer(file, "version", 1);
    check_integer(file, "global_step", 50);
    check_integer(file, "epoch", 4);
    check_integer(file, "step", 7);
    check_integer(file, "seed", 1ll << 40);
    check_text(file, "options", OPTIONS);
    check_vector(file, "/model", weights);
    check_vector(file, "/optimizer/momentum_buffer", momentum);
    H5Fclose(file);
}

static void without_momentum(void **state)
{
    (void)state;
    char *path;
    dt_error err = {0};
    assert_int_equal(save_as(".", OPTIONS, NULL, &path, &err), DT_OK);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    check_vector(file, "/model", weights);
    assert_true(H5Lexists(file, "/optimizer", H5P_DEFAULT) > 0);
    assert_true(H5Lexists(file, "/optimizer/momentum_buffer", H5P_DEFAULT) == 0);
    H5Fclose(file);
    free(path);
}

/* More options than an attribute of HDF5's older format can hold. */
static void long_options(void **state)
{
    (void)state;
    enum { LONG = 200000 };
    char *options = malloc(LONG + 1), *path;
    dt_error err = {0};
    memset(options, 'x', LONG);
    options[LONG] = '\0';
    assert_int_equal(save_as(".", options, momentum, &path, &err), DT_OK);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    check_text(file, "options", options);
    H5Fclose(file);
    free(options);
    free(path);
}

/* ---- Back again ----------------------------------------------------------------------------- */

static void same_bits(void **state)
{
    (void)state;
    float parameters[P];
    dt_error err = {0};
    save();
    save(); /* replaces the first */
    assert_int_equal(load(FILE_NAME, parameters, &err), DT_OK);
    assert_memory_equal(parameters, weights, sizeof weights);
}

static void model_from_file(void **state)
{
    (void)state;
    dt_model model = {0};
    dt_error err = {0};
    float *parameters = NULL;
    dt_normalizer *normalizer = NULL, *y_normalizer = NULL;
    dt_schema schema = {0};
    save();
    hid_t file = dt_h5_open(FILE_NAME, &err);
    assert_true(dt_checkpoint_is_one(file));
    assert_int_equal(dt_checkpoint_read(file, FILE_NAME, &model, &parameters, &normalizer,
                                        &y_normalizer, &schema, &err),
                     DT_OK);
    assert_null(normalizer);
    char *text = dt_model_describe(&model);
    assert_string_equal(text, "2-3-1 tanh, mse");
    assert_memory_equal(parameters, weights, sizeof weights);
    free(text);
    free(parameters);
    dt_model_free(&model);
    H5Fclose(file);
}

static void normalization_from_file(void **state)
{
    (void)state;
    dt_model model = {0};
    dt_error err = {0};
    float *parameters = NULL;
    dt_normalizer *n = NULL, *y_normalizer = NULL;
    dt_schema schema = {0};
    save_normalized();
    hid_t file = dt_h5_open(FILE_NAME, &err);
    assert_int_equal(
        dt_checkpoint_read(file, FILE_NAME, &model, &parameters, &n, &y_normalizer, &schema, &err),
        DT_OK);
    assert_non_null(n);
    assert_int_equal(n->features, 2);
    assert_memory_equal(n->mean, means, sizeof means);
    assert_memory_equal(n->scale, scales, sizeof scales);
    dt_normalizer_destroy(n);
    free(parameters);
    dt_model_free(&model);
    H5Fclose(file);
    float again[P]; /* weights can be had alone */
    assert_int_equal(load(FILE_NAME, again, &err), DT_OK);
    assert_memory_equal(again, weights, sizeof weights);
}

static void weights_of_others(void **state)
{
    (void)state;
    float parameters[P];
    dt_error err = {0};
    put_weights("f32.h5", H5T_IEEE_F32BE);
    put_weights("f64.h5", H5T_IEEE_F64LE);
    assert_int_equal(load("f32.h5", parameters, &err), DT_OK);
    assert_memory_equal(parameters, weights, sizeof weights);
    assert_int_equal(load("f64.h5", parameters, &err), DT_OK);
    assert_memory_equal(parameters, weights, sizeof weights);
    put_weights("int.h5", H5T_STD_I32LE);
    check_refused("int.h5", DT_ERR_DATA, "int.h5: \"0.weight\" does not hold floats");
}

/* ---- The folder ----------------------------------------------------------------------------- */

static void folders(void **state)
{
    (void)state;
    struct stat info;
    dt_error err = {0};
    assert_int_equal(dt_store_prepare("a/b//c/", &err), DT_OK);
    assert_int_equal(dt_store_prepare("a/b/c", &err), DT_OK); /* and again */
    assert_int_equal(stat("a/b/c", &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(rmdir("a/b/c"), 0); /* nothing was left in it */
}

static void check_no_folder(const char *name, dt_code code, const char *text)
{
    dt_error err = {0};
    assert_int_equal(dt_store_prepare(name, &err), code);
    assert_string_equal(err.text, text);
}

static void no_folder(void **state)
{
    (void)state;
    fclose(fopen("file", "w"));
    check_no_folder("file/below/it", DT_ERR_FILE,
                    "file/below: cannot make the folder: Not a directory");
    check_no_folder("file", DT_ERR_FILE, "file: cannot write to this folder: Not a directory");
    check_no_folder("", DT_ERR_USAGE, "--checkpoint: expected a folder");
    check_no_folder("/proc/dtrain", DT_ERR_FILE,
                    "/proc/dtrain: cannot make the folder: No such file or directory");
}

static void folder_gone(void **state)
{
    (void)state;
    char *path;
    dt_error err = {0};
    assert_int_equal(save_as("gone", OPTIONS, momentum, &path, &err), DT_ERR_FILE);
    assert_string_equal(err.text,
                        "gone/step-0000000050.h5: cannot be written (No such file or directory)");
    assert_null(path);
}

/* ---- A full disk ---------------------------------------------------------------------------- */

static int count_files(void)
{
    FILE *ls = popen("ls -A ckpt", "r");
    char name[256];
    int n = 0;
    while (fgets(name, sizeof name, ls))
        n++;
    pclose(ls);
    return n;
}

/* A process that saves while only n writes succeed, up to HDF5's clean-up at its end. */
static int save_in_child(int n)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        char *path;
        dt_error err = {0};
        writes_left = n;
        dt_code code = save_as("ckpt", OPTIONS, momentum, &path, &err);
        free(path);
        if (code == DT_OK ||
            strcmp(err.text, "ckpt/step-0000000050.h5: no space left on the disk") == 0)
            exit((int)code);
        exit(99);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Every write in turn is the first that fails: the checkpoint that is there stays good. */
static void disk_full_at_any_write(void **state)
{
    (void)state;
    int n = 0, code = DT_ERR_SPACE;
    save();
    for (; code == DT_ERR_SPACE && n < 100; n++) {
        float parameters[P];
        dt_error err = {0};
        code = save_in_child(n);
        assert_int_equal(count_files(), 1);
        assert_int_equal(load(FILE_NAME, parameters, &err), DT_OK);
        assert_memory_equal(parameters, weights, sizeof weights);
    }
    assert_int_equal(code, DT_OK);
    assert_in_range(n, 5, 99);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, free_disk)
    const struct CMUnitTest tests[] = {
        TEST(contents),
        TEST(without_momentum),
        TEST(long_options),
        TEST(same_bits),
        TEST(model_from_file),
        TEST(normalization_from_file),
        TEST(weights_of_others),
        TEST(folders),
        TEST(no_folder),
        TEST(folder_gone),
        TEST(disk_full_at_any_write),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
