#include "data/import/like.h"

#include "file/h5.h"
#include "file/strings.h"

#include <string.h>

static dt_code fail_layout(const dt_like *like, const char *reason, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: %s; --like takes a file that convert wrote", like->path,
                   reason);
}

static dt_code read_x(dt_like *like, hid_t x, dt_error *err)
{
    hsize_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(x);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    if (rank != 2)
        return fail_layout(like, "x has no columns", err);
    like->width = (int64_t)dims[1];
    dt_code code = dt_strings_read_attribute(x, "columns", &like->columns, err);
    if (!code && like->columns.n > 0 && like->columns.n != like->width)
        code = fail_layout(like, "x has another number of columns than of names", err);
    return code;
}

/* Classes are found by a search in their order. */
static dt_code check_classes(const dt_like *like, dt_error *err)
{
    for (int64_t i = 1; i < like->classes.n; i++)
        if (strcmp(like->classes.name[i - 1], like->classes.name[i]) >= 0)
            return fail_layout(like, "the classes of y are not in the order of their bytes", err);
    return DT_OK;
}

static dt_code read_y(dt_like *like, hid_t y, dt_error *err)
{
    hid_t type = H5Dget_type(y);
    like->y_kind = H5Tget_class(type) == H5T_FLOAT ? 'f' : 'i';
    H5Tclose(type);
    dt_code code = dt_strings_read_attribute(y, "columns", &like->targets, err);
    if (!code)
        code = dt_strings_read_attribute(y, "classes", &like->classes, err);
    return code ? code : check_classes(like, err);
}

static dt_code read_file(dt_like *like, hid_t file, dt_error *err)
{
    hid_t x = dt_h5_open_dataset(file, like->path, "x", "", err);
    if (x < 0)
        return err->code;
    dt_code code = read_x(like, x, err);
    H5Dclose(x);
    if (code || H5Lexists(file, "y", H5P_DEFAULT) <= 0)
        return code;
    hid_t y = dt_h5_open_dataset(file, like->path, "y", "", err);
    if (y < 0)
        return err->code;
    code = read_y(like, y, err);
    H5Dclose(y);
    return code;
}

dt_code dt_like_read(dt_like *like, const char *path, dt_error *err)
{
    *like = (dt_like){.path = path};
    hid_t file = dt_h5_open(path, err);
    if (file >= 0) {
        read_file(like, file, err);
        H5Fclose(file);
    }
    dt_h5_restore();
    return err->code;
}

void dt_like_free(dt_like *like)
{
    dt_names_free(&like->columns);
    dt_names_free(&like->targets);
    dt_names_free(&like->classes);
    *like = (dt_like){0};
}
