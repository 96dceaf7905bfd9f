/* Data sets in every type and layout that they may come in, made with HDF5 here; and what is said
 * of those that cannot be used. */
#include "data/data_file.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data_fixture.h"

/* ---- x -------------------------------------------------------------------------------------- */

static void check_type(hid_t type, double a, double b, double c)
{
    dt_data_file *source = with_x(type, DIMS(3, 1), VALUES(a, b, c), 0);
    assert_false(dt_data_file_get_info(source)->x_is_bytes);
    assert_int_equal(dt_data_file_get_info(source)->y_width, 0);
    check_x(source, 0, 3, VALUES(a, b, c));
    dt_data_file_close(source);
}

static void x_types(void **state)
{
    (void)state;
    check_type(H5T_STD_I8LE, -128, 0, 127);
    check_type(H5T_STD_I16LE, -32768, 5, 32767);
    check_type(H5T_STD_I16BE, -32768, 5, 32767);
    check_type(H5T_STD_U16BE, 0, 5, 65535);
    check_type(H5T_STD_I32LE, -2147483648.0, 5, 1 << 24);
    check_type(H5T_STD_I32BE, -2147483648.0, 5, 1 << 24);
    check_type(H5T_STD_U32LE, 0, 5, 4294967040.0);
    check_type(H5T_STD_I64LE, -9223372036854775808.0, 5, 1ll << 40);
    check_type(H5T_STD_U64BE, 0, 5, 9223372036854775808.0);
    check_type(H5T_IEEE_F32LE, -0.5, 1.5, 3e38f);
    check_type(H5T_IEEE_F32BE, -0.5, 1.5, 3e38f);
    check_type(H5T_IEEE_F64LE, -0.5, 1.5, 1e-30f);
    check_type(H5T_IEEE_F64BE, -0.5, 1.5, 1e-30f);
}

static void x_half(void **state)
{
    (void)state;
    hid_t half = H5Tcopy(H5T_IEEE_F32LE); /* as h5py makes it */
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    check_type(half, -65504, 0.5, 0x1p-24); /* the largest and the smallest */
    H5Tclose(half);
}

/* A float64 is rounded to the nearest float32. */
static void x_rounded(void **state)
{
    (void)state;
    dt_data_file *source = with_x(H5T_IEEE_F64LE, DIMS(2), VALUES(0.1, 16777217), 0);
    check_x(source, 0, 2, VALUES((double)0.1f, 16777216));
    dt_data_file_close(source);
}

static void x_bytes(void **state)
{
    (void)state;
    uint8_t values[6];
    float unit[6];
    dt_error err = {0};
    dt_data_file *source = with_x(H5T_STD_U8LE, DIMS(3, 2), VALUES(0, 51, 255, 1, 254, 128), 0);
    assert_true(dt_data_file_get_info(source)->x_is_bytes);
    assert_int_equal(dt_data_file_read_x(source, 0, 3, values, &err), DT_OK);
    assert_memory_equal(values, ((uint8_t[]){0, 51, 255, 1, 254, 128}), 6);
    dt_unit_from_bytes(values, 6, unit); /* as ToTensor: divided in float32 */
    assert_true(unit[0] == 0 && unit[1] == 0.2f && unit[2] == 1 && unit[3] == 1 / 255.0f);
    dt_data_file_close(source);
}

/* An enumeration, and what MATLAB calls logical, are stored as uint8 and are no pictures. */
static void x_flags(void **state)
{
    (void)state;
    static const char *const classes[] = {"uint8", "logical", "logical"};
    hid_t names = H5Tenum_create(H5T_STD_U8LE), text = H5Tcopy(H5T_C_S1);
    const uint8_t no = 0, yes = 1;
    H5Tenum_insert(names, "FALSE", &no);
    H5Tenum_insert(names, "TRUE", &yes);
    for (int i = 0; i < 4; i++) { /* the last is the enumeration */
        const uint8_t values[] = {0, 1, 1, 0};
        hid_t type = i == 3 ? names : H5T_STD_U8LE, file = new_file();
        hid_t space = H5Screate_simple(DIMS(2, 2), NULL), scalar = H5Screate(H5S_SCALAR);
        hid_t set = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, i == 3 ? names : H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        H5Tset_size(text, i == 2 ? H5T_VARIABLE : i < 3 ? strlen(classes[i]) : 1);
        if (i < 3) {
            hid_t class = H5Acreate2(set, "MATLAB_class", text, scalar, H5P_DEFAULT, H5P_DEFAULT);
            H5Awrite(class, text, i == 2 ? (const void *)&classes[i] : classes[i]);
            H5Aclose(class);
        }
        H5Dclose(set);
        H5Sclose(scalar);
        H5Sclose(space);
        H5Fclose(file);
        dt_data_file *source = open_source(NULL);
        dt_error err = {0};
        float x[4];
        assert_int_equal(dt_data_file_get_info(source)->x_is_bytes, i == 0);
        if (i > 0) {
            assert_int_equal(dt_data_file_read_x(source, 0, 2, x, &err), DT_OK);
            assert_true(x[0] == 0 && x[1] == 1 && x[2] == 1 && x[3] == 0);
        }
        dt_data_file_close(source);
    }
    H5Tclose(text);
    H5Tclose(names);
}

