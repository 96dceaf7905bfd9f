#include "data/h5_array.h"

#include "core/memory.h"
#include "data/external.h"
#include "data/shape.h"
#include "file/h5.h"
#include "file/strings.h"

#include <stdlib.h>
#include <string.h>

enum {
    CACHE_BYTES = 64 << 20,
    CONVERT_BYTES = 8 << 20,
    MAX_VALUE_BYTES = 16 /* bytes of a number */,
    FILTER_LZF = 32000
};

static const char *type_name(H5T_class_t class)
{
    switch (class) {
    case H5T_STRING:
        return "strings";
    case H5T_COMPOUND:
        return "a compound type";
    case H5T_VLEN:
        return "variable-length lists";
    case H5T_ARRAY:
        return "arrays";
    case H5T_REFERENCE:
        return "references";
    default:
        return "neither integers nor floats";
    }
}

/* MATLAB stores its logical values as uint8. */
static bool is_logical(hid_t set, dt_error *err)
{
    dt_names class;
    dt_strings_read_attribute(set, "MATLAB_class", &class, err);
    bool logical = !err->code && class.n == 1 && strcmp(class.name[0], "logical") == 0;
    dt_names_free(&class);
    return logical;
}

static dt_code inspect_type(const char *path, dt_h5_array *v, dt_error *err)
{
    v->type = H5Dget_type(v->id);
    bool named = H5Tget_class(v->type) == H5T_ENUM || is_logical(v->id, err); /* never a picture */
    if (H5Tget_class(v->type) == H5T_ENUM) {
        hid_t numbers = H5Tget_super(v->type);
        H5Tclose(v->type);
        v->type = numbers;
    }
    if (err->code || dt_encoding_read(&v->encoding, v->id, path, v->name, err))
        return err->code;
    if (v->encoding.is_unsigned) {
        hid_t numbers = H5Tcopy(v->type);
        H5Tset_sign(numbers, H5T_SGN_NONE);
        H5Tclose(v->type);
        v->type = numbers;
    }
    v->value_bytes = (int64_t)H5Tget_size(v->type);
    H5T_class_t class = H5Tget_class(v->type);
    v->is_integer = class == H5T_INTEGER && !v->encoding.is_packed;
    v->is_bytes = v->is_integer && !named && !dt_encoding_is_used(&v->encoding) &&
                  H5Tget_size(v->type) == 1 && H5Tget_sign(v->type) == H5T_SGN_NONE;
    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s\" holds %s; integers or floats are needed", path, v->name,
                       type_name(class));
    if (v->value_bytes > MAX_VALUE_BYTES)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s\" holds numbers of %lld bytes; up to %d can be read", path,
                       v->name, (long long)v->value_bytes, MAX_VALUE_BYTES);
    return DT_OK;
}

static dt_code inspect_shape(const char *path, dt_h5_array *v, dt_error *err)
{
    dt_shape shape;
    if (dt_shape_read(&shape, v->id, path, v->name, err))
        return err->code;
    v->dims = shape.dims;
    memcpy(v->dim, shape.dim, sizeof v->dim);
    v->width = shape.width;
    v->chunk_rows = shape.chunk_rows;
    if (v->dims < 1)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" is a single value or empty, not rows",
                       path, v->name);
    if (v->dim[0] == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" has no rows", path, v->name);
    if (v->width == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: the rows of dataset \"%s\" hold no values", path,
                       v->name);
    return DT_OK;
}

static dt_code inspect_storage(const char *path, dt_h5_array *v, dt_error *err)
{
    hid_t plist = H5Dget_create_plist(v->id);
    v->external = H5Pget_external_count(plist) > 0;
    for (int f = 0; f < H5Pget_nfilters(plist); f++) {
        char name[64] = "";
        unsigned flags, config;
        size_t n = 0;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)f, &flags, &n, NULL, sizeof name, name, &config);
        if (H5Zfilter_avail(filter) <= 0 && filter == FILTER_LZF)
            dt_fail(err, DT_ERR_DATA,
                    "%s: dataset \"%s\" is compressed with LZF, which only h5py has: there, "
                    "new.create_dataset(\"%s\", data=old[\"%s\"][...], compression=\"gzip\") "
                    "writes what can be read here",
                    path, v->name, v->name, v->name);
        else if (H5Zfilter_avail(filter) <= 0)
            dt_fail(err, DT_ERR_DATA,
                    "%s: dataset \"%s\" is stored with filter %d (%s), which is not installed: "
                    "install its HDF5 plugin and set HDF5_PLUGIN_PATH, or unpack the file with "
                    "h5repack where it is",
                    path, v->name, (int)filter, name[0] ? name : "unnamed");
    }
    H5Pclose(plist);
    H5Eclear2(H5E_DEFAULT);
    return err->code;
}

