/* Checkpoints that are damaged or do not fit: each is refused, and with which words. */
#include "checkpoint/attribute.h"
#include "file/strings.h"
#include "unit/checkpoint_fixture.h"
#include "unit/folder.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Damage --------------------------------------------------------------------------------- */

static void flip(const char *name, long at, int bit)
{
    FILE *f = fopen(name, "r+b");
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    int byte = fgetc(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    fputc(byte ^ 1 << bit, f);
    bool is_written = fclose(f) == 0;
    assert_true(is_written);
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

/* Any bit of the file: the footer is looked at before HDF5, which hangs or crashes on some that are
 * flipped in its store of texts. */
static void flipped_anywhere(void **state)
{
    (void)state;
    struct stat info;
    save();
    assert_int_equal(stat(FILE_NAME, &info), 0);
    for (long at = 0; at < (long)info.st_size; at += 3) {
        float parameters[P] = {0};
        dt_error err = {0};
        flip(FILE_NAME, at, (int)(at * 5 % 8));
        assert_int_not_equal(load(FILE_NAME, parameters, &err), DT_OK);
        assert_non_null(strstr(err.text, FILE_NAME));
        flip(FILE_NAME, at, (int)(at * 5 % 8));
    }
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
    check_refused(FILE_NAME, DT_ERR_FILE, "ckpt/step-0000000050.h5: is empty, not an HDF5 file");
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

/* ---- What does not fit ---------------------------------------------------------------------- */

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
    fputs("a b c\n", f);
    fclose(f);
    H5Fclose(H5Fcreate("empty.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    hid_t file = H5Fcreate("set.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_set(file, "model", H5T_IEEE_F32LE, 1, (hsize_t[]){3}, H5T_NATIVE_FLOAT, weights);
    H5Fclose(file);
    check_refused("none.h5", DT_ERR_FILE, "none.h5: no such file");
    check_refused(".", DT_ERR_FILE, ".: is a folder, not an HDF5 file");
    check_refused("text", DT_ERR_FILE, "text: is text, not an HDF5 file");
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
        dt_normalizer *normalizer = NULL, *y_normalizer = NULL;
        dt_schema schema = {0};
        char *path;
        assert_int_equal(save_as(".", options[i], momentum, &path, &err), DT_OK);
        hid_t file = dt_h5_open(path, &err);
        assert_int_equal(dt_checkpoint_read(file, "FILE", &model, &parameters, &normalizer,
                                            &y_normalizer, &schema, &err),
                         DT_ERR_DATA);
        assert_string_equal(err.text,
                            "FILE: its \"options\" do not describe a model that is known here");
        H5Fclose(file);
        dt_model_free(&model);
        free(parameters);
        free(path);
    }
}

/* ---- Normalisation -------------------------------------------------------------------------- */

static void check_normalization(hid_t file, dt_code code, const char *text)
{
    dt_model model = {0};
    dt_error err = {0};
    float *parameters = NULL;
    dt_normalizer *normalizer = NULL, *y_normalizer = NULL;
    dt_schema schema = {0};
    assert_int_equal(dt_checkpoint_read(file, "FILE", &model, &parameters, &normalizer,
                                        &y_normalizer, &schema, &err),
                     code);
    assert_string_equal(err.text, text);
    H5Fclose(file);
    dt_schema_free(&schema);
    dt_normalizer_destroy(normalizer);
    dt_model_free(&model);
    free(parameters);
}

static hid_t edit_normalized(void)
{
    save_normalized();
    return H5Fopen(FILE_NAME, H5F_ACC_RDWR, H5P_DEFAULT);
}

static void bad_normalization(void **state)
{
    (void)state;
    static const double bad[] = {1, 2, INFINITY};
    hid_t file = edit_normalized();
    hid_t set = H5Dopen2(file, "normalization/scale", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, bad);
    H5Dclose(set);
    check_normalization(file, DT_ERR_DATA,
                        "FILE: damaged: the checksum of \"scale\" does not hold");
    file = edit_normalized();
    H5Ldelete(file, "normalization/mean", H5P_DEFAULT);
    check_normalization(file, DT_ERR_SHAPE,
                        "FILE: no \"/normalization/mean\", which this model has");
    file = edit_normalized();
    H5Ldelete(file, "normalization/mean", H5P_DEFAULT);
    put_set(file, "normalization/mean", H5T_IEEE_F64LE, 1, (hsize_t[]){3}, H5T_NATIVE_DOUBLE, bad);
    check_normalization(file, DT_ERR_SHAPE,
                        "FILE: \"/normalization/mean\" is [3], this model needs [2]");
    file = edit_normalized();
    H5Ldelete(file, "normalization/scale", H5P_DEFAULT);
    put_set(file, "normalization/scale", H5T_IEEE_F64LE, 1, (hsize_t[]){2}, H5T_NATIVE_DOUBLE,
            bad + 1);
    check_normalization(file, DT_ERR_DATA, "FILE: \"scale\" has NaN or an infinite value");
}

/* ---- Names ---------------------------------------------------------------------------------- */

/* A model of 2 inputs and 1 output whose file says in "/data" what somebody has written there. */
static void check_names(const char *set, int n, double divisor, dt_code code, const char *text)
{
    static const char *const names[] = {"a", "b", "c"};
    save_normalized();
    hid_t file = H5Fopen(FILE_NAME, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    dt_strings_put_dataset(group, set, n, names);
    dt_attribute_put_real(group, "x_divisor", divisor);
    H5Gclose(group);
    check_normalization(file, code, text);
}

static void bad_names(void **state)
{
    (void)state;
    check_names("columns", 2, 1, DT_OK, "");
    check_names("classes", 3, 255, DT_OK, ""); /* of numbers that may be any */
    check_names("columns", 3, 1, DT_ERR_DATA,
                "FILE: \"/data/columns\" has 3 names, the model has 2");
    check_names("targets", 2, 1, DT_ERR_DATA,
                "FILE: \"/data/targets\" has 2 names, the model has 1");
    check_names("columns", 2, 7, DT_ERR_DATA, "FILE: \"/data\" has x_divisor 7; expected 1 or 255");
    check_names("columns", 2, NAN, DT_ERR_DATA,
                "FILE: \"/data\" has x_divisor nan; expected 1 or 255");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(flipped_value),  TEST(flipped_anywhere), TEST(cut_short),         TEST(not_finite),
        TEST(missing_tensor), TEST(extra_tensor),     TEST(other_shape),       TEST(other_version),
        TEST(no_checkpoint),  TEST(no_model),         TEST(bad_normalization), TEST(bad_names),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