static void x_shapes(void **state)
{
    (void)state;
    dt_data_file *source = with_x(H5T_IEEE_F32LE, DIMS(3), VALUES(1, 2, 3), 0);
    assert_int_equal(dt_data_file_get_info(source)->rows, 3);
    assert_int_equal(dt_data_file_get_info(source)->features, 1);
    check_x(source, 1, 2, VALUES(2, 3));
    dt_data_file_close(source);
    source =
        with_x(H5T_IEEE_F32LE, DIMS(2, 2, 3), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 0);
    assert_int_equal(dt_data_file_get_info(source)->rows, 2);
    assert_int_equal(dt_data_file_get_info(source)->features, 6);
    assert_int_equal(dt_data_file_get_info(source)->chunk_rows, 1);
    check_x(source, 1, 1, VALUES(7, 8, 9, 10, 11, 12));
    check_x(source, 2, 0, NULL); /* no rows, at the end */
    dt_data_file_close(source);
}

static void x_chunked(void **state)
{
    (void)state;
    double values[40];
    for (int i = 0; i < 40; i++)
        values[i] = i / 4.0;
    dt_data_file *source = with_x(H5T_IEEE_F64BE, DIMS(10, 2, 2), values, 3);
    assert_int_equal(dt_data_file_get_info(source)->chunk_rows, 3);
    check_x(source, 0, 10, values);
    check_x(source, 2, 5, values + 8); /* across chunks */
    check_x(source, 9, 1, values + 36);
    dt_data_file_close(source);
}

/* Names that are paths, behind links. */
static void x_external(void **state)
{
    (void)state;
    dt_data_file *source;
    dt_error err = {0};
    hid_t file = new_file();
    H5Gclose(H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put(file, "/train/images", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Lcreate_soft("/train/images", file, "linked", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "/train/images", "linked", &err), DT_OK);
    check_x(source, 0, 2, VALUES(1, 2));
    dt_data_file_close(source);
}

/* ---- y -------------------------------------------------------------------------------------- */

static void check_targets(dt_data_file *source, int64_t row, int64_t n, const double *expected)
{
    float values[64];
    dt_error err = {0};
    if (dt_data_file_read_y(source, DT_Y_TARGETS, row, n, values, &err))
        fail_msg("%s", err.text);
    for (int64_t i = 0; i < n * dt_data_file_get_info(source)->y_width; i++)
        assert_true((double)values[i] == expected[i]);
}

static void y_shapes(void **state)
{
    (void)state;
    dt_data_file *source = with_y(H5T_IEEE_F32LE, DIMS(3), VALUES(1, 2, 3));
    assert_int_equal(dt_data_file_get_info(source)->y_width, 1);
    assert_false(dt_data_file_get_info(source)->y_is_integer);
    check_targets(source, 1, 2, VALUES(2, 3));
    dt_data_file_close(source);
    source = with_y(H5T_IEEE_F64LE, DIMS(3, 1), VALUES(1, 2, 3));
    assert_int_equal(dt_data_file_get_info(source)->y_width, 1);
    check_targets(source, 0, 3, VALUES(1, 2, 3));
    dt_data_file_close(source);
    source = with_y(H5T_STD_I16BE, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    assert_int_equal(dt_data_file_get_info(source)->y_width, 3);
    assert_true(dt_data_file_get_info(source)->y_is_integer);
    check_targets(source, 1, 1, VALUES(4, 5, 6));
    dt_data_file_close(source);
}

/* uint8 targets are numbers: only x is scaled. */
static void y_bytes(void **state)
{
    (void)state;
    dt_data_file *source = with_y(H5T_STD_U8LE, DIMS(2), VALUES(0, 255));
    assert_true(dt_data_file_get_info(source)->y_is_integer);
    check_targets(source, 0, 2, VALUES(0, 255));
    dt_data_file_close(source);
}

static void check_labels(hid_t type, int dims, const hsize_t *dim)
{
    int32_t label[3];
    dt_error err = {0};
    dt_data_file *source = with_y(type, dims, dim, VALUES(7, 0, 100));
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, 3, label, &err), DT_OK);
    assert_memory_equal(label, ((int32_t[]){7, 0, 100}), sizeof label);
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 2, 1, label, &err), DT_OK);
    assert_int_equal(label[0], 100);
    dt_data_file_close(source);
}

