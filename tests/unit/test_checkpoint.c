/* Checkpoints: what the contract says is in the file, by HDF5's own means; the same bits back; what
 * is refused and with which words; a disk that fills up. */
#include "checkpoint/checkpoint.h"
#include "file/h5.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "unit/full_disk.h"

/* ---- A run to save: 2-3-1, so 13 parameters ---- */

enum { P = 13 };
static const char FILE_NAME[] = "ckpt/step-0000000050.h5";
static const char OPTIONS[] = "{\"hidden\": [3], \"activation\": \"tanh\", \"loss\": \"mse\"}";
static const int64_t hidden[] = {3};
static const dt_model_shape shape = {2, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE};

/* The smallest and largest numbers, -0 and a subnormal among them. */
static const float weights[P] = {1,    -0.0f,           0x1p-149f, 3.4028234e38f, -1e-40f, 0.1f,
                                 7,    -1.1754944e-38f, 8,         1.0f / 3,      10,      -11,
                                 12.5f};
static float momentum[P] = {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};

static dt_code save_as(const char *folder_name, const char *options, float *buffer, char **path,
                       dt_error *err)
{
    dt_model model;
    dt_model_init(&model, &shape, err);
    dt_optimizer optimizer = {.n = P, .momentum = buffer};
    dt_checkpoint checkpoint = {.model = &model,
                                .parameters = weights,
                                .optimizer = &optimizer,
                                .global_step = 50,
                                .epoch = 4,
                                .step = 7,
                                .seed = 1ll << 40,
                                .options = options};
    dt_checkpoint_write(folder_name, &checkpoint, path, err);
    dt_model_free(&model);
    return err->code;
}

static void save(void)
{
    char *path;
    dt_error err = {0};
    if (dt_checkpoint_prepare("ckpt", &err) || save_as("ckpt", OPTIONS, momentum, &path, &err))
        fail_msg("%s", err.text);
    assert_string_equal(path, FILE_NAME);
    free(path);
}

static dt_code load(const char *path, float *parameters, dt_error *err)
{
    dt_model model;
    dt_model_init(&model, &shape, err);
    dt_checkpoint_read_weights(path, &model, parameters, err);
    dt_model_free(&model);
    return err->code;
}

static void check_refused(const char *path, dt_code code, const char *text)
{
    float parameters[P];
    dt_error err = {0};
    load(path, parameters, &err);
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

/* ---- What is in the file ---- */

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

/* ---- Back again ---- */

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
    save();
    hid_t file = dt_h5_open(FILE_NAME, &err);
    assert_true(dt_checkpoint_is_one(file));
    assert_int_equal(dt_checkpoint_read(file, FILE_NAME, &model, &parameters, &err), DT_OK);
    char *text = dt_model_describe(&model);
    assert_string_equal(text, "2-3-1 tanh, mse");
    assert_memory_equal(parameters, weights, sizeof weights);
    free(text);
    free(parameters);
    dt_model_free(&model);
    H5Fclose(file);
}

/* Change the file with HDF5; the caller closes it. */
static hid_t edit(void)
{
    save();
    return H5Fopen(FILE_NAME, H5F_ACC_RDWR, H5P_DEFAULT);
}

