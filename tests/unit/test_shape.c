/* Data files whose numbers make no sense: shapes and types that no file can hold, virtual datasets
 * made of themselves, a filter with another idea of a value's size. Each is described, and refused
 * or read right. */
#include "data/data_file.h"
#include "data/describe.h"
#include "data/scan.h"
#include "data/shape.h"

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

/* ---- Making files --------------------------------------------------------------------------- */

static hid_t create_file(const char *name)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* A dataset of which nothing is written; in chunks, which take no space then. */
static void declare(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim)
{
    hid_t space = H5Screate_simple(dims, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk[4] = {1, 1, 1, 1};
    H5Pset_chunk(create, dims, chunk);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Pclose(create);
    H5Sclose(space);
}

/* ---- What is said of it --------------------------------------------------------------------- */

/* Describe d.h5 and read x through, as dtrain info does; the text is to be freed. */
static char *describe(void)
{
    char *text = NULL;
    size_t length = 0;
    dt_error err = {0};
    dt_scan scan;
    dt_data_file *source;
    FILE *to = open_memstream(&text, &length);
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_int_equal(dt_describe_data(file, "d.h5", to, &err), DT_OK);
    H5Fclose(file);
    if (!dt_data_file_open(&source, "d.h5", "x", NULL, &err)) {
        dt_scan_columns(&scan, dt_data_file_x(source), true, NULL, &err);
        dt_scan_free(&scan);
    }
    dt_data_file_close(source);
    fclose(to);
    return text;
}

static void check_refused(const char *part)
{
    dt_data_file *source = NULL;
    dt_error err = {0};
    free(describe());
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_ERR_DATA);
    if (!strstr(err.text, part) || strncmp(err.text, "d.h5: ", 6) != 0)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE | H5F_OBJ_DATASET), 0);
}

static void check_shape(hid_t type, int dims, const hsize_t *dim, const char *part)
{
    hid_t file = create_file("d.h5");
    declare(file, "x", type, dims, dim);
    H5Fclose(file);
    check_refused(part);
}

#define DIMS(...)                                                                                  \
    (int)(sizeof((hsize_t[]){__VA_ARGS__}) / sizeof(hsize_t)), ((const hsize_t[]){__VA_ARGS__})
#define TWO(n) ((hsize_t)1 << (n))

/* ---- Shapes --------------------------------------------------------------------------------- */

static void too_large(void **state)
{
    (void)state;
    check_shape(H5T_IEEE_F32LE, DIMS(TWO(63) - 1), "too large");
    check_shape(H5T_IEEE_F32LE, DIMS(TWO(63) - 1, 1), "too large");
    check_shape(H5T_IEEE_F64LE, DIMS(60, TWO(61)), "too wide");
    check_shape(H5T_IEEE_F32LE, DIMS(3, TWO(62)), "too wide");
    check_shape(H5T_IEEE_F32LE, DIMS(3, TWO(32), TWO(32)), "too wide"); /* 2^64 is 0 */
    check_shape(H5T_IEEE_F32LE, DIMS(3, TWO(32), TWO(31)), "too wide"); /* 2^63 is negative */
    check_shape(H5T_STD_U8LE, DIMS(TWO(31), TWO(31), 1), "too large");
    check_shape(H5T_STD_U8LE, DIMS(TWO(32), TWO(32)), "too large");
    check_shape(H5T_STD_U8LE, DIMS(TWO(54), 1), "too large");
    check_shape(H5T_STD_I8LE, DIMS(0, TWO(62)), "too wide");
}

static void wide_types(void **state)
{
    (void)state;
    hid_t text = H5Tcopy(H5T_C_S1), wide = H5Tcopy(H5T_STD_I32LE);
    H5Tset_size(text, (size_t)1 << 31);
    check_shape(text, DIMS(3), "holds strings");
    H5Tset_size(wide, 4096);
#if !H5_VERSION_GE(1, 14, 4) /* which makes no such type, nor opens it */
    check_shape(wide, DIMS(3), "holds numbers of 4096 bytes");
#endif
    H5Tclose(text);
    H5Tclose(wide);
}