static void labels(void **state)
{
    (void)state;
    check_labels(H5T_STD_U8LE, DIMS(3));
    check_labels(H5T_STD_I8LE, DIMS(3, 1));
    check_labels(H5T_STD_I32BE, DIMS(3));
    check_labels(H5T_STD_I64LE, DIMS(3));
    check_labels(H5T_STD_U64LE, DIMS(3, 1, 1));
    check_labels(H5T_IEEE_F32LE, DIMS(3));
    check_labels(H5T_IEEE_F64BE, DIMS(3, 1));
}

/* More labels than are taken at a time, the largest one among them. */
static void many_labels(void **state)
{
    (void)state;
    enum { N = 150000 };
    double *y = malloc(N * sizeof *y);
    int32_t *label = malloc(N * sizeof *label);
    dt_error err = {0};
    int wrong = 0;
    for (int i = 0; i < N; i++)
        y[i] = i == N - 1 ? 2147483646.0 : i;
    dt_data_file *source = with_y(H5T_STD_I64LE, DIMS(N), y);
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, N, label, &err), DT_OK);
    for (int i = 0; i < N; i++)
        wrong += label[i] != (int32_t)y[i];
    assert_int_equal(wrong, 0);
    dt_data_file_close(source);
    free(label);
    free(y);
}

/* ---- Values that cannot be used ------------------------------------------------------------- */

static void bad_x(hid_t type, const double *values, int64_t row, const char *text)
{
    float out[12];
    dt_error err = {0};
    dt_data_file *source = with_x(type, DIMS(4, 3), values, 0);
    assert_int_equal(dt_data_file_read_x(source, row, 4 - row, out, &err), DT_ERR_DATA);
    assert_string_equal(err.text, text);
    dt_data_file_close(source);
}

static void x_not_finite(void **state)
{
    (void)state;
    double x[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, NAN};
    bad_x(H5T_IEEE_F32LE, x, 0,
          "d.h5: \"x\" has NaN in row 3, column 2 (counted from 0); clean the data first, or "
          "train with --missing mean or drop");
    bad_x(H5T_IEEE_F64BE, x, 2,
          "d.h5: \"x\" has NaN in row 3, column 2 (counted from 0); clean the data first, or "
          "train with --missing mean or drop");
    x[7] = -INFINITY; /* the first one is named */
    bad_x(H5T_IEEE_F32LE, x, 1,
          "d.h5: \"x\" has an infinite value (as float32) in row 2, column 1 (counted from 0); "
          "clean the data first");
    x[7] = 0;
    x[3] = 1e39; /* finite as float64 */
    bad_x(H5T_IEEE_F64LE, x, 0,
          "d.h5: \"x\" has an infinite value (as float32) in row 1, column 0 (counted from 0); "
          "clean the data first");
}

static void y_not_finite(void **state)
{
    (void)state;
    float out[6];
    dt_error err = {0};
    dt_data_file *source = with_y(H5T_IEEE_F32LE, DIMS(3, 2), VALUES(1, 2, 3, NAN, 5, 6));
    assert_int_equal(dt_data_file_read_y(source, DT_Y_TARGETS, 0, 3, out, &err), DT_ERR_DATA);
    assert_string_equal(
        err.text,
        "d.h5: \"y\" has NaN in row 1, column 1 (counted from 0); clean the data first, or "
        "--missing-y mask or drop leaves it out");
    dt_data_file_close(source);
}

static void bad_label(hid_t type, double label, const char *text)
{
    int32_t out[4];
    dt_error err = {0};
    dt_data_file *source = with_y(type, DIMS(4), VALUES(0, 1, label, -9));
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 1, 3, out, &err), DT_ERR_DATA);
    assert_string_equal(err.text, text);
    dt_data_file_close(source);
}

