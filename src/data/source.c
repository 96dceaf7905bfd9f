#include "data/source.h"

#include "core/memory.h"
#include "file/h5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    hid_t id;
    char *name;
    int dims; /* of the dataspace, >= 1 */
    hsize_t dim[H5S_MAX_RANK];
    int64_t width; /* values in a row */
    bool is_integer, is_bytes;
    int64_t chunk_rows;
} variable;

struct dt_source {
    char *path;
    hid_t file;
    variable x, y;
    dt_source_facts facts;
};

static const char *type_name(H5T_class_t class)
{
    switch (class) {
    case H5T_STRING:
        return "strings";
    case H5T_COMPOUND:
        return "a compound type";
    case H5T_ENUM:
        return "an enumeration";
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

static dt_code look_at_type(const char *path, variable *v, dt_error *err)
{
    hid_t type = H5Dget_type(v->id);
    H5T_class_t class = H5Tget_class(type);
    v->is_integer = class == H5T_INTEGER;
    v->is_bytes = v->is_integer && H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE;
    H5Tclose(type);
    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s\" holds %s; integers or floats are needed", path, v->name,
                       type_name(class));
    return DT_OK;
}

static dt_code look_at_space(const char *path, variable *v, dt_error *err)
{
    hid_t space = H5Dget_space(v->id);
    v->dims = H5Sget_simple_extent_type(space) == H5S_SIMPLE
                  ? H5Sget_simple_extent_dims(space, v->dim, NULL)
                  : 0;
    H5Sclose(space);
    if (v->dims < 1)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" is a single value or empty, not rows",
                       path, v->name);
    v->width = 1;
    for (int d = 1; d < v->dims; d++)
        if (__builtin_mul_overflow(v->width, (int64_t)v->dim[d], &v->width) ||
            v->width > INT64_MAX / 64) /* so that sizes in bytes can be computed */
            return dt_fail(err, DT_ERR_DATA, "%s: a row of dataset \"%s\" is too wide", path,
                           v->name);
    if (v->dim[0] == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" has no rows", path, v->name);
    if (v->width == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: the rows of dataset \"%s\" hold no values", path,
                       v->name);
    return DT_OK;
}

static dt_code look_at_layout(const char *path, variable *v, dt_error *err)
{
    hid_t plist = H5Dget_create_plist(v->id);
    hsize_t chunk[H5S_MAX_RANK];
    v->chunk_rows = 1;
    if (H5Pget_layout(plist) == H5D_CHUNKED && H5Pget_chunk(plist, H5S_MAX_RANK, chunk) > 0)
        v->chunk_rows = (int64_t)chunk[0];
    for (int f = 0; f < H5Pget_nfilters(plist); f++) {
        char name[64] = "";
        unsigned flags, config;
        size_t n = 0;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)f, &flags, &n, NULL, sizeof name, name, &config);
        if (H5Zfilter_avail(filter) <= 0)
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

static dt_code variable_open(const dt_source *s, const char *name, variable *v, dt_error *err)
{
    v->name = strdup(name);
    if (!v->name)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    v->id = dt_h5_open_dataset(s->file, s->path, name, "; choose with --x and --y", err);
    if (err->code || look_at_type(s->path, v, err) || look_at_space(s->path, v, err))
        return err->code;
    return look_at_layout(s->path, v, err);
}

static dt_code look(dt_source *s, const char *x, const char *y, dt_error *err)
{
    s->file = dt_h5_open(s->path, err);
    if (err->code || variable_open(s, x, &s->x, err) || (y && variable_open(s, y, &s->y, err)))
        return err->code;
    if (y && s->x.dim[0] != s->y.dim[0])
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %llu rows but \"%s\" has %llu", s->path,
                       x, (unsigned long long)s->x.dim[0], y, (unsigned long long)s->y.dim[0]);
    s->facts = (dt_source_facts){
        .path = s->path,
        .y_name = s->y.name,
        .rows = (int64_t)s->x.dim[0],
        .features = s->x.width,
        .x_is_bytes = s->x.is_bytes,
        .y_width = y ? s->y.width : 0,
        .y_is_integer = s->y.is_integer,
        .chunk_rows = s->x.chunk_rows,
    };
    return DT_OK;
}

dt_code dt_source_open(dt_source **source, const char *path, const char *x, const char *y,
                       dt_error *err)
{
    dt_source *s = calloc(1, sizeof *s);
    *source = s;
    if (s) {
        s->file = s->x.id = s->y.id = -1;
        s->path = strdup(path);
    }
    if (!s || !s->path)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", path);
    else
        look(s, x, y, err);
    if (err->code) {
        dt_source_close(s);
        *source = NULL;
    }
    return err->code;
}

const dt_source_facts *dt_source_look(const dt_source *source)
{
    return &source->facts;
}

