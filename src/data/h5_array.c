#include "data/h5_array.h"

#include "core/memory.h"
#include "data/external.h"
#include "data/shape.h"
#include "file/h5.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_BYTES = 64 << 20, FILTER_LZF = 32000 };

/* ---- Opening -------------------------------------------------------------------------------- */

/* Whether elements of a type have strings of variable length. */
static bool has_pointers(hid_t type)
{
    bool found = false;
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_STRING)
        return H5Tis_variable_str(type) > 0;
    if (class == H5T_VLEN)
        return true;
    if (class == H5T_ARRAY) {
        hid_t item = H5Tget_super(type);
        found = has_pointers(item);
        H5Tclose(item);
    }
    for (int i = 0; class == H5T_COMPOUND && i < H5Tget_nmembers(type) && !found; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        found = has_pointers(member);
        H5Tclose(member);
    }
    return found;
}

static dt_code inspect_shape(dt_h5_array *a, dt_error *err)
{
    dt_shape shape;
    if (dt_shape_read(&shape, a->id, a->path, a->name, err))
        return err->code;
    a->dims = shape.dims;
    memcpy(a->dim, shape.dim, sizeof a->dim);
    a->rows = shape.rows;
    a->elements = shape.width;
    a->element_bytes = shape.value_bytes;
    a->chunk_rows = shape.chunk_rows;
    a->is_transposed = a->is_transposed && a->dims > 1;
    if (a->dims < 1)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" is a single value or empty, not rows",
                       a->path, a->name);
    if (a->dim[0] == 0 || (a->is_transposed && a->dim[a->dims - 1] == 0))
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" has no rows", a->path, a->name);
    if (a->elements == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: the rows of dataset \"%s\" hold no values", a->path,
                       a->name);
    if (a->is_transposed) {
        a->elements = a->rows * a->elements / (int64_t)a->dim[a->dims - 1];
        a->rows = (int64_t)a->dim[a->dims - 1];
        a->chunk_rows = shape.chunked ? (int64_t)shape.chunk[a->dims - 1] : 1;
    }
    return DT_OK;
}

static dt_code inspect_storage(dt_h5_array *a, dt_error *err)
{
    hid_t plist = H5Dget_create_plist(a->id);
    a->external = H5Pget_external_count(plist) > 0;
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
                    a->path, a->name, a->name, a->name);
        else if (H5Zfilter_avail(filter) <= 0)
            dt_fail(err, DT_ERR_DATA,
                    "%s: dataset \"%s\" is stored with filter %d (%s), which is not installed: "
                    "install its HDF5 plugin and set HDF5_PLUGIN_PATH, or unpack the file with "
                    "h5repack where it is",
                    a->path, a->name, (int)filter, name[0] ? name : "unnamed");
    }
    H5Pclose(plist);
    H5Eclear2(H5E_DEFAULT);
    return err->code;
}

static dt_code open_parts(dt_h5_array *a, dt_error *err)
{
    dt_error why = {0};
    if (dt_external_check(a->id, a->others, a->path, a->name, err))
        return err->code;
    if (dt_virtual_open(&a->parts, a->id, a->others, &why))
        dt_fail(err, why.code, "%s: dataset \"%s\" is virtual, and %s", a->path, a->name, why.text);
    return err->code;
}

/* HDF5 keeps unpacked chunks: a dataset with chunks larger than the pieces it is read in (labels)
 * would otherwise be unpacked again for each. */
static void reopen_with_cache(dt_h5_array *a, hid_t file)
{
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 10007, CACHE_BYTES, 1.0);
    hid_t cached = H5Dopen2(file, a->name, access);
    H5Pclose(access);
    H5Eclear2(H5E_DEFAULT);
    if (cached >= 0) {
        H5Dclose(a->id);
        a->id = cached;
    }
}

/* Open what reads the values: without HDF5, or with a cache. */
static dt_code open_reader(dt_h5_array *a, hid_t file, const dt_h5_array_options *o, dt_error *err)
{
    bool direct = (o->large || o->detached) && !a->is_transposed && !a->has_pointers;
    if (direct && dt_chunk_reader_open(&a->reader, a->path, a->name, a->id, o->detached, err))
        return err->code;
    if (a->reader && !o->large && !dt_chunk_reader_is_detached(a->reader)) {
        dt_chunk_reader_close(a->reader);
        a->reader = NULL;
    }
    if (!o->large && !a->reader)
        reopen_with_cache(a, file);
    return DT_OK;
}

dt_code dt_h5_array_open(dt_h5_array *a, hid_t file, const char *path, const char *name,
                         const dt_h5_array_options *options, dt_error *err)
{
    *a = (dt_h5_array){.id = -1,
                       .type = -1,
                       .path = path,
                       .name = strdup(name),
                       .is_transposed = options->transposed};
    a->others = dt_fingerprint_set_create();
    if (!a->name || !a->others)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    a->id = dt_h5_open_dataset(file, path, name, "; choose with --x and --y", err);
    if (err->code)
        return err->code;
    a->type = H5Dget_type(a->id);
    a->has_pointers = has_pointers(a->type);
    if (inspect_storage(a, err) || open_parts(a, err) || inspect_shape(a, err) || a->parts)
        return err->code;
    return open_reader(a, file, options, err);
}

void dt_h5_array_close(dt_h5_array *a)
{
    dt_chunk_reader_close(a->reader);
    dt_virtual_close(a->parts);
    dt_fingerprint_set_destroy(a->others);
    if (a->type >= 0)
        H5Tclose(a->type);
    if (a->id >= 0)
        H5Dclose(a->id);
    free(a->name);
    *a = (dt_h5_array){.id = -1, .type = -1};
}