static void bad_labels(void **state)
{
    (void)state;
    bad_label(H5T_STD_I8LE, -1,
              "d.h5: \"y\" has the class label -1 in row 2 (counted from 0): labels must not be "
              "negative; classes are 0, 1, 2, ...");
    bad_label(H5T_IEEE_F32LE, 1.5,
              "d.h5: \"y\" has the class label 1.5 in row 2 (counted from 0): labels must be whole "
              "numbers; classes are 0, 1, 2, ...");
    bad_label(H5T_STD_I64LE, 2147483647.0,
              "d.h5: \"y\" has the class label 2147483647 in row 2 (counted from 0): no model "
              "could hold a class for each up to it; classes are 0, 1, 2, ...");
    bad_label(H5T_STD_I64LE, 1ll << 62,
              "d.h5: \"y\" has the class label 4611686018427387904 in row 2 (counted from 0): no "
              "model could hold a class for each up to it; classes are 0, 1, 2, ...");
    bad_label(H5T_IEEE_F64LE, NAN,
              "d.h5: \"y\" has NaN or an infinite value in row 2 (counted from 0)");
    bad_label(H5T_IEEE_F64LE, INFINITY,
              "d.h5: \"y\" has NaN or an infinite value in row 2 (counted from 0)");
}

static void one_hot_labels(void **state)
{
    (void)state;
    int32_t out[3];
    dt_error err = {0};
    dt_data_file *source = with_y(H5T_STD_I8LE, DIMS(3, 3), VALUES(0, 1, 0, 0, 0, 1, 1, 0, 0));
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, 3, out, &err), DT_OK);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 2);
    assert_int_equal(out[2], 0);
    dt_data_file_close(source);
}

static void several_labels(void **state)
{
    (void)state;
    int32_t out[4];
    dt_error err = {0};
    dt_data_file *source = with_y(H5T_STD_I32LE, DIMS(2, 2), VALUES(0, 1, 2, 3));
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, 2, out, &err), DT_ERR_DATA);
    assert_string_equal(
        err.text,
        "d.h5: \"y\" has 2 values a row, and row 1 (counted from 0) is not one 1 among zeros, as a "
        "class is: --loss bce answers 2 questions by yes or no, and --loss mse takes numbers");
    dt_data_file_close(source);
}

/* ---- Datasets that cannot be used ----------------------------------------------------------- */

