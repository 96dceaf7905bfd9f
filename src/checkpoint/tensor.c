#include "checkpoint/tensor.h"

#include "checkpoint/attribute.h"
#include "file/h5.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

/* What float tensors and vectors of double differ in. */
typedef struct {
    hid_t disk, memory;
    size_t size;
    bool (*finite)(const void *values, int64_t n);
} element;

static bool floats_finite(const void *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(((const float *)values)[i]))
            return false;
    return true;
}

static bool doubles_finite(const void *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(((const double *)values)[i]))
            return false;
    return true;
}

static element float_element(void)
{
    return (element){H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, sizeof(float), floats_finite};
}

static element double_element(void)
{
    return (element){H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, sizeof(double), doubles_finite};
}

herr_t dt_tensor_write_hash(const dt_extent *extent)
{
    return dt_attribute_put_hash(extent->set, "xxh3", extent->hash);
}

static herr_t add_values(dt_output *output, hid_t group, const dt_tensor *t, const element *e,
                         const void *values)
{
    hsize_t dim[2] = {(hsize_t)t->dim[0], (hsize_t)t->dim[1]};
    hid_t set;
    int number = dt_output_add(output, group, t->name, e->disk, t->dims, dim, &set);
    if (number < 0)
        return -1;
    output->extent[number].values = values;
    return dt_tensor_write_hash(&output->extent[number]);
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
    char set_name[64] = "";
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
    H5Iget_name(set, set_name, sizeof set_name);
    return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" is %s, this model needs %s", path, set_name, have,
                   want);
}

static dt_code check_hash(hid_t set, const char *path, const dt_tensor *t, const void *values,
                          size_t bytes, dt_error *err)
{
    uint64_t hash = 0;
    if (H5Aexists(set, "xxh3") <= 0)
        return DT_OK; /* not ours, or from another program */
    if (!dt_attribute_hash(set, "xxh3", &hash) || hash != XXH3_64bits(values, bytes))
        return dt_fail(err, DT_ERR_DATA, "%s: damaged: the checksum of \"%s\" does not hold", path,
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

static dt_code no_tensor(hid_t group, const char *path, const dt_tensor *t, dt_error *err)
{
    char group_name[64] = "";
    H5Iget_name(group, group_name, sizeof group_name);
    return dt_fail(err, DT_ERR_SHAPE, "%s: no \"%s/%s\", which this model has", path, group_name,
                   t->name);
}

static dt_code read_values(hid_t group, const char *path, const dt_tensor *t, const element *e,
                           void *values, dt_error *err)
{
    hid_t set = H5Dopen2(group, t->name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (set < 0)
        return no_tensor(group, path, t, err);
    if (!check_type(set, path, t, err) && !check_shape(set, path, t, err)) {
        char reason[256];
        if (H5Dread(set, e->memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
            dt_fail(err, DT_ERR_DATA, "%s: cannot read \"%s\": %s", path, t->name,
                    dt_h5_reason(reason));
        else if (!check_hash(set, path, t, values, (size_t)t->count * e->size, err) &&
                 !e->finite(values, t->count))
            dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has NaN or an infinite value", path, t->name);
    }
    H5Dclose(set);
    return err->code;
}

herr_t dt_tensor_add(dt_output *output, hid_t group, const dt_tensor *t, const float *values)
{
    element e = float_element();
    return add_values(output, group, t, &e, values);
}

dt_code dt_tensor_read(hid_t group, const char *path, const dt_tensor *t, float *values,
                       dt_error *err)
{
    element e = float_element();
    return read_values(group, path, t, &e, values, err);
}

static dt_code too_many(hid_t group, const char *path, hsize_t members, int wanted, dt_error *err)
{
    char group_name[64] = "";
    H5Iget_name(group, group_name, sizeof group_name);
    return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" holds %llu tensors, this model has %d", path,
                   group_name, (unsigned long long)members, wanted);
}

dt_code dt_tensors_read(hid_t group, const char *path, const dt_model *model, float *values,
                        dt_error *err)
{
    hsize_t members = 0;
    for (int i = 0; i < dt_model_tensors(model) && !err->code; i++) {
        dt_tensor tensor = dt_model_tensor(model, i);
        dt_tensor_read(group, path, &tensor, values + tensor.begin, err);
    }
    if (!err->code && H5Gget_num_objs(group, &members) >= 0 &&
        members > (hsize_t)dt_model_tensors(model))
        too_many(group, path, members, dt_model_tensors(model), err);
    return err->code;
}

static dt_tensor vector_tensor(const char *name, int64_t n)
{
    dt_tensor t = {.dims = 1, .dim = {n}, .count = n};
    snprintf(t.name, sizeof t.name, "%s", name);
    return t;
}

herr_t dt_vector_add(dt_output *output, hid_t group, const char *name, int64_t n,
                     const double *values)
{
    element e = double_element();
    dt_tensor t = vector_tensor(name, n);
    return add_values(output, group, &t, &e, values);
}

dt_code dt_vector_read(hid_t group, const char *path, const char *name, int64_t n, double *values,
                       dt_error *err)
{
    element e = double_element();
    dt_tensor t = vector_tensor(name, n);
    return read_values(group, path, &t, &e, values, err);
}
