#include "checkpoint/attribute.h"

#include <stdlib.h>
#include <string.h>

static herr_t put_number(hid_t object, const char *name, hid_t disk, hid_t memory,
                         const void *value)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT); /* mostly it is there */
    if (attribute < 0) {
        hid_t space = H5Screate(H5S_SCALAR);
        attribute = H5Acreate2(object, name, disk, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Sclose(space);
    }
    herr_t status = H5Awrite(attribute, memory, value);
    H5Aclose(attribute);
    return status;
}

herr_t dt_attribute_put_hash(hid_t object, const char *name, uint64_t hash)
{
    return put_number(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &hash);
}

herr_t dt_attribute_put_integer(hid_t object, const char *name, int64_t value)
{
    return put_number(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

herr_t dt_attribute_put_real(hid_t object, const char *name, double value)
{
    return put_number(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
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

char *dt_attribute_text(hid_t object, const char *name, dt_error *err)
{
    char *text = NULL;
    bool memory = true;
    hid_t attribute = open_single(object, name, H5T_STRING);
    if (attribute < 0)
        return NULL;
    hid_t type = H5Aget_type(attribute);
    if (H5Tis_variable_str(type) > 0) {
        char *shared = NULL;
        if (H5Aread(attribute, type, &shared) >= 0 && shared)
            memory = (text = strdup(shared)) != NULL;
        H5free_memory(shared);
    } else {
        memory = (text = calloc(H5Tget_size(type) + 1, 1)) != NULL;
        if (text && H5Aread(attribute, type, text) < 0)
            text[0] = '\0';
    }
    H5Tclose(type);
    H5Aclose(attribute);
    if (!memory)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the attribute \"%s\"", name);
    return text;
}

bool dt_attribute_equals(hid_t object, const char *name, const char *text)
{
    char found[64] = "", *shared = NULL;
    hid_t attribute = open_single(object, name, H5T_STRING);
    if (attribute < 0)
        return false;
    hid_t type = H5Aget_type(attribute);
    bool is = false;
    if (H5Tis_variable_str(type) > 0)
        is = H5Aread(attribute, type, &shared) >= 0 && shared && strcmp(shared, text) == 0;
    else if (H5Tget_size(type) < sizeof found)
        is = H5Aread(attribute, type, found) >= 0 && strcmp(found, text) == 0;
    H5free_memory(shared);
    H5Tclose(type);
    H5Aclose(attribute);
    return is;
}

/* Whether there is one number of a class; value is changed only then. */
static bool get_number(hid_t object, const char *name, H5T_class_t class, hid_t memory, void *value)
{
    hid_t attribute = open_single(object, name, class);
    if (attribute < 0)
        return false;
    herr_t status = H5Aread(attribute, memory, value);
    H5Aclose(attribute);
    return status >= 0;
}

bool dt_attribute_get_integer(hid_t object, const char *name, int64_t *value)
{
    return get_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, value);
}

bool dt_attribute_get_real(hid_t object, const char *name, double *value)
{
    return get_number(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value);
}

int64_t dt_attribute_integer(hid_t object, const char *name, int64_t missing)
{
    int64_t value;
    return dt_attribute_get_integer(object, name, &value) ? value : missing;
}

double dt_attribute_real(hid_t object, const char *name, double missing)
{
    double value;
    return dt_attribute_get_real(object, name, &value) ? value : missing;
}

bool dt_attribute_hash(hid_t object, const char *name, uint64_t *hash)
{
    return get_number(object, name, H5T_INTEGER, H5T_NATIVE_UINT64, hash);
}