/* ---- Without an open file ------------------------------------------------------------------- */

bool dt_h5_array_is_detached(const dt_h5_array *a)
{
    return a->reader && dt_chunk_reader_is_detached(a->reader);
}

void dt_h5_array_suspend(dt_h5_array *a)
{
    dt_virtual_close(a->parts);
    a->parts = NULL;
    if (a->reader)
        dt_chunk_reader_suspend(a->reader);
    if (a->id >= 0)
        H5Dclose(a->id);
    a->id = -1;
}

dt_code dt_h5_array_resume(dt_h5_array *a, hid_t file, dt_error *err)
{
    if (dt_h5_array_is_detached(a))
        return dt_chunk_reader_resume(a->reader, -1, err);
    hsize_t dim[H5S_MAX_RANK];
    a->id = dt_h5_open_dataset(file, a->path, a->name, "", err);
    if (err->code)
        return err->code;
    hid_t space = H5Dget_space(a->id), type = H5Dget_type(a->id);
    bool same = H5Sget_simple_extent_ndims(space) == a->dims &&
                H5Sget_simple_extent_dims(space, dim, NULL) == a->dims &&
                memcmp(dim, a->dim, sizeof *dim * (size_t)a->dims) == 0 &&
                H5Tequal(type, a->type) > 0;
    H5Tclose(type);
    H5Sclose(space);
    if (!same)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" has changed since it was opened",
                       a->path, a->name);
    if (open_parts(a, err) || !a->reader)
        return err->code;
    return dt_chunk_reader_resume(a->reader, a->id, err);
}

/* ---- Reading -------------------------------------------------------------------------------- */

dt_code dt_h5_array_fail(const dt_h5_array *a, int64_t row, int64_t n, const char *reason,
                         dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: cannot read rows %lld to %lld of \"%s\": %s", a->path,
                   (long long)row, (long long)(row + n - 1), a->name, reason);
}

/* Through HDF5; the rows of a transposed dataset then lie as in the file. */
static dt_code read_slab(const dt_h5_array *a, int64_t row, int64_t n, void *out, dt_error *err)
{
    hsize_t start[H5S_MAX_RANK] = {0}, count[H5S_MAX_RANK];
    int of_rows = a->is_transposed ? a->dims - 1 : 0;
    memcpy(count, a->dim, sizeof count);
    start[of_rows] = (hsize_t)row;
    count[of_rows] = (hsize_t)n;
    hid_t in_file = H5Dget_space(a->id);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    hid_t in_memory = H5Screate_simple(a->dims, count, NULL);
    hsize_t first = a->is_transposed ? 0 : (hsize_t)row;
    hsize_t end = a->is_transposed ? a->dim[0] : (hsize_t)(row + n);
    char reason[256];
    dt_error why = {0};
    if (a->parts) {
        if (dt_virtual_read(a->parts, in_file, first, end, in_memory, a->type, out, &why))
            dt_h5_array_fail(a, row, n, why.text, err);
    } else if (H5Dread(a->id, a->type, in_memory, in_file, H5P_DEFAULT, out) < 0) {
        dt_h5_array_fail(a, row, n, dt_h5_reason(reason), err);
    } else if (a->external) { /* HDF5 gives zeros for the end of a raw file that was cut since */
        dt_external_check(a->id, a->others, a->path, a->name, err);
    }
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return err->code;
}

/* Where element [i0,i1,...] of a row [d0,d1,...] stands when the order of its dimensions is
 * reversed. */
static int64_t reversed_place(const dt_h5_array *a, int64_t element)
{
    int64_t index[H5S_MAX_RANK] = {0}, place = 0;
    for (int d = a->dims - 2; d >= 0; d--) {
        index[d] = element % (int64_t)a->dim[d];
        element /= (int64_t)a->dim[d];
    }
    for (int d = a->dims - 2; d >= 0; d--)
        place = place * (int64_t)a->dim[d] + index[d];
    return place;
}

/* From [elements,n] to [n,elements], with the dimensions of a row reversed. */
static void transpose(const dt_h5_array *a, int64_t n, const char *in, char *out)
{
    size_t bytes = (size_t)a->element_bytes;
    for (int64_t e = 0; e < a->elements; e++) {
        const char *from = in + (size_t)(e * n) * bytes;
        char *to = out + (size_t)reversed_place(a, e) * bytes;
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)(i * a->elements) * bytes, from + (size_t)i * bytes, bytes);
    }
}

static dt_code read_transposed(const dt_h5_array *a, int64_t row, int64_t n, void *out,
                               dt_error *err)
{
    char *rows = dt_alloc(n * a->elements, (size_t)a->element_bytes, "rows to transpose", err);
    if (rows && !read_slab(a, row, n, rows, err))
        transpose(a, n, rows, out);
    free(rows);
    return err->code;
}

dt_code dt_h5_array_read(const dt_h5_array *a, int64_t row, int64_t n, void *out, dt_error *err)
{
    bool done = false;
    if (a->reader && dt_chunk_reader_read(a->reader, row, n, out, &done, err))
        return err->code;
    if (done)
        return DT_OK;
    dt_h5_lock();
    if (a->is_transposed)
        read_transposed(a, row, n, out, err);
    else
        read_slab(a, row, n, out, err);
    dt_h5_unlock();
    return err->code;
}

void dt_h5_array_reclaim(const dt_h5_array *a, int64_t n, void *rows)
{
    if (!a->has_pointers)
        return;
    dt_h5_lock();
    hsize_t count = (hsize_t)(n * a->elements);
    hid_t space = H5Screate_simple(1, &count, NULL);
    H5Dvlen_reclaim(a->type, space, H5P_DEFAULT, rows);
    H5Sclose(space);
    dt_h5_unlock();
}
