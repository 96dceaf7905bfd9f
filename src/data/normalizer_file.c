/* A normalizer whose numbers come from a file. */
#include "data/normalizer.h"

#include "comm/comm.h"
#include "file/h5.h"

#include <hdf5.h>
#include <math.h>

static dt_code read_numbers(hid_t file, const char *path, const char *name, int64_t features,
                            double *numbers, dt_error *err)
{
    hid_t set = dt_h5_open_dataset(file, path, name, "; --normalize FILE reads mean and std", err);
    if (err->code)
        return err->code;
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    H5T_class_t class = H5Tget_class(type);
    int64_t n = H5Sget_simple_extent_npoints(space);
    char reason[256];
    if (class != H5T_FLOAT && class != H5T_INTEGER)
        dt_fail(err, DT_ERR_DATA, "%s: \"%s\" does not hold numbers", path, name);
    else if (n != features)
        dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld numbers, but there are %lld columns", path,
                name, (long long)n, (long long)features);
    else if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0)
        dt_fail(err, DT_ERR_DATA, "%s: \"%s\" cannot be read: %s", path, name,
                dt_h5_reason(reason));
    for (int64_t i = 0; i < n && !err->code; i++)
        if (!isfinite(numbers[i]))
            dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has a number that is not finite (number %lld)",
                    path, name, (long long)i);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return err->code;
}

/* From standard deviations to what values are multiplied by. */
static dt_code invert(const char *path, dt_normalizer *n, dt_error *err)
{
    for (int64_t f = 0; f < n->features; f++) {
        if (n->scale[f] < 0)
            return dt_fail(err, DT_ERR_DATA, "%s: \"std\" is negative (number %lld)", path,
                           (long long)f);
        n->scale[f] = n->scale[f] > 0 ? 1 / n->scale[f] : 1;
    }
    return DT_OK;
}

/* targets: the datasets of targets are preferred */
static dt_code read_all(dt_normalizer **normalizer, const dt_world *world, const char *path,
                        bool targets, int64_t features, dt_error *err)
{
    *normalizer = NULL;
    hid_t file = world->rank == 0 ? dt_h5_open(path, err) : -1;
    bool own = targets && file >= 0 && H5Lexists(file, "y_mean", H5P_DEFAULT) > 0;
    if (file >= 0 && !dt_normalizer_create(normalizer, features, err) &&
        !read_numbers(file, path, own ? "y_mean" : "mean", features, (*normalizer)->mean, err) &&
        !read_numbers(file, path, own ? "y_std" : "std", features, (*normalizer)->scale, err))
        invert(path, *normalizer, err);
    if (file >= 0)
        H5Fclose(file);
    if (!dt_world_agree(world, err))
        dt_normalizer_broadcast(world, features, normalizer, err);
    if (err->code) {
        dt_normalizer_destroy(*normalizer);
        *normalizer = NULL;
    }
    return err->code;
}

dt_code dt_normalizer_read(dt_normalizer **normalizer, const dt_world *world, const char *path,
                           int64_t features, dt_error *err)
{
    return read_all(normalizer, world, path, false, features, err);
}

dt_code dt_normalizer_read_targets(dt_normalizer **normalizer, const dt_world *world,
                                   const char *path, int64_t targets, dt_error *err)
{
    return read_all(normalizer, world, path, true, targets, err);
}
