#include "file/strings.h"

#include "core/memory.h"
#include "file/h5.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of a list, and bytes of a string of fixed length: a file may say anything. */
enum { MAX_STRINGS = 1 << 24, MAX_BYTES = 1 << 16 };

/* ---- Reading -------------------------------------------------------------------------------- */

/* An attribute or a dataset. */
typedef struct {
    hid_t id, type, space;
    herr_t (*read)(hid_t id, hid_t type, void *values);
} list;

static herr_t read_dataset(hid_t id, hid_t type, void *values)
{
    return H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

/* How many strings there are; 0: it is not a list of strings. */
static int64_t count_strings(const list *l)
{
    if (H5Tget_class(l->type) != H5T_STRING || H5Sget_simple_extent_ndims(l->space) > 1)
        return 0;
    if (H5Tis_variable_str(l->type) <= 0 && H5Tget_size(l->type) > MAX_BYTES)
        return 0;
    int64_t n = (int64_t)H5Sget_simple_extent_npoints(l->space);
    return n > 0 && n <= MAX_STRINGS ? n : 0;
}

static dt_code cannot_read(const char *name, dt_error *err)
{
    char reason[256];
    return dt_fail(err, DT_ERR_DATA, "\"%s\" cannot be read: %s", name, dt_h5_reason(reason));
}

static dt_code copy_string(dt_names *names, int64_t i, const char *text, size_t length,
                           dt_error *err)
{
    names->name[i] = strndup(text, length);
    return names->name[i] ? DT_OK : dt_fail(err, DT_ERR_MEMORY, "out of memory for names");
}

static dt_code read_variable(const list *l, const char *name, dt_names *names, dt_error *err)
{
    char **strings = calloc((size_t)names->n, sizeof *strings);
    hid_t type = H5Tcopy(H5T_C_S1); /* the file may say ASCII, the bytes are the same */
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5Tget_cset(l->type));
    if (!strings)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for names");
    else if (l->read(l->id, type, strings) < 0)
        cannot_read(name, err);
    for (int64_t i = 0; i < names->n && !err->code; i++)
        copy_string(names, i, strings[i] ? strings[i] : "", strings[i] ? strlen(strings[i]) : 0,
                    err);
    if (strings)
        H5Dvlen_reclaim(type, l->space, H5P_DEFAULT, strings);
    H5Tclose(type);
    free(strings);
    return err->code;
}

/* Fortran fills strings up with blanks. */
static size_t length_of(const char *text, size_t size, H5T_str_t padding)
{
    size_t n = strnlen(text, size);
    while (padding == H5T_STR_SPACEPAD && n > 0 && text[n - 1] == ' ')
        n--;
    return n;
}

static dt_code read_fixed(const list *l, const char *name, dt_names *names, dt_error *err)
{
    size_t size = H5Tget_size(l->type);
    H5T_str_t padding = H5Tget_strpad(l->type);
    char *bytes = dt_alloc(names->n, size, "names", err);
    if (bytes && l->read(l->id, l->type, bytes) < 0)
        cannot_read(name, err);
    for (int64_t i = 0; i < names->n && !err->code; i++) {
        const char *text = bytes + (size_t)i * size;
        copy_string(names, i, text, length_of(text, size, padding), err);
    }
    free(bytes);
    return err->code;
}

static dt_code read_list(const list *l, const char *name, dt_names *names, dt_error *err)
{
    int64_t n = count_strings(l);
    if (n > 0 && !dt_names_init(names, n, err))
        (H5Tis_variable_str(l->type) > 0 ? read_variable : read_fixed)(l, name, names, err);
    H5Sclose(l->space);
    H5Tclose(l->type);
    H5Eclear2(H5E_DEFAULT);
    return err->code;
}

dt_code dt_strings_read_attribute(hid_t object, const char *name, dt_names *names, dt_error *err)
{
    *names = (dt_names){0};
    if (H5Aexists(object, name) <= 0)
        return DT_OK;
    hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    if (id < 0)
        return cannot_read(name, err);
    list l = {id, H5Aget_type(id), H5Aget_space(id), H5Aread};
    read_list(&l, name, names, err);
    H5Aclose(id);
    return err->code;
}

dt_code dt_strings_read_dataset(hid_t group, const char *name, dt_names *names, dt_error *err)
{
    *names = (dt_names){0};
    if (H5Lexists(group, name, H5P_DEFAULT) <= 0)
        return DT_OK;
    hid_t id = H5Dopen2(group, name, H5P_DEFAULT);
    if (id < 0)
        return cannot_read(name, err);
    list l = {id, H5Dget_type(id), H5Dget_space(id), read_dataset};
    read_list(&l, name, names, err);
    H5Dclose(id);
    return err->code;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static hid_t make_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

herr_t dt_strings_put_attribute(hid_t object, const char *name, int64_t n,
                                const char *const *strings)
{
    hsize_t size = (hsize_t)n;
    hid_t type = make_type(), space = H5Screate_simple(1, &size, NULL);
    hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t status = id < 0 ? -1 : H5Awrite(id, type, strings);
    if (id >= 0)
        H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

herr_t dt_strings_put_dataset(hid_t group, const char *name, int64_t n, const char *const *strings)
{
    hsize_t size = (hsize_t)n;
    hid_t type = make_type(), space = H5Screate_simple(1, &size, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(create, false);
    hid_t id = H5Dcreate2(group, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    herr_t status = id < 0 ? -1 : H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, strings);
    if (id >= 0)
        H5Dclose(id);
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}