static void check_refused(const char *x, const char *y, dt_code code, const char *text)
{
    dt_data_file *source = (dt_data_file *)&code;
    dt_error err = {0};
    dt_data_file_open(&source, "d.h5", x, y, &err);
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    assert_null(source);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

static void no_such_dataset(void **state)
{
    (void)state;
    hid_t file = new_file();
    put(file, "features", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    put(file, "labels", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put(file, "group/more", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Lcreate_soft("/nowhere", file, "broken", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    check_refused("x", "y", DT_ERR_DATA,
                  "d.h5: no dataset \"x\" (it has \"features\", \"group/more\", \"labels\"; choose "
                  "with --x and --y)");
    check_refused("features", "no/y", DT_ERR_DATA,
                  "d.h5: no dataset \"no/y\" (it has \"features\", \"group/more\", \"labels\"; "
                  "choose with --x and --y)");
    check_refused("broken", NULL, DT_ERR_DATA,
                  "d.h5: \"broken\" is a link to \"/nowhere\", which is not there");
    check_refused("group", NULL, DT_ERR_DATA,
                  "d.h5: not a dataset: \"group\" (it has \"features\", \"group/more\", "
                  "\"labels\"; choose with --x and --y)");
}

static void no_datasets(void **state)
{
    (void)state;
    H5Fclose(new_file());
    check_refused("x", "y", DT_ERR_DATA,
                  "d.h5: no dataset \"x\" (it has none; choose with --x and --y)");
}

static void many_datasets(void **state)
{
    (void)state;
    hid_t file = new_file();
    for (char name[] = "a"; name[0] <= 'j'; name[0]++)
        put(file, name, H5T_IEEE_F32LE, DIMS(1), VALUES(0), 0);
    H5Fclose(file);
    check_refused("x", NULL, DT_ERR_DATA,
                  "d.h5: no dataset \"x\" (it has \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", "
                  "...; choose with --x and --y)");
}

static void shapes_refused(void **state)
{
    (void)state;
    hid_t file = new_file(), scalar = H5Screate(H5S_SCALAR);
    put(file, "three", H5T_IEEE_F32LE, DIMS(3), VALUES(1, 2, 3), 0);
    put(file, "two", H5T_IEEE_F32LE, DIMS(2, 2), VALUES(1, 2, 3, 4), 0);
    put(file, "empty", H5T_IEEE_F32LE, DIMS(0, 2), VALUES(0), 0);
    put(file, "thin", H5T_IEEE_F32LE, DIMS(3, 0), VALUES(0), 0);
    H5Dclose(
        H5Dcreate2(file, "single", H5T_IEEE_F32LE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(scalar);
    H5Fclose(file);
    check_refused("three", "two", DT_ERR_SHAPE, "d.h5: \"three\" has 3 rows but \"two\" has 2");
    check_refused("empty", NULL, DT_ERR_DATA, "d.h5: dataset \"empty\" has no rows");
    check_refused("three", "empty", DT_ERR_DATA, "d.h5: dataset \"empty\" has no rows");
    check_refused("thin", NULL, DT_ERR_DATA, "d.h5: the rows of dataset \"thin\" hold no values");
    check_refused("single", NULL, DT_ERR_DATA,
                  "d.h5: dataset \"single\" is a single value or empty, not rows");
}

static void check_type_refused(hid_t type, const char *what)
{
    char text[128];
    hsize_t rows = 3;
    hid_t file = new_file(), space = H5Screate_simple(1, &rows, NULL);
    H5Dclose(H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(file);
    H5Tclose(type);
    if (what)
        snprintf(text, sizeof text, "d.h5: dataset \"x\" holds %s; integers or floats are needed",
                 what);
    else
        snprintf(text, sizeof text,
                 "d.h5: dataset \"x\" holds complex numbers; take their parts: "
                 "--x x/r,x/i");
    check_refused("x", NULL, DT_ERR_DATA, text);
}

static void types_refused(void **state)
{
    (void)state;
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    check_type_refused(text, "strings");
    hid_t complex = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(complex, "r", 0, H5T_IEEE_F32LE);
    H5Tinsert(complex, "i", 4, H5T_IEEE_F32LE);
    check_type_refused(complex, NULL);
    check_type_refused(H5Tvlen_create(H5T_IEEE_F32LE), "variable-length lists");
    check_type_refused(H5Tcreate(H5T_OPAQUE, 4), "neither integers nor floats");
}

static void files_refused(void **state)
{
    (void)state;
    check_refused("x", "y", DT_ERR_FILE, "d.h5: no such file");
    FILE *f = fopen("d.h5", "w");
    fputs("x,y\n1,2\n", f);
    fclose(f);
    check_refused(
        "x", "y", DT_ERR_FILE,
        "d.h5: is text, perhaps a table, not an HDF5 file; dtrain convert TABLE.csv OUT.h5 "
        "--target COLUMN makes a data set of a table");
    dt_data_file_close(with_x(H5T_IEEE_F32LE, DIMS(4), VALUES(1, 2, 3, 4), 0));
    assert_int_equal(truncate("d.h5", 1500), 0);
    dt_data_file *source;
    dt_error err = {0};
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_ERR_FILE);
    assert_memory_equal(err.text, "d.h5: the file is truncated: ", 29);
}

/* A chunk that does not unpack: only reading its rows finds out. */
static void damaged_chunk(void **state)
{
    (void)state;
    double x[64];
    float out[64];
    dt_error err = {0};
    haddr_t at = 0;
    for (int i = 0; i < 64; i++)
        x[i] = sin(i);
    dt_data_file_close(with_x(H5T_IEEE_F64LE, DIMS(64), x, 16));
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "x", H5P_DEFAULT);
    assert_true(H5Dget_chunk_info_by_coord(set, &(hsize_t){32}, NULL, &at, NULL) >= 0);
    H5Dclose(set);
    H5Fclose(file);
    FILE *f = fopen("d.h5", "r+b");
    fseek(f, (long)at, SEEK_SET);
    fputs("garbage", f);
    fclose(f);
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, 0, 32, out, &err), DT_OK);
    assert_int_equal(dt_data_file_read_x(source, 30, 20, out, &err), DT_ERR_DATA);
    assert_memory_equal(err.text, "d.h5: cannot read rows 30 to 49 of \"x\": ", 40);
    dt_data_file_close(source);
}

/* ---- What is there and cannot be opened ----------------------------------------------------- */

static void check_unopened(const char *x, const char *text)
{
    dt_data_file *source;
    dt_error err = {0};
    assert_int_equal(dt_data_file_open(&source, "d.h5", x, NULL, &err), DT_ERR_DATA);
    assert_string_equal(err.text, text);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static void links(void **state)
{
    (void)state;
    hid_t file = H5Fcreate("other.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "there", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Fclose(file);
    FILE *f = fopen("text.h5", "w");
    fputs("no file of HDF5", f);
    fclose(f);
    file = new_file();
    put(file, "y", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Lcreate_soft("/gone", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/soft", file, "twice", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/y", file, "good", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("gone.h5", "/x", file, "out", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/x", file, "no", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/there", file, "yes", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("text.h5", "/x", file, "text", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    check_unopened("soft", "d.h5: \"soft\" is a link to \"/gone\", which is not there");
    check_unopened("twice", "d.h5: \"twice\" is a link to \"/soft\", which is not there");
    check_unopened("soft/x",
                   "d.h5: \"soft/x\" cannot be opened: \"soft\" is a link to \"/gone\", which is "
                   "not there");
    check_unopened("out",
                   "d.h5: \"out\" is a link to \"/x\" in the file \"gone.h5\", which is missing");
    check_unopened("no",
                   "d.h5: \"no\" is a link to \"/x\" in the file \"other.h5\", where it is not");
    check_unopened("text",
                   "d.h5: \"text\" is a link to \"/x\" in the file \"text.h5\", which cannot be "
                   "opened: file signature not found");
    check_unopened("y/x",
                   "d.h5: no dataset \"y/x\" (it has \"good\", \"y\", \"yes\"; choose with --x and "
                   "--y)");
}

/* A dataset as a later HDF5 may write it: its layout message (type 8; version 3, contiguous) has a
 * version that there is not. */
static void other_versions(void **state)
{
    (void)state;
    static const unsigned char message[] = {8, 0}, layout[] = {0, 0, 0, 3, 1};
    unsigned char bytes[8192];
    hid_t file = new_file();
    put(file, "x", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    put(file, "z", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Fclose(file);
    FILE *f = fopen("d.h5", "r+b");
    size_t n = fread(bytes, 1, sizeof bytes, f), at = 0;
    while (at + 10 < n && (memcmp(bytes + at, message, sizeof message) != 0 ||
                           memcmp(bytes + at + 5, layout, sizeof layout) != 0))
        at++;
    assert_true(at + 10 < n);
    fseek(f, (long)at + 8, SEEK_SET);
    fputc(9, f);
    fclose(f);
    check_unopened("x",
                   "d.h5: \"x\" cannot be opened: bad version number for layout message (was it "
                   "written by a newer HDF5? h5py.File(..., libver=(\"earliest\", \"v110\")) "
                   "there writes what this one reads)");
    check_unopened("y", "d.h5: no dataset \"y\" (it has \"z\"; choose with --x and --y)");
}

/* What has been written to a file that is still open for writing may not be in it yet. */
static void open_for_writing(void **state)
{
    (void)state;
    dt_data_file *source;
    dt_error err = {0};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate("d.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    put(file, "x", H5T_IEEE_F32LE, DIMS(2), VALUES(1, 2), 0);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_ERR_FILE);
    assert_string_equal(err.text,
                        "d.h5: another program has it open for writing, or died before it "
                        "closed it: if none is at work on it, h5clear -s d.h5");
    H5Fclose(file);
    H5Pclose(access);
    dt_data_file_close(open_source(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(x_types),        TEST(x_half),          TEST(x_rounded),        TEST(x_bytes),
        TEST(x_flags),        TEST(x_shapes),        TEST(x_chunked),        TEST(x_external),
        TEST(y_shapes),       TEST(y_bytes),         TEST(labels),           TEST(many_labels),
        TEST(x_not_finite),   TEST(y_not_finite),    TEST(bad_labels),       TEST(one_hot_labels),
        TEST(several_labels), TEST(no_such_dataset), TEST(no_datasets),      TEST(many_datasets),
        TEST(shapes_refused), TEST(types_refused),   TEST(files_refused),    TEST(damaged_chunk),
        TEST(links),          TEST(other_versions),  TEST(open_for_writing),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
