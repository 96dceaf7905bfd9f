/* Checkpoints whose numbers another program has edited: what no run can have is an error that names
 * it, whatever becomes of it later: a size, a position, a shift. */
#include "checkpoint/attribute.h"
#include "checkpoint/contents.h"
#include "unit/checkpoint_fixture.h"
#include "unit/folder.h"

#include <math.h>
#include <unistd.h>

static void no_warning(const char *text)
{
    fail_msg("%s", text);
}

/* The file that is there is an error of its folder, and the message says so. */
static void check_error(const char *text)
{
    dt_contents s;
    dt_error err = {0};
    if (dt_contents_find_newest(&s, "ckpt", no_warning, &err) != DT_ERR_DATA)
        fail_msg("%s: \"%s\"", text, err.text);
    if (!strstr(err.text, FILE_NAME) || !strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    dt_contents_free(&s);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static void check_good(void)
{
    dt_contents s;
    dt_error err = {0};
    if (dt_contents_find_newest(&s, "ckpt", no_warning, &err))
        fail_msg("%s", err.text);
    assert_non_null(s.path);
    dt_contents_free(&s);
}

static void put_whole(const char *object, const char *name, int64_t value)
{
    hid_t file = edit(), group = H5Oopen(file, object, H5P_DEFAULT);
    assert_true(dt_attribute_put_integer(group, name, value) >= 0);
    H5Oclose(group);
    H5Fclose(file);
}

static void put_real(const char *name, double value)
{
    hid_t file = edit(), group = H5Oopen(file, "run", H5P_DEFAULT);
    assert_true(dt_attribute_put_real(group, name, value) >= 0);
    H5Oclose(group);
    H5Fclose(file);
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *object, *name;
        int64_t good, bad[7]; /* the last of fewer is repeated */
    } all[] = {
        {"/", "global_step", 50, {-1, 49, 51, INT64_MIN, INT64_MAX, -50, 1ll << 60}},
        {"/", "epoch", 10, {-1, 51, 2, INT64_MAX, INT64_MIN, 1ll << 62, -4}},
        {"/", "step", 50, {-1, 51, INT64_MAX, INT64_MIN, 1ll << 31, 1ll << 32, -7}},
        {"/run", "epoch_samples", 0, {-1, 1088, INT64_MAX, INT64_MIN, -700, 1ll << 40, -2}},
        {"/run", "best_epoch", 1, {-1, 5, 0, INT64_MAX, INT64_MIN, 1ll << 31, -3}},
        {"/run", "epochs_since_best", 0, {-1, 2, 1ll << 31, INT64_MAX, INT64_MIN, 1ll << 62, -2}},
        {"/run", "samples", 5000, {0, -1, 699, INT64_MIN, INT64_MAX, 1ll << 62, -1087}},
        {"/run", "features", 2, {0, -1, 1, 3, 1ll << 62, INT64_MAX, INT64_MIN}},
        {"/run", "outputs", 1, {0, -1, 2, 3, 1ll << 62, INT64_MAX, INT64_MIN}},
        {"/run", "block_rows", 7, {0, -7, 1ll << 40, 1ll << 62, INT64_MAX, INT64_MIN, -1}},
        {"/run", "window_blocks", 9, {0, -7, 1ll << 40, 1ll << 62, INT64_MAX, INT64_MIN, -1}},
        {"/run", "seed_offset", 97, {-1, 98, INT64_MAX, INT64_MIN, 1ll << 32, 96, 1}},
        {"/optimizer", "step", 50, {-1, 51, INT64_MAX, INT64_MIN, 1ll << 31, 1ll << 62, 49}},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        put_whole(all[i].object, all[i].name, all[i].good);
        check_good();
        for (int j = 0; j < 7; j++) {
            put_whole(all[i].object, all[i].name, all[i].bad[j]);
            check_error(all[i].name);
        }
    }
}

static void real_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double good, bad[4];
    } all[] = {{"epoch_loss", -3, {NAN, INFINITY, -INFINITY, NAN}},
               {"epoch_weight", 0, {NAN, INFINITY, -1, -INFINITY}},
               {"best_loss", -5, {NAN, INFINITY, -INFINITY, NAN}},
               {"lr", 0, {NAN, INFINITY, -0.01, -INFINITY}}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        put_real(all[i].name, all[i].good);
        check_good();
        for (int j = 0; j < 4; j++) {
            put_real(all[i].name, all[i].bad[j]);
            check_error(all[i].name);
        }
    }
}