/* What is only large is taken. */
static void large(void **state)
{
    (void)state;
    dt_data_file *source;
    dt_error err = {0};
    hid_t file = create_file("d.h5");
    declare(file, "x", H5T_IEEE_F64LE, DIMS(TWO(40), 1024));
    H5Fclose(file);
    char *text = describe();
    assert_non_null(strstr(text, "x: [1099511627776,1024] float64, 9.0 PB, chunks of [1,1]"));
    free(text);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_OK);
    assert_int_equal(dt_data_file_get_info(source)->rows, TWO(40));
    dt_data_file_close(source);
}

/* The shape of what has no rows, for describing it. */
static void small(void **state)
{
    (void)state;
    dt_shape shape;
    dt_error err = {0};
    hid_t file = create_file("d.h5"), scalar = H5Screate(H5S_SCALAR), none = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(file, "s", H5T_STD_I16LE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "n", H5T_STD_I16LE, none, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(scalar);
    H5Sclose(none);
    for (const char *name = "sn"; *name; name++) {
        hid_t set = H5Dopen2(file, (const char[]){*name, '\0'}, H5P_DEFAULT);
        assert_int_equal(dt_shape_read(&shape, set, "d.h5", "s", &err), DT_OK);
        assert_int_equal(shape.dims, 0);
        assert_int_equal(shape.rows, 0);
        assert_int_equal(shape.value_bytes, 2);
        H5Dclose(set);
    }
    H5Fclose(file);
}

/* ---- Virtual datasets ----------------------------------------------------------------------- */

static void put_virtual(hid_t file, const char *name, const char *from_file, const char *from)
{
    hid_t space = H5Screate_simple(1, (const hsize_t[]){6}, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(create, space, from_file, from, space);
    H5Dclose(H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, create, H5P_DEFAULT));
    H5Pclose(create);
    H5Sclose(space);
}

static void virtual_circles(void **state)
{
    (void)state;
    hid_t file = create_file("d.h5");
    put_virtual(file, "x", ".", "x");
    H5Fclose(file);
    check_refused("in a circle");
    file = create_file("d.h5");
    put_virtual(file, "x", "d.h5", "/x");
    H5Fclose(file);
    check_refused("in a circle");
    file = create_file("d.h5");
    put_virtual(file, "x", "e.h5", "x");
    H5Fclose(file);
    file = create_file("e.h5");
    put_virtual(file, "x", "d.h5", "x");
    H5Fclose(file);
    check_refused("in a circle");
}

/* ---- Filters -------------------------------------------------------------------------------- */

/* In the file the shuffle filter has 2 bytes for a value, where the type has 4: HDF5 undoes what
 * the filter says. */
static void shuffle_of_another_size(void **state)
{
    (void)state;
    enum { ROWS = 96 };
    static char bytes[1 << 16];
    static const char filter[] = "shuffle\0\4\0\0";
    int32_t values[ROWS], by_hdf5[ROWS];
    float by_us[ROWS];
    dt_data_file *source;
    dt_error err = {0};
    for (int i = 0; i < ROWS; i++)
        values[i] = i * 30000;
    hid_t file = create_file("d.h5"), create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, (const hsize_t[]){ROWS}, NULL);
    H5Pset_chunk(create, 1, (const hsize_t[]){32});
    H5Pset_shuffle(create);
    hid_t set = H5Dcreate2(file, "x", H5T_STD_I32LE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(create);
    H5Sclose(space);
    H5Fclose(file);

    FILE *f = fopen("d.h5", "r+b");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    char *at = memmem(bytes, n, filter, sizeof filter);
    assert_non_null(at);
    fseek(f, at - bytes + 8, SEEK_SET);
    fputc(2, f);
    fclose(f);

    file = H5Fopen("d.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    set = H5Dopen2(file, "x", H5P_DEFAULT);
    assert_true(H5Dread(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, by_hdf5) >= 0);
    assert_true(memcmp(values, by_hdf5, sizeof values) != 0);
    H5Dclose(set);
    H5Fclose(file);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_OK);
    assert_int_equal(dt_data_file_read_x(source, 0, ROWS, by_us, &err), DT_OK);
    assert_true(dt_data_file_chunks_read(source) == 3); /* past HDF5 */
    dt_data_file_close(source);
    for (int i = 0; i < ROWS; i++)
        assert_true(by_us[i] == (float)by_hdf5[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(too_large), TEST(wide_types),      TEST(large),
        TEST(small),     TEST(virtual_circles), TEST(shuffle_of_another_size),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
