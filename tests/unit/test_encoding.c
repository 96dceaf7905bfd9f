/* Numbers that netCDF's attributes encode: missing values, packed and unsigned numbers. */
#include "data/data_file.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data_fixture.h"

/* Write attributes to a dataset of d.h5; n values of a type each. */
static void put_attribute(const char *set, const char *name, hid_t type, hsize_t n,
                          const double *values)
{
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate_simple(1, &n, NULL);
    hid_t a =
        H5Acreate_by_name(file, set, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(a >= 0);
    assert_true(H5Awrite(a, H5T_NATIVE_DOUBLE, values) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Fclose(file);
}

/* variable: as h5py and netCDF-4 write strings; else as netCDF-3 does. */
static void put_unsigned(const char *set, bool variable)
{
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, variable ? H5T_VARIABLE : 4);
    const char *word = "true";
    hid_t a = H5Acreate_by_name(file, set, "_Unsigned", text, space, H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT);
    assert_true(H5Awrite(a, text, variable ? (const void *)&word : word) >= 0);
    H5Aclose(a);
    H5Tclose(text);
    H5Sclose(space);
    H5Fclose(file);
}

/* d.h5 with x only. */
static void make_x(hid_t type, int dims, const hsize_t *dim, const double *values,
                   hsize_t chunk_rows)
{
    hid_t file = new_file();
    put(file, "x", type, dims, dim, values, chunk_rows);
    H5Fclose(file);
}

/* Numbers that are exact in binary, so that the values are. */
static void packed(void **state)
{
    (void)state;
    const hid_t types[] = {H5T_STD_I16LE, H5T_STD_U8LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (hsize_t chunk = 0; chunk <= 2; chunk += 2) {
            make_x(types[t], DIMS(3, 2), VALUES(0, 1, 100, 3, 4, 200), chunk);
            put_attribute("x", "scale_factor", H5T_IEEE_F64LE, 1, VALUES(0.25));
            put_attribute("x", "add_offset", H5T_IEEE_F32LE, 1, VALUES(-280));
            dt_data_file *source = open_source(NULL);
            assert_false(dt_data_file_get_info(source)->x_is_bytes);
            check_x(source, 0, 3, VALUES(-280, -279.75, -255, -279.25, -279, -230));
            check_x(source, 1, 2, VALUES(-255, -279.25, -279, -230));
            dt_data_file_close(source);
        }
}

/* A packed integer is a number: no label of a class. */
static void packed_target(void **state)
{
    (void)state;
    dt_data_file_close(with_y(H5T_STD_I16LE, DIMS(2), VALUES(1, 3)));
    put_attribute("y", "scale_factor", H5T_IEEE_F64LE, 1, VALUES(0.5));
    dt_data_file *source = open_source("y");
    float y[2];
    dt_error err = {0};
    assert_false(dt_data_file_get_info(source)->y_is_integer);
    assert_int_equal(dt_data_file_read_y(source, DT_Y_TARGETS, 0, 2, y, &err), DT_OK);
    assert_true(y[0] == 0.5f && y[1] == 1.5f);
    dt_data_file_close(source);
}

static void unsigned_numbers(void **state)
{
    (void)state;
    for (int variable = 0; variable < 2; variable++) {
        make_x(H5T_STD_I16LE, DIMS(3), VALUES(0, -1, -32768), 0);
        put_unsigned("x", variable);
        dt_data_file *source = open_source(NULL);
        check_x(source, 0, 3, VALUES(0, 65535, 32768));
        dt_data_file_close(source);
    }
}

static void check_missing(const char *where)
{
    float values[64];
    dt_error err = {0};
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, 0, 3, values, &err), DT_ERR_DATA);
    assert_non_null(strstr(err.text, "missing value"));
    assert_non_null(strstr(err.text, where));
    dt_data_file_close(source);
}