/* HDF5 keeps unpacked chunks: a dataset with chunks larger than the pieces it is read in (labels)
 * would otherwise be unpacked again for each. */
static hid_t reopen_with_cache(hid_t file, const char *name)
{
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 10007, CACHE_BYTES, 1.0);
    hid_t set = H5Dopen2(file, name, access);
    H5Pclose(access);
    return set;
}

static dt_code open_parts(dt_h5_array *v, dt_error *err)
{
    dt_error why = {0};
    if (dt_virtual_open(&v->parts, v->id, v->others, &why))
        dt_fail(err, why.code, "%s: dataset \"%s\" is virtual, and %s", v->path, v->name, why.text);
    return err->code;
}

dt_code dt_h5_array_open(dt_h5_array *v, hid_t file, const char *path, const char *name, bool large,
                         dt_error *err)
{
    *v = (dt_h5_array){.id = -1, .type = -1, .path = path, .name = strdup(name)};
    v->others = dt_fingerprint_set_create();
    if (!v->name || !v->others)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    v->id = dt_h5_open_dataset(file, path, name, "; choose with --x and --y", err);
    if (err->code || inspect_type(path, v, err) || inspect_storage(path, v, err) ||
        dt_external_check(v->id, v->others, path, v->name, err) || open_parts(v, err) ||
        inspect_shape(path, v, err) || v->parts)
        return err->code;
    if (large)
        return dt_chunk_reader_open(&v->reader, path, v->name, v->id, err);
    hid_t cached = reopen_with_cache(file, name);
    if (cached >= 0) {
        H5Dclose(v->id);
        v->id = cached;
    }
    return DT_OK;
}

void dt_h5_array_close(dt_h5_array *v)
{
    dt_chunk_reader_close(v->reader);
    dt_virtual_close(v->parts);
    dt_fingerprint_set_destroy(v->others);
    dt_encoding_free(&v->encoding);
    if (v->type >= 0)
        H5Tclose(v->type);
    if (v->id >= 0)
        H5Dclose(v->id);
    free(v->name);
    *v = (dt_h5_array){.id = -1, .type = -1};
}

/* ---- Reading -------------------------------------------------------------------------------- */

static dt_code read_failed(const dt_h5_array *v, int64_t row, int64_t n, const char *reason,
                           dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: cannot read rows %lld to %lld of \"%s\": %s", v->path,
                   (long long)row, (long long)(row + n - 1), v->name, reason);
}

/* Through HDF5, into values of a type that it can make of the file's. */
static dt_code read_slab(const dt_h5_array *v, int64_t row, int64_t n, hid_t type, void *out,
                         dt_error *err)
{
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)row}, count[H5S_MAX_RANK];
    memcpy(count, v->dim, sizeof count);
    count[0] = (hsize_t)n;
    hid_t in_file = H5Dget_space(v->id);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    hid_t in_memory = H5Screate_simple(v->dims, count, NULL);
    char reason[256];
    dt_error why = {0};
    if (v->parts) {
        if (dt_virtual_read(v->parts, in_file, (hsize_t)row, (hsize_t)(row + n), in_memory, type,
                            out, &why))
            read_failed(v, row, n, why.text, err);
    } else if (H5Dread(v->id, type, in_memory, in_file, H5P_DEFAULT, out) < 0) {
        read_failed(v, row, n, dt_h5_reason(reason), err);
    } else if (v->external) { /* HDF5 gives zeros for the end of a raw file that was cut since */
        dt_external_check(v->id, v->others, v->path, v->name, err);
    }
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return err->code;
}

/* Rows as the file has them, in its own type. */
static dt_code read_raw(const dt_h5_array *v, int64_t row, int64_t n, void *out, dt_error *err)
{
    bool done = false;
    if (v->reader && dt_chunk_reader_read(v->reader, row, n, out, &done, err))
        return err->code;
    if (done)
        return DT_OK;
    dt_h5_lock();
    hid_t own = H5Dget_type(v->id); /* of an enumeration HDF5 gives nothing but itself */
    read_slab(v, row, n, own, out, err);
    H5Tclose(own);
    dt_h5_unlock();
    return err->code;
}

static int64_t size_of(dt_values values)
{
    return values == DT_VALUES_BYTES ? 1 : values == DT_VALUES_FLOAT ? 4 : 8;
}