static void put_set(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim,
                    hid_t memory, const void *values)
{
    hid_t space = H5Screate_simple(dims, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* /model alone, as another program may write it: no attributes, no checksums. */
static void put_weights(const char *name, hid_t type)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "model", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_set(file, "model/0.weight", type, 2, (hsize_t[]){3, 2}, H5T_NATIVE_FLOAT, weights);
    put_set(file, "model/0.bias", type, 1, (hsize_t[]){3}, H5T_NATIVE_FLOAT, weights + 6);
    put_set(file, "model/2.weight", type, 2, (hsize_t[]){1, 3}, H5T_NATIVE_FLOAT, weights + 9);
    put_set(file, "model/2.bias", type, 1, (hsize_t[]){1}, H5T_NATIVE_FLOAT, weights + 12);
    H5Fclose(file);
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

/* ---- Damage ---- */

static void flip(const char *name, long at, int bit)
{
    FILE *f = fopen(name, "r+b");
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    int byte = fgetc(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    fputc(byte ^ 1 << bit, f);
    assert_int_equal(fclose(f), 0);
}

static void flipped_value(void **state)
{
    (void)state;
    static const char *const name[] = {"0.weight", "0.bias", "2.weight", "2.bias"};
    for (int i = 0; i < 4; i++) {
        char path[32], text[128];
        hid_t file = edit();
        snprintf(path, sizeof path, "/model/%s", name[i]);
        hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
        long at = (long)H5Dget_offset(set), last = at + (long)H5Dget_storage_size(set) - 1;
        H5Dclose(set);
        H5Fclose(file);
        snprintf(text, sizeof text, "%s: damaged: the checksum of \"%s\" does not hold", FILE_NAME,
                 name[i]);
        flip(FILE_NAME, at, 0); /* the lowest bit of the first number, the sign of the last */
        check_refused(FILE_NAME, DT_ERR_DATA, text);
        flip(FILE_NAME, at, 0);
        flip(FILE_NAME, last, 7);
        check_refused(FILE_NAME, DT_ERR_DATA, text);
    }
}

/* Where HDF5 keeps texts of variable length: "GCOL", without a checksum of its own. */
static long find_texts(const char *name)
{
    char bytes[1 << 15];
    FILE *f = fopen(name, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    const char *found = memmem(bytes, n, "GCOL", 4);
    assert_non_null(found);
    return found - bytes;
}

/* Flip a bit of every third byte up to end; returns how many change the weights unnoticed. */
static int count_unnoticed(long end)
{
    int unnoticed = 0;
    for (long at = 0; at < end; at += 3) {
        float parameters[P] = {0};
        dt_error err = {0};
        flip(FILE_NAME, at, (int)(at * 5 % 8));
        unnoticed += load(FILE_NAME, parameters, &err) == DT_OK &&
                     memcmp(parameters, weights, sizeof weights) != 0;
        flip(FILE_NAME, at, (int)(at * 5 % 8));
    }
    return unnoticed;
}

/* Any bit of the file before its texts: it is found, or it is one that means nothing. HDF5 itself
 * hangs or crashes on some that are flipped among the texts. In a process that ends without a look
 * at its memory, as HDF5 forgets some of it over a damaged file. */
static void flipped_anywhere(void **state)
{
    (void)state;
    save();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(count_unnoticed(find_texts(FILE_NAME)) != 0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void cut_short(void **state)
{
    (void)state;
    struct stat info;
    save();
    assert_int_equal(stat(FILE_NAME, &info), 0);
    for (off_t size = info.st_size - 1; size > 0; size -= 97) {
        float parameters[P];
        dt_error err = {0};
        assert_int_equal(truncate(FILE_NAME, size), 0);
        assert_int_equal(load(FILE_NAME, parameters, &err), DT_ERR_FILE);
        assert_memory_equal(err.text, FILE_NAME, strlen(FILE_NAME));
        if (size > info.st_size / 2)
            assert_non_null(strstr(err.text, "the file is truncated"));
    }
    assert_int_equal(truncate(FILE_NAME, 0), 0);
    check_refused(FILE_NAME, DT_ERR_FILE, "ckpt/step-0000000050.h5: not an HDF5 file");
}

static void not_finite(void **state)
{
    (void)state;
    static const float nan_bias[] = {0, NAN, 0};
    put_weights("w.h5", H5T_IEEE_F32LE);
    hid_t file = H5Fopen("w.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "model/0.bias", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, nan_bias);
    H5Dclose(set);
    H5Fclose(file);
    check_refused("w.h5", DT_ERR_DATA, "w.h5: \"0.bias\" has NaN or an infinite value");
    /* 1e39 fits into float64 and not into float32 */
    put_weights("w.h5", H5T_IEEE_F64LE);
    file = H5Fopen("w.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    set = H5Dopen2(file, "model/2.bias", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &(double){1e39});
    H5Dclose(set);
    H5Fclose(file);
    check_refused("w.h5", DT_ERR_DATA, "w.h5: \"2.bias\" has NaN or an infinite value");
}

/* ---- What does not fit ---- */

static void missing_tensor(void **state)
{
    (void)state;
    hid_t file = edit();
    H5Ldelete(file, "model/2.bias", H5P_DEFAULT);
    H5Fclose(file);
    check_refused(FILE_NAME, DT_ERR_SHAPE,
                  "ckpt/step-0000000050.h5: no \"/model/2.bias\", which this model has");
}

static void extra_tensor(void **state)
{
    (void)state;
    hid_t file = edit();
    put_set(file, "model/4.bias", H5T_IEEE_F32LE, 1, (hsize_t[]){1}, H5T_NATIVE_FLOAT, weights);
    H5Fclose(file);
    check_refused(FILE_NAME, DT_ERR_SHAPE,
                  "ckpt/step-0000000050.h5: \"/model\" holds 5 tensors, this model has 4");
}

static void replace_weight(int dims, const hsize_t *dim)
{
    hid_t file = edit();
    H5Ldelete(file, "model/2.weight", H5P_DEFAULT);
    put_set(file, "model/2.weight", H5T_IEEE_F32LE, dims, dim, H5T_NATIVE_FLOAT, weights);
    H5Fclose(file);
}

static void other_shape(void **state)
{
    (void)state;
    replace_weight(2, (hsize_t[]){3, 1});
    check_refused(FILE_NAME, DT_ERR_SHAPE,
                  "ckpt/step-0000000050.h5: \"/model/2.weight\" is [3,1], this model needs [1,3]");
    replace_weight(1, (hsize_t[]){3});
    check_refused(FILE_NAME, DT_ERR_SHAPE,
                  "ckpt/step-0000000050.h5: \"/model/2.weight\" is [3], this model needs [1,3]");
    replace_weight(3, (hsize_t[]){1, 3, 1});
    check_refused(FILE_NAME, DT_ERR_SHAPE,
                  "ckpt/step-0000000050.h5: \"/model/2.weight\" is of 3 dimensions, this model "
                  "needs [1,3]");
}

static void other_version(void **state)
{
    (void)state;
    int64_t two = 2;
    hid_t file = edit(), attribute = H5Aopen(file, "version", H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_INT64, &two);
    H5Aclose(attribute);
    H5Fclose(file);
    check_refused(FILE_NAME, DT_ERR_DATA,
                  "ckpt/step-0000000050.h5: a checkpoint of format version 2; this program reads "
                  "version 1");
}

static void no_checkpoint(void **state)
{
    (void)state;
    FILE *f = fopen("text", "w");
    fputs("a,b,c\n", f);
    fclose(f);
    H5Fclose(H5Fcreate("empty.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    hid_t file = H5Fcreate("set.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_set(file, "model", H5T_IEEE_F32LE, 1, (hsize_t[]){3}, H5T_NATIVE_FLOAT, weights);
    H5Fclose(file);
    check_refused("none.h5", DT_ERR_FILE, "none.h5: no such file");
    check_refused(".", DT_ERR_FILE, ".: is a folder, not an HDF5 file");
    check_refused("text", DT_ERR_FILE, "text: not an HDF5 file");
    check_refused("empty.h5", DT_ERR_DATA, "empty.h5: no group \"/model\": not a checkpoint");
    check_refused("set.h5", DT_ERR_DATA, "set.h5: no group \"/model\": not a checkpoint");
}

/* Without "options" weights are only weights. */
static void no_model(void **state)
{
    (void)state;
    static const char *const options[] = {
        "", "[]", "{}", "{\"hidden\": [3], \"activation\": \"sine\", \"loss\": \"mse\"}",
        "{\"hidden\": [3], \"activation\": \"tanh\", \"loss\": \"auto\"}"};
    for (int i = 0; i < 5; i++) {
        dt_model model = {0};
        dt_error err = {0};
        float *parameters = NULL;
        char *path;
        assert_int_equal(save_as(".", options[i], momentum, &path, &err), DT_OK);
        hid_t file = dt_h5_open(path, &err);
        assert_int_equal(dt_checkpoint_read(file, "FILE", &model, &parameters, &err), DT_ERR_DATA);
        assert_string_equal(err.text,
                            "FILE: its \"options\" do not describe a model that is known here");
        H5Fclose(file);
        dt_model_free(&model);
        free(parameters);
        free(path);
    }
}

/* ---- The folder ---- */

static void folders(void **state)
{
    (void)state;
    struct stat info;
    dt_error err = {0};
    assert_int_equal(dt_checkpoint_prepare("a/b//c/", &err), DT_OK);
    assert_int_equal(dt_checkpoint_prepare("a/b/c", &err), DT_OK); /* and again */
    assert_int_equal(stat("a/b/c", &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(rmdir("a/b/c"), 0); /* nothing was left in it */
}

static void check_no_folder(const char *name, dt_code code, const char *text)
{
    dt_error err = {0};
    assert_int_equal(dt_checkpoint_prepare(name, &err), code);
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

/* ---- A full disk ---- */

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
    reserve_error = EOPNOTSUPP;
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

static void disk_full_at_once(void **state)
{
    (void)state;
    char *path;
    dt_error err = {0};
    save();
    reserve_error = ENOSPC;
    assert_int_equal(save_as("ckpt", OPTIONS, momentum, &path, &err), DT_ERR_SPACE);
    assert_string_equal(err.text, "ckpt/step-0000000050.h5: no space left on the disk");
    assert_int_equal(count_files(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, free_disk)
    const struct CMUnitTest tests[] = {
        TEST(contents),          TEST(without_momentum),
        TEST(long_options),      TEST(same_bits),
        TEST(model_from_file),   TEST(weights_of_others),
        TEST(flipped_value),     TEST(flipped_anywhere),
        TEST(cut_short),         TEST(not_finite),
        TEST(missing_tensor),    TEST(extra_tensor),
        TEST(other_shape),       TEST(other_version),
        TEST(no_checkpoint),     TEST(no_model),
        TEST(folders),           TEST(no_folder),
        TEST(folder_gone),       TEST(disk_full_at_any_write),
        TEST(disk_full_at_once),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