static void missing_values(void **state)
{
    (void)state;
    make_x(H5T_IEEE_F32LE, DIMS(3, 2), VALUES(0, 1, 2, -9999, 4, 5), 0);
    put_attribute("x", "_FillValue", H5T_IEEE_F32LE, 1, VALUES(-9999));
    check_missing("row 1, column 1");
    make_x(H5T_STD_I32LE, DIMS(3, 2), VALUES(0, 1, 2, 3, 4, -99), 1);
    put_attribute("x", "missing_value", H5T_STD_I32LE, 2, VALUES(-98, -99));
    check_missing("row 2, column 1");
    make_x(H5T_STD_I16LE, DIMS(3, 2), VALUES(0, -7, 2, 3, 4, 5), 0); /* compared as it is stored */
    put_attribute("x", "_FillValue", H5T_STD_I16LE, 1, VALUES(-7));
    put_attribute("x", "scale_factor", H5T_IEEE_F64LE, 1, VALUES(0.01));
    check_missing("row 0, column 1");
    make_x(H5T_IEEE_F32LE, DIMS(3, 2), VALUES(0, 1, 2, 3, 1e20, 5), 0); /* not 1e20, as float32 */
    put_attribute("x", "missing_value", H5T_IEEE_F64LE, 1, VALUES(1e20));
    check_missing("row 2, column 0");
    make_x(H5T_STD_I16LE, DIMS(3, 2), VALUES(0, 1, 2, -1, 4, 5), 0); /* 65535, which is -1 */
    put_attribute("x", "_FillValue", H5T_STD_I16LE, 1, VALUES(-1));
    put_unsigned("x", false);
    check_missing("row 1, column 1");
    make_x(H5T_STD_I16LE, DIMS(3, 2), VALUES(0, 1, 2, 3, 4, 32767), 0); /* no integer is 1e20 */
    put_attribute("x", "missing_value", H5T_IEEE_F64LE, 1, VALUES(1e20));
    dt_data_file *all = open_source(NULL);
    check_x(all, 0, 3, VALUES(0, 1, 2, 3, 4, 32767));
    dt_data_file_close(all);
    make_x(H5T_IEEE_F64LE, DIMS(3, 2), VALUES(0, 1, 2, 3, 4, 5), 0); /* it has no such value */
    put_attribute("x", "_FillValue", H5T_IEEE_F64LE, 1, VALUES(1 + 1e-12));
    dt_data_file *source = open_source(NULL);
    check_x(source, 0, 3, VALUES(0, 1, 2, 3, 4, 5));
    dt_data_file_close(source);
}

/* netCDF writes its own fill value, without an attribute. Another fill value is only what HDF5
 * gives for values that were never written. */
static void netcdf_fill(void **state)
{
    (void)state;
    const double fills[] = {9.9692099683868690e+36, 5};
    for (int i = 0; i < 2; i++) {
        hid_t file = new_file(), plist = H5Pcreate(H5P_DATASET_CREATE);
        hid_t space = H5Screate_simple(2, (hsize_t[]){3, 2}, NULL);
        H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &fills[i]);
        hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                 VALUES(1, 2, 3, 4, fills[i], 6));
        H5Dclose(set);
        H5Sclose(space);
        H5Pclose(plist);
        H5Fclose(file);
        if (i == 0) {
            check_missing("row 2, column 0");
            continue;
        }
        dt_data_file *source = open_source(NULL);
        check_x(source, 0, 3, VALUES(1, 2, 3, 4, 5, 6));
        dt_data_file_close(source);
    }
}

static void missing_label(void **state)
{
    (void)state;
    dt_data_file_close(with_y(H5T_STD_I8LE, DIMS(3), VALUES(0, -1, 1)));
    put_attribute("y", "_FillValue", H5T_STD_I8LE, 1, VALUES(-1));
    dt_data_file *source = open_source("y");
    int32_t label[3];
    dt_error err = {0};
    assert_true(dt_data_file_get_info(source)->y_is_integer);
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, 3, label, &err), DT_ERR_DATA);
    assert_non_null(strstr(err.text, "missing value"));
    assert_non_null(strstr(err.text, "row 1"));
    dt_data_file_close(source);
}

static void check_attribute_refused(const char *attribute)
{
    dt_data_file *source;
    dt_error err = {0};
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_ERR_DATA);
    assert_non_null(strstr(err.text, attribute));
    assert_non_null(strstr(err.text, "\"x\""));
    dt_data_file_close(source);
}

static void bad_encodings(void **state)
{
    (void)state;
    make_x(H5T_IEEE_F32LE, DIMS(2), VALUES(0, 1), 0);
    put_attribute("x", "scale_factor", H5T_IEEE_F64LE, 2, VALUES(1, 2)); /* which one? */
    check_attribute_refused("scale_factor");
    make_x(H5T_IEEE_F32LE, DIMS(2), VALUES(0, 1), 0);
    put_attribute("x", "add_offset", H5T_IEEE_F64LE, 1, VALUES(INFINITY));
    check_attribute_refused("add_offset");
    make_x(H5T_IEEE_F32LE, DIMS(2), VALUES(0, 1), 0);
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate_by_name(file, "x", "_FillValue", H5T_C_S1, space, H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT);
    H5Awrite(a, H5T_C_S1, "?");
    H5Aclose(a);
    H5Sclose(space);
    H5Fclose(file);
    check_attribute_refused("_FillValue");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(packed),      TEST(packed_target), TEST(unsigned_numbers), TEST(missing_values),
        TEST(netcdf_fill), TEST(missing_label), TEST(bad_encodings),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
