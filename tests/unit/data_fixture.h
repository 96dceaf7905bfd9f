/* Data files of tests, made with HDF5: d.h5 in a folder of its own. Functions that a test does not
 * use are no warning. */
#ifndef DT_TESTS_DATA_FIXTURE_H
#define DT_TESTS_DATA_FIXTURE_H

#include "data/data_file.h"

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

static inline hid_t new_file(void)
{
    return H5Fcreate("d.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

/* A dataset from doubles, which HDF5 converts; chunked by rows and packed if chunk_rows. */
static inline void put(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim,
                       const double *values, hsize_t chunk_rows)
{
    hid_t space = H5Screate_simple(dims, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk_rows) {
        hsize_t chunk[4] = {0};
        memcpy(chunk, dim, (size_t)dims * sizeof *chunk);
        chunk[0] = chunk_rows;
        H5Pset_chunk(create, dims, chunk);
        H5Pset_shuffle(create);
        H5Pset_deflate(create, 4);
    }
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(set >= 0);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Pclose(create);
    H5Sclose(space);
}

#define DIMS(...)                                                                                  \
    (int)(sizeof((hsize_t[]){__VA_ARGS__}) / sizeof(hsize_t)), ((const hsize_t[]){__VA_ARGS__})
#define VALUES(...) ((const double[]){__VA_ARGS__})

static inline dt_data_file *open_source(const char *y)
{
    dt_data_file *source;
    dt_error err = {0};
    if (dt_data_file_open(&source, "d.h5", "x", y, &err))
        fail_msg("%s", err.text);
    return source;
}

/* d.h5 with x only, opened. */
static inline dt_data_file *with_x(hid_t type, int dims, const hsize_t *dim, const double *values,
                                   hsize_t chunk_rows)
{
    hid_t file = new_file();
    put(file, "x", type, dims, dim, values, chunk_rows);
    H5Fclose(file);
    return open_source(NULL);
}

/* d.h5 with an x of as many rows and this y, opened. */
static inline dt_data_file *with_y(hid_t type, int dims, const hsize_t *dim, const double *values)
{
    double *zeros = calloc(dim[0], sizeof *zeros);
    hid_t file = new_file();
    put(file, "x", H5T_IEEE_F32LE, 1, dim, zeros, 0);
    put(file, "y", type, dims, dim, values, 0);
    H5Fclose(file);
    free(zeros);
    return open_source("y");
}

static inline void check_x(dt_data_file *source, int64_t row, int64_t n, const double *expected)
{
    float values[64];
    dt_error err = {0};
    int64_t width = dt_data_file_get_info(source)->features;
    if (dt_data_file_read_x(source, row, n, values, &err))
        fail_msg("%s", err.text);
    for (int64_t i = 0; i < n * width; i++)
        assert_true((double)values[i] == expected[i]);
}

#endif
