#include "checkpoint/attribute.h"

#include <stdlib.h>
#include <string.h>

herr_t dt_attribute_put_integer(hid_t file, const char *name, int64_t value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(file, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t status = H5Awrite(attribute, H5T_NATIVE_INT64, &value);
    H5Aclose(attribute);
    H5Sclose(space);
    return status;
}

/* Of variable length and UTF-8: what h5py hands out as str. */
herr_t dt_attribute_put_text(hid_t file, const char *name, const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t status = H5Awrite(attribute, type, &text);
    H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
    return status;
}

/* Open an attribute that is one value of a class; negative if there is none such. Reading a list
 * into room for one would write past it. */
static hid_t open_single(hid_t object, const char *name, H5T_class_t class)
{
    if (H5Aexists(object, name) <= 0)
        return -1;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool fits = H5Tget_class(type) == class && H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    H5Tclose(type);
    if (!fits) {
        H5Aclose(attribute);
        return -1;
    }
    return attribute;
}

char *dt_attribute_text(hid_t object, const char *name)
{
    char *text = NULL;
    hid_t attribute = open_single(object, name, H5T_STRING);
    if (attribute < 0)
        return NULL;
    hid_t type = H5Aget_type(attribute);
    if (H5Tis_variable_str(type) > 0) {
        char *shared = NULL;
        if (H5Aread(attribute, type, &shared) >= 0 && shared)
            text = strdup(shared);
        H5free_memory(shared);
    } else {
        text = calloc(H5Tget_size(type) + 1, 1);
        if (text && H5Aread(attribute, type, text) < 0)
            text[0] = '\0';
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

int64_t dt_attribute_integer(hid_t object, const char *name, int64_t missing)
{
    int64_t value = missing;
    hid_t attribute = open_single(object, name, H5T_INTEGER);
    if (attribute < 0)
        return missing;
    if (H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0)
        value = missing;
    H5Aclose(attribute);
    return value;
}

bool dt_attribute_hash(hid_t object, const char *name, uint64_t *hash)
{
    hid_t attribute = open_single(object, name, H5T_INTEGER);
    if (attribute < 0)
        return false;
    herr_t status = H5Aread(attribute, H5T_NATIVE_UINT64, hash);
    H5Aclose(attribute);
    return status >= 0;
}
