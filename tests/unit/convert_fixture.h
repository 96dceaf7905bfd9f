/* What the tests of the converters share: fixtures written byte by byte, and a look into the
 * result, which is always out.h5. */
#ifndef TESTS_UNIT_CONVERT_FIXTURE_H
#define TESTS_UNIT_CONVERT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/folder.h"

#include <dirent.h>
#include <dtrain/convert.h>
#include <hdf5.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

/* ---- Fixtures ------------------------------------------------------------------------------- */
static inline void put_bytes(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void put_packed(const char *name, const void *data, size_t n)
{
    gzFile f = gzopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, data, (unsigned)n), n);
    assert_int_equal(gzclose(f), Z_OK);
}

static inline void put_text(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* Bytes of a string literal, without its NUL. */
#define PUT(name, literal) put_bytes(name, literal, sizeof(literal) - 1)

static inline int count_files(void)
{
    int n = 0;
    DIR *dir = opendir(".");
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* An NPY file of version 1: the header's length is the dictionary's here, unpadded. */
static inline void put_npy(const char *name, const char *dict, const void *values, size_t n)
{
    char file[4096] = "\x93NUMPY\x01\x00";
    size_t length = strlen(dict);
    file[8] = (char)length;
    file[9] = 0;
    memcpy(file + 10, dict, length);
    memcpy(file + 10 + length, values, n);
    put_bytes(name, file, 10 + length + n);
}

#define PUT_NPY(name, dict, literal) put_npy(name, dict, literal, sizeof(literal) - 1)

/* y of three rows for the tests of x. */
static inline void put_labels(void)
{
    PUT("y", "\0\0\x08\x01\0\0\0\x03\x02\x00\x01");
}

/* ---- Looking into the result ---------------------------------------------------------------- */

static inline hid_t open_set(const char *set, hid_t *file)
{
    *file = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(*file >= 0);
    hid_t data = H5Dopen2(*file, set, H5P_DEFAULT);
    assert_true(data >= 0);
    return data;
}

/* Check the shape ("4x2"), the type and the layout of a dataset; a half is recognised by its size.
 */
static inline void check_set(const char *set, const char *shape, hid_t type)
{
    hid_t file, data = open_set(set, &file);
    hid_t space = H5Dget_space(data), have = H5Dget_type(data), create = H5Dget_create_plist(data);
    hsize_t dims[32];
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    char text[256] = "";
    for (int i = 0; i < rank; i++)
        sprintf(text + strlen(text), "%s%d", i ? "x" : "", (int)dims[i]);
    assert_string_equal(text, shape);
    assert_true(H5Tequal(have, type));
    assert_int_equal(H5Pget_layout(create), H5D_CONTIGUOUS);
    H5Pclose(create);
    H5Tclose(have);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
}

/* NAN is expected where the file has NaN. */
static inline void check_values(const char *set, const double *expected, int n)
{
    double values[64];
    hid_t file, data = open_set(set, &file);
    hid_t space = H5Dget_space(data);
    assert_int_equal(H5Sget_simple_extent_npoints(space), n);
    assert_true(H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    for (int i = 0; i < n; i++)
        if (values[i] != expected[i] && !(isnan(values[i]) && isnan(expected[i])))
            fail_msg("%s[%d] is %.17g, not %.17g", set, i, values[i], expected[i]);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
}

#define CHECK(set, ...)                                                                            \
    check_values(set, (const double[]){__VA_ARGS__},                                               \
                 (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

/* The strings of an attribute, joined by |; NULL: there is no such attribute. */
static inline void check_strings(const char *set, const char *name, const char *expected)
{
    hid_t file, data = open_set(set, &file);
    assert_int_equal(H5Aexists(data, name) > 0, expected != NULL);
    if (expected) {
        hid_t attribute = H5Aopen(data, name, H5P_DEFAULT);
        hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
        char *strings[64], text[1024] = "";
        hssize_t n = H5Sget_simple_extent_npoints(space);
        assert_true(H5Tis_variable_str(type));
        assert_true(n <= 64 && H5Aread(attribute, type, strings) >= 0);
        for (int i = 0; i < n; i++)
            sprintf(text + strlen(text), "%s%s", i ? "|" : "", strings[i]);
        assert_string_equal(text, expected);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
        H5Sclose(space);
        H5Tclose(type);
        H5Aclose(attribute);
    }
    H5Dclose(data);
    H5Fclose(file);
}

/* ---- Calling -------------------------------------------------------------------------------- */

static inline void convert_ok(const char *table, const char *target)
{
    dt_error err = {0};
    int files = count_files() + (access("out.h5", F_OK) != 0);
    if (dt_convert_csv(table, "out.h5", target, &err) != DT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(count_files(), files);
}

static inline void convert_text(const char *text, const char *target)
{
    put_text("t.csv", text);
    convert_ok("t.csv", target);
}

static inline void arrays_ok(const char *x, const char *y)
{
    dt_error err = {0};
    if (dt_convert_arrays(x, y, "out.h5", &err) != DT_OK)
        fail_msg("%s", err.text);
}

/* It fails so, leaves nothing, and an older file under the name stays as it was. */
static inline void check_failed(dt_code code, const dt_error *err, dt_code expected,
                                const char *text, int files)
{
    assert_string_equal(err->text, text);
    assert_int_equal(code, expected);
    assert_int_equal(err->code, expected);
    assert_int_equal(count_files(), files);
}

static inline void refused(const char *text, const char *target, const char *message)
{
    dt_error err = {0};
    put_text("t.csv", text);
    int files = count_files();
    dt_code code = dt_convert_csv("t.csv", "out.h5", target, &err);
    check_failed(code, &err, DT_ERR_DATA, message, files);
}

static inline void arrays_refused(const char *x, const char *y, dt_code expected,
                                  const char *message)
{
    dt_error err = {0};
    int files = count_files();
    dt_code code = dt_convert_arrays(x, y, "out.h5", &err);
    check_failed(code, &err, expected, message, files);
}

#endif
