#include "mpi/support.h"

#include "comm/comm.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

dt_world world;

void check_all(bool ok, const char *what, const char *file, int line)
{
    int64_t failed = ok ? 0 : world.rank + 1;
    dt_max_int64(&world, &failed, 1);
    if (failed && world.rank == 0)
        print_error("%s: false on rank %d\n", what, (int)failed - 1);
    _assert_int_equal((uintmax_t)failed, 0, file, line);
}

void check_no_error(const dt_error *err, const char *file, int line)
{
    if (err->code && world.rank == 0)
        print_error("error: %s\n", err->text);
    check_all(err->code == DT_OK, "no error", file, line);
}

char *test_path(const char *name)
{
    char *path;
    if (asprintf(&path, "%s.%d", name, world.size) < 0)
        abort();
    return path;
}

void remove_file(char *path)
{
    if (world.rank == 0)
        unlink(path);
    free(path);
}

static void put(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim,
                int64_t chunk_rows, const void *values)
{
    hid_t space = H5Screate_simple(dims, dim, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk[2] = {(hsize_t)chunk_rows, dims > 1 ? dim[1] : 1};
    if (chunk_rows > 0)
        H5Pset_chunk(plist, dims, chunk);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        abort();
    H5Dclose(set);
    H5Pclose(plist);
    H5Sclose(space);
}

void write_data(const char *path, const test_data *d)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hsize_t x[2] = {(hsize_t)d->rows, (hsize_t)d->width};
    hsize_t y[2] = {(hsize_t)d->rows, (hsize_t)d->y_width};
    put(file, "x", d->x_is_bytes ? H5T_NATIVE_UINT8 : H5T_NATIVE_FLOAT, 2, x, d->chunk_rows, d->x);
    if (d->y_width)
        put(file, "y", H5T_NATIVE_FLOAT, 2, y, 0, d->y);
    else
        put(file, "y", H5T_NATIVE_INT32, 1, y, 0, d->y);
    H5Fclose(file);
}