static hid_t type_of(dt_values values)
{
    return values == DT_VALUES_BYTES   ? H5T_NATIVE_UINT8
           : values == DT_VALUES_FLOAT ? H5T_NATIVE_FLOAT
                                       : H5T_NATIVE_DOUBLE;
}

/* Rows in another type no narrower than the file's values, in place. */
static dt_code read_in_place(const dt_h5_array *v, int64_t row, int64_t n, dt_values values,
                             void *out, dt_error *err)
{
    if (read_raw(v, row, n, out, err))
        return err->code;
    char reason[256];
    dt_h5_lock();
    hid_t type = type_of(values);
    if (H5Tequal(v->type, type) <= 0 &&
        H5Tconvert(v->type, type, (size_t)(n * v->width), out, NULL, H5P_DEFAULT) < 0)
        read_failed(v, row, n, dt_h5_reason(reason), err);
    dt_h5_unlock();
    return err->code;
}

/* Values that are wider in the file than wanted go through a buffer, whole chunks at a time. */
static dt_code read_through_buffer(const dt_h5_array *v, int64_t row, int64_t n, dt_values values,
                                   void *out, dt_error *err)
{
    int64_t row_bytes = v->width * v->value_bytes, chunk = v->chunk_rows;
    int64_t out_bytes = v->width * size_of(values);
    int64_t max_rows = (CONVERT_BYTES / row_bytes + chunk) / chunk * chunk;
    char *buffer =
        dt_alloc(max_rows < n ? max_rows : n, (size_t)row_bytes, "rows in the file's type", err);
    for (int64_t i = 0, piece; i < n && !err->code; i += piece) {
        piece = max_rows - (row + i) % chunk; /* up to the end of a chunk */
        piece = piece > n - i ? n - i : piece;
        if (!read_in_place(v, row + i, piece, values, buffer, err))
            memcpy((char *)out + i * out_bytes, buffer, (size_t)(piece * out_bytes));
    }
    free(buffer);
    return err->code;
}

/* The numbers of rows, as they are in the file. */
static dt_code read_numbers(const dt_h5_array *v, int64_t row, int64_t n, dt_values values,
                            void *out, dt_error *err)
{
    if (v->value_bytes <= size_of(values))
        return read_in_place(v, row, n, values, out, err);
    return read_through_buffer(v, row, n, values, out, err);
}

/* Floats need no other type to be compared. */
static bool is_masked_float(const dt_h5_array *v, dt_values values)
{
    return values == DT_VALUES_FLOAT && !v->encoding.is_packed && !v->is_integer &&
           v->value_bytes <= (int64_t)sizeof(float);
}

/* Numbers are decoded in float64, which holds all of them that occur. */
static dt_code read_decoded(const dt_h5_array *v, int64_t row, int64_t n, float *out, dt_error *err)
{
    int64_t chunk = v->chunk_rows;
    int64_t max_rows = (CONVERT_BYTES / (v->width * 8) + chunk) / chunk * chunk;
    int64_t rows = max_rows < n ? max_rows : n;
    double *buffer = dt_alloc(rows * v->width, sizeof *buffer, "rows to decode", err);
    for (int64_t i = 0, piece; i < n && !err->code; i += piece) {
        piece = max_rows - (row + i) % chunk; /* up to the end of a chunk */
        piece = piece > rows ? rows : piece;
        piece = piece > n - i ? n - i : piece;
        if (read_numbers(v, row + i, piece, DT_VALUES_DOUBLE, buffer, err))
            break;
        dt_encoding_decode(&v->encoding, piece * v->width, buffer);
        for (int64_t k = 0; k < piece * v->width; k++)
            out[i * v->width + k] = (float)buffer[k];
    }
    free(buffer);
    return err->code;
}

dt_code dt_h5_array_read(const dt_h5_array *v, int64_t row, int64_t n, dt_values values, void *out,
                         dt_error *err)
{
    bool decode = dt_encoding_is_used(&v->encoding);
    if (n == 0)
        return DT_OK;
    if (decode && values == DT_VALUES_FLOAT && !is_masked_float(v, values))
        return read_decoded(v, row, n, out, err);
    if (read_numbers(v, row, n, values, out, err) || !decode)
        return err->code;
    if (values == DT_VALUES_FLOAT)
        dt_encoding_mask(&v->encoding, n * v->width, out);
    else
        dt_encoding_decode(&v->encoding, n * v->width, out);
    return DT_OK;
}
