#include "data/shape.h"

#include "file/h5.h"

/* 72 PB: more is no data set of today, and leaves room for sums and small multiples of it. */
#define MAX_BYTES ((int64_t)1 << 56)

/* The product of dimensions [from, dims). False if it is more than `most`. */
static bool multiply_dims(const hsize_t *dim, int from, int dims, int64_t max, int64_t *product)
{
    bool is_empty = false, fits = true;
    int64_t n = 1;
    for (int d = from; d < dims; d++) {
        is_empty |= dim[d] == 0;
        if (fits && dim[d] > 0)
            fits = dim[d] <= (hsize_t)max && !__builtin_mul_overflow(n, (int64_t)dim[d], &n) &&
                   n <= max;
    }
    *product = is_empty || !fits ? 0 : n;
    return is_empty || fits;
}

static bool read_extent(dt_shape *s, hid_t set, hid_t space)
{
    hid_t type = H5Dget_type(set);
    size_t bytes = H5Tget_size(type);
    if (H5Sget_simple_extent_type(space) == H5S_SIMPLE)
        s->dims = H5Sget_simple_extent_dims(space, s->dim, NULL);
    H5Tclose(type);
    if (s->dims < 0 || bytes == 0 || bytes > UINT32_MAX)
        return false;
    s->value_bytes = (int64_t)bytes;
    return true;
}

static bool read_chunks(dt_shape *s, hid_t set)
{
    hid_t plist = H5Dget_create_plist(set);
    s->chunk_rows = 1;
    s->chunked = H5Pget_layout(plist) == H5D_CHUNKED;
    bool good = !s->chunked || H5Pget_chunk(plist, H5S_MAX_RANK, s->chunk) == s->dims;
    H5Pclose(plist);
    if (!good || !s->chunked)
        return good;
    good = s->dims > 0 && s->chunk[0] > 0 &&
           multiply_dims(s->chunk, 0, s->dims, MAX_BYTES / s->value_bytes, &s->chunk_bytes) &&
           s->chunk_bytes > 0;
    s->chunk_bytes *= s->value_bytes;
    s->chunk_rows = (int64_t)s->chunk[0];
    return good;
}

dt_code dt_shape_read(dt_shape *s, hid_t set, const char *path, const char *name, dt_error *err)
{
    *s = (dt_shape){.dims = 0};
    hid_t space = H5Dget_space(set);
    char reason[256];
    if (space < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: the shape of dataset \"%s\" cannot be read: %s", path,
                       name, dt_h5_reason(reason));
    bool good = read_extent(s, set, space) && read_chunks(s, set), is_narrow = true;
    int64_t values = 0, max = MAX_BYTES / (s->value_bytes > 8 ? s->value_bytes : 8);
    H5Sclose(space);
    H5Eclear2(H5E_DEFAULT);
    if (good && s->dims > 0) {
        is_narrow = multiply_dims(s->dim, 1, s->dims, max, &s->width);
        good = is_narrow && multiply_dims(s->dim, 0, 1, max, &s->rows) &&
               multiply_dims(s->dim, 0, s->dims, max, &values);
        s->row_bytes = s->width * s->value_bytes;
    }
    if (good)
        return DT_OK;
    return dt_fail(err, DT_ERR_DATA,
                   "%s: %s \"%s\" %s: no file can hold what it states; it is damaged or was "
                   "declared too large",
                   path, is_narrow ? "dataset" : "a row of dataset", name,
                   is_narrow ? "is too large" : "is too wide");
}