static void variable_close(variable *v)
{
    if (v->id >= 0)
        H5Dclose(v->id);
    free(v->name);
}

void dt_source_close(dt_source *s)
{
    if (!s)
        return;
    variable_close(&s->x);
    variable_close(&s->y);
    if (s->file >= 0)
        H5Fclose(s->file);
    free(s->path);
    free(s);
}

static dt_code read_rows(const dt_source *s, const variable *v, int64_t row, int64_t n, hid_t type,
                         void *out, dt_error *err)
{
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)row}, count[H5S_MAX_RANK];
    if (n == 0)
        return DT_OK;
    memcpy(count, v->dim, sizeof count);
    count[0] = (hsize_t)n;
    hid_t in_file = H5Dget_space(v->id);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    hid_t in_memory = H5Screate_simple(v->dims, count, NULL);
    if (H5Dread(v->id, type, in_memory, in_file, H5P_DEFAULT, out) < 0) {
        char reason[256];
        dt_fail(err, DT_ERR_DATA, "%s: cannot read rows %lld to %lld of \"%s\": %s", s->path,
                (long long)row, (long long)(row + n - 1), v->name, dt_h5_reason(reason));
    }
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return err->code;
}

/* x - x is 0 for every finite x and NaN for all others: a loop that vectorises, to find out whether
 * the slower search has anything to find. */
static bool all_finite(const float *values, int64_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += values[i] - values[i];
    return sum == 0;
}

static dt_code check_finite(const dt_source *s, const variable *v, int64_t row, int64_t n,
                            const float *values, dt_error *err)
{
    if (all_finite(values, n * v->width))
        return DT_OK;
    int64_t i = 0;
    while (isfinite(values[i]))
        i++;
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %s in row %lld, column %lld (counted from 0); clean the data "
                   "first",
                   s->path, v->name, isnan(values[i]) ? "NaN" : "an infinite value (as float32)",
                   (long long)(row + i / v->width), (long long)(i % v->width));
}

dt_code dt_source_read_x(dt_source *s, int64_t row, int64_t n, void *out, dt_error *err)
{
    if (s->x.is_bytes)
        return read_rows(s, &s->x, row, n, H5T_NATIVE_UINT8, out, err);
    if (read_rows(s, &s->x, row, n, H5T_NATIVE_FLOAT, out, err))
        return err->code;
    return check_finite(s, &s->x, row, n, out, err);
}

dt_code dt_source_read_targets(dt_source *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    if (read_rows(s, &s->y, row, n, H5T_NATIVE_FLOAT, out, err))
        return err->code;
    return check_finite(s, &s->y, row, n, out, err);
}

static dt_code check_label(const dt_source *s, int64_t row, double label, dt_error *err)
{
    const char *wrong = label < 0               ? "labels must not be negative"
                        : label != floor(label) ? "labels must be whole numbers"
                        : label > INT32_MAX - 1 ? "no model could hold a class for each up to it"
                                                : NULL;
    if (!wrong)
        return DT_OK;
    char text[32];
    snprintf(text, sizeof text, label == floor(label) && fabs(label) < 1e20 ? "%.0f" : "%.9g",
             label);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has the class label %s in row %lld (counted "
                   "from 0): %s; classes are 0, 1, 2, ...",
                   s->path, s->y.name, text, (long long)row, wrong);
}

/* Through float64: it holds every label that can be accepted, and what it rounds is refused. */
dt_code dt_source_read_labels(dt_source *s, int64_t row, int64_t n, int32_t *out, dt_error *err)
{
    enum { PIECE = 65536 };
    if (s->y.width != 1)
        return dt_fail(
            err, DT_ERR_SHAPE,
            "%s: \"%s\" has %lld values a row; class labels are one (several targets want "
            "a model trained with --loss mse)",
            s->path, s->y.name, (long long)s->y.width);
    double *label = dt_alloc(n < PIECE ? n : PIECE, sizeof *label, "class labels", err);
    for (int64_t i = 0; i < n && !err->code; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        read_rows(s, &s->y, row + i, piece, H5T_NATIVE_DOUBLE, label, err);
        for (int64_t k = 0; k < piece && !err->code; k++) {
            if (!isfinite(label[k]))
                dt_fail(err, DT_ERR_DATA,
                        "%s: \"%s\" has NaN or an infinite value in row %lld "
                        "(counted from 0)",
                        s->path, s->y.name, (long long)(row + i + k));
            else if (!check_label(s, row + i + k, label[k], err))
                out[i + k] = (int32_t)label[k];
        }
    }
    free(label);
    return err->code;
}

void dt_unit_from_bytes(const uint8_t *restrict bytes, int64_t n, float *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)bytes[i] / 255.0f;
}
