/* A data set for measuring: bench_rows OUT.h5 ROWS WIDTH KIND, where KIND is
 *   numbers    x [ROWS,WIDTH] float32 and y [ROWS] float32, the mean of the row
 *   classes    x float32 and y [ROWS] int32, 0..9, at random
 *   pictures   x uint8 and y as of classes */
#include "core/random.h"

#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10, LEVELS = 256 };

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_rows: cannot %s\n", what);
        exit(1);
    }
}

static void *allocate(int64_t n, size_t size)
{
    void *block = calloc((size_t)n, size);
    check(block != NULL, "allocate the rows");
    return block;
}

static float *uniform(uint32_t stream, float low, float high, int64_t n)
{
    dt_random random = {.purpose = DT_RANDOM_INIT, .stream = stream};
    float *out = allocate(n, sizeof *out);
    dt_random_uniform(&random, low, high, out, n);
    return out;
}

static void put(hid_t file, const char *name, int dims, const hsize_t *shape, hid_t type,
                hid_t in_memory, const void *values)
{
    hid_t space = H5Screate_simple(dims, shape, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    check(set >= 0 && H5Dwrite(set, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
          "write a dataset");
    H5Dclose(set);
    H5Sclose(space);
}

static void put_labels(hid_t file, hsize_t rows)
{
    float *y = uniform(1, 0, CLASSES, (int64_t)rows);
    int32_t *label = allocate((int64_t)rows, sizeof *label);
    for (hsize_t i = 0; i < rows; i++)
        label[i] = (int32_t)y[i] % CLASSES;
    put(file, "y", 1, &rows, H5T_STD_I32LE, H5T_NATIVE_INT32, label);
    free(label);
    free(y);
}

static void put_means(hid_t file, const hsize_t *shape, const float *x)
{
    float *y = allocate((int64_t)shape[0], sizeof *y);
    for (hsize_t i = 0; i < shape[0] * shape[1]; i++)
        y[i / shape[1]] += x[i] / (float)shape[1];
    put(file, "y", 1, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
    free(y);
}

static void put_pictures(hid_t file, const hsize_t *shape, const float *x)
{
    hsize_t n = shape[0] * shape[1];
    uint8_t *level = allocate((int64_t)n, 1);
    for (hsize_t i = 0; i < n; i++)
        level[i] = (uint8_t)((x[i] + 1) * (LEVELS / 2 - 1));
    put(file, "x", 2, shape, H5T_STD_U8LE, H5T_NATIVE_UINT8, level);
    free(level);
}

int main(int argc, char **argv)
{
    check(argc == 5, "go on: usage: bench_rows OUT.h5 ROWS WIDTH numbers|classes|pictures");
    hsize_t shape[2] = {(hsize_t)atoll(argv[2]), (hsize_t)atoll(argv[3])};
    float *x = uniform(0, -1, 1, (int64_t)(shape[0] * shape[1]));
    hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    check(file >= 0, "create the file");
    if (strcmp(argv[4], "pictures") == 0)
        put_pictures(file, shape, x);
    else
        put(file, "x", 2, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, x);
    if (strcmp(argv[4], "numbers") == 0)
        put_means(file, shape, x);
    else
        put_labels(file, shape[0]);
    check(H5Fclose(file) >= 0, "close the file");
    free(x);
}
