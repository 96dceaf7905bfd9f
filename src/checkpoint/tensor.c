#include "checkpoint/tensor.h"

#include "checkpoint/attribute.h"
#include "file/h5.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static herr_t write_hash(hid_t set, const float *values, int64_t n)
{
    uint64_t hash = XXH3_64bits(values, (size_t)n * sizeof *values);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(set, "xxh3", H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t status = H5Awrite(attribute, H5T_NATIVE_UINT64, &hash);
    H5Aclose(attribute);
    H5Sclose(space);
    return status;
}

int dt_tensor_add(dt_output *output, hid_t group, const dt_tensor *t, const float *values)
{
    hsize_t dim[2] = {(hsize_t)t->dim[0], (hsize_t)t->dim[1]};
    hid_t set;
    int number = dt_output_add(output, group, t->name, H5T_IEEE_F32LE, t->dims, dim, &set);
    if (number < 0 || write_hash(set, values, t->count) < 0)
        return -1;
    return number;
}

static void shape_text(int dims, const int64_t *dim, char *text, size_t size)
{
    if (dims == 1)
        snprintf(text, size, "[%lld]", (long long)dim[0]);
    else if (dims == 2)
        snprintf(text, size, "[%lld,%lld]", (long long)dim[0], (long long)dim[1]);
    else
        snprintf(text, size, "of %d dimensions", dims);
}

static dt_code check_shape(hid_t set, const char *path, const dt_tensor *t, dt_error *err)
{
    hsize_t dim[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(set);
    int dims = H5Sget_simple_extent_dims(space, dim, NULL);
    H5Sclose(space);
    int64_t found[2] = {(int64_t)dim[0], (int64_t)dim[1]};
    if (dims == t->dims && found[0] == t->dim[0] && (dims == 1 || found[1] == t->dim[1]))
        return DT_OK;
    char have[64], want[64];
    shape_text(dims, found, have, sizeof have);
    shape_text(t->dims, t->dim, want, sizeof want);
    return dt_fail(err, DT_ERR_SHAPE, "%s: \"/model/%s\" is %s, this model needs %s", path, t->name,
                   have, want);
}

static dt_code check_hash(hid_t set, const char *path, const dt_tensor *t, const float *values,
                          dt_error *err)
{
    uint64_t hash = 0;
    if (H5Aexists(set, "xxh3") <= 0)
        return DT_OK; /* not ours, or from another program */
    if (!dt_attribute_hash(set, "xxh3", &hash) ||
        hash != XXH3_64bits(values, (size_t)t->count * sizeof *values))
        return dt_fail(err, DT_ERR_DATA, "%s: damaged: the checksum of \"%s\" does not hold", path,
                       t->name);
    return DT_OK;
}

static dt_code check_values(const char *path, const dt_tensor *t, const float *values,
                            dt_error *err)
{
    for (int64_t i = 0; i < t->count; i++)
        if (!isfinite(values[i]))
            return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has NaN or an infinite value", path,
                           t->name);
    return DT_OK;
}

static dt_code check_type(hid_t set, const char *path, const dt_tensor *t, dt_error *err)
{
    hid_t type = H5Dget_type(set);
    H5T_class_t class = H5Tget_class(type);
    H5Tclose(type);
    if (class != H5T_FLOAT)
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" does not hold floats", path, t->name);
    return DT_OK;
}

dt_code dt_tensor_read(hid_t group, const char *path, const dt_tensor *t, float *values,
                       dt_error *err)
{
    hid_t set = H5Dopen2(group, t->name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (set < 0)
        return dt_fail(err, DT_ERR_SHAPE, "%s: no \"/model/%s\", which this model has", path,
                       t->name);
    if (!check_type(set, path, t, err) && !check_shape(set, path, t, err)) {
        char reason[256];
        if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
            dt_fail(err, DT_ERR_DATA, "%s: cannot read \"%s\": %s", path, t->name,
                    dt_h5_reason(reason));
        else if (!check_hash(set, path, t, values, err))
            check_values(path, t, values, err);
    }
    H5Dclose(set);
    return err->code;
}