/* What is not there is not 0. */
static void missing(void **state)
{
    (void)state;
    static const char *const all[][2] = {
        {"/", "global_step"},
        {"/", "epoch"},
        {"/", "step"},
        {"/", "seed"},
        {"/run", "epoch_samples"},
        {"/run", "epoch_loss"},
        {"/run", "epoch_weight"},
        {"/run", "best_epoch"},
        {"/run", "best_loss"},
        {"/run", "epochs_since_best"},
        {"/run", "samples"},
        {"/run", "features"},
        {"/run", "outputs"},
        {"/run", "block_rows"},
        {"/run", "window_blocks"},
        {"/run", "lr"},
        {"/optimizer", "step"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hid_t file = edit();
        assert_true(H5Adelete_by_name(file, all[i][0], all[i][1], H5P_DEFAULT) >= 0);
        H5Fclose(file);
        check_error(all[i][1]);
    }
    hid_t file = edit(); /* but for what older programs did not write */
    assert_true(H5Adelete_by_name(file, "/run", "seed_offset", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    check_good();
}

/* Text, a list, a real number for a whole one. */
static void other_types(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Adelete(file, "step") >= 0);
    assert_true(dt_attribute_put_text(file, "step", "7") >= 0);
    H5Fclose(file);
    check_error("\"step\" that is a whole number");
    file = edit();
    assert_true(H5Adelete(file, "global_step") >= 0);
    assert_true(dt_attribute_put_real(file, "global_step", 50) >= 0);
    H5Fclose(file);
    check_error("\"global_step\" that is a whole number");
    file = edit();
    hid_t run = H5Gopen2(file, "run", H5P_DEFAULT);
    assert_true(H5Adelete(run, "lr") >= 0);
    assert_true(dt_attribute_put_integer(run, "lr", 1) >= 0);
    H5Gclose(run);
    H5Fclose(file);
    check_error("\"lr\" that is a real number");
}

static void no_optimizer(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Ldelete(file, "optimizer", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    check_error("\"step\" is missing");
}

static void put_vector(const char *name, hsize_t n, const double *values)
{
    hid_t file = edit();
    put_set(file, name, H5T_IEEE_F64LE, 1, &n, H5T_NATIVE_DOUBLE, values);
    H5Fclose(file);
}

/* 2-3-1 has 3 + 3 + 2 exponents, then 1 + 1 + 3: rows, elements of the bias, columns; and steps. */
static void rounding_of_gradients(void **state)
{
    (void)state;
    enum { N = 16 };
    static const double bad[] = {-65, 128, 0.5, 1e19, -1e300};
    double numbers[N] = {-64, 127, 0, 1, 2, 3, -4, -32, -1, 5, -3, 0, -32, 136, 4, 64};
    put_vector("run/rounding", N, numbers);
    check_good();
    for (int at = 0; at < N; at++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            double edited[N];
            memcpy(edited, numbers, sizeof edited);
            edited[at] = at >= N - 3 && at < N - 1 && bad[i] == 128 ? -2 : bad[i];
            put_vector("run/rounding", N, edited);
            check_error("/run/rounding");
        }
}

/* What older programs kept of their rounding is left alone. */
static void rounding_of_older_programs(void **state)
{
    (void)state;
    static const double numbers[] = {1, 2, 1e300};
    put_vector("run/scales", 3, numbers);
    check_good();
}

static void scale_of_inputs(void **state)
{
    (void)state;
    static const double bad[] = {0, -1};
    for (int i = 0; i < 2; i++) {
        save_normalized();
        hid_t file = H5Fopen(FILE_NAME, H5F_ACC_RDWR, H5P_DEFAULT);
        hid_t set = H5Dopen2(file, "normalization/scale", H5P_DEFAULT);
        assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                             (double[]){1, bad[i]}) >= 0);
        H5Adelete(set, "xxh3");
        H5Dclose(set);
        H5Fclose(file);
        check_error("\"/normalization\"");
    }
}

static void check_checksums(const char *line)
{
    dt_error err = {0};
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    hid_t file = dt_h5_open(FILE_NAME, &err);
    if (file < 0 || dt_checkpoint_describe(file, FILE_NAME, to, &err))
        fail_msg("%s", err.text);
    H5Fclose(file);
    fclose(to);
    const char *found = strstr(text, line); /* and no line before it has the word */
    assert_true(found && found == strstr(text, "Checksums:"));
    free(text);
}

/* info does not praise what is not there. */
static void checksums(void **state)
{
    (void)state;
    save();
    check_checksums("Checksums:  good\n");
    H5Fclose(edit());
    hid_t file = edit();
    H5Adelete_by_name(file, "model/2.bias", "xxh3", H5P_DEFAULT);
    H5Fclose(file);
    check_checksums(
        "Checksums:  none of the whole file, which another program has changed; good of 3 of "
        "the 4 tensors\n");
    file = edit();
    static const char *const name[] = {"0.weight", "0.bias", "2.weight", "2.bias"};
    for (int i = 0; i < 4; i++) {
        char path[32];
        snprintf(path, sizeof path, "model/%s", name[i]);
        H5Adelete_by_name(file, path, "xxh3", H5P_DEFAULT);
    }
    H5Fclose(file);
    check_checksums("Checksums:  none\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(whole_numbers),
        TEST(real_numbers),
        TEST(missing),
        TEST(other_types),
        TEST(no_optimizer),
        TEST(rounding_of_gradients),
        TEST(rounding_of_older_programs),
        TEST(scale_of_inputs),
        TEST(checksums),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
