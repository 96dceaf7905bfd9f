#include "data/import/array.h"

#include "data/import/format.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLAB = 8 << 20, /* bytes read at a time */
    /* The same for Fortran order, where each slab walks through the whole file. */
    SLAB_FORTRAN = 256 << 20,
};

dt_code dt_array_header_bytes(dt_array *array, void *data, int64_t n, dt_error *err)
{
    int64_t got;
    dt_code code = dt_input_read(&array->source, data, n, &got, err);
    if (code == DT_OK && got < n)
        code = dt_fail(err, DT_ERR_DATA, "%s: cut short: it ends within its header",
                       array->source.path);
    return code;
}

static dt_code check_shape(dt_array *array, dt_error *err)
{
    const char *path = array->source.path;
    if (array->rank == 0 || array->dims[0] == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: no rows", path);
    array->row = 1;
    int64_t bytes;
    bool overflow = false;
    for (int i = 1; i < array->rank; i++)
        overflow |= __builtin_mul_overflow(array->row, array->dims[i], &array->row);
    overflow |= __builtin_mul_overflow(array->row, (int64_t)array->element.size, &bytes);
    overflow |= __builtin_mul_overflow(bytes, array->dims[0], &bytes);
    if (overflow)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: its header is damaged: no file is as large as its shape", path);
    if (array->row == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: no values in a row: one of its dimensions is 0",
                       path);
    return DT_OK;
}

static int64_t value_bytes(const dt_array *array)
{
    return array->dims[0] * array->row * array->element.size;
}

static dt_code cut_short(const dt_array *array, int64_t end, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA,
                   "%s: cut short: its header promises %lld bytes of values, it ends after %lld",
                   array->source.path, (long long)value_bytes(array),
                   (long long)(end - array->start));
}

static dt_code too_long(const dt_array *array, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: goes on behind the last value that its header promises",
                   array->source.path);
}

/* Before any work, where it can be known: above all, before disk space for a shape that is wrong is
 * asked for. */
static dt_code check_size(const dt_array *array, dt_error *err)
{
    int64_t size = dt_input_size(&array->source);
    if (size < 0)
        return DT_OK;
    int64_t values = size - array->start;
    if (values < value_bytes(array))
        return cut_short(array, size, err);
    return values > value_bytes(array) ? too_long(array, err) : DT_OK;
}

/* The file begins with other bytes: say of which kind it is, if that is known. */
static dt_code other_kind(dt_array *array, const uint8_t magic[DT_ARRAY_MAGIC], int64_t n,
                          dt_error *err)
{
    uint8_t bytes[256];
    int64_t more;
    memcpy(bytes, magic, DT_ARRAY_MAGIC);
    if (n == DT_ARRAY_MAGIC &&
        (dt_input_read(&array->source, bytes + n, (int64_t)sizeof bytes - n, &more, err) ||
         dt_input_check_format(array->source.path, bytes, (size_t)(n + more), err)))
        return err->code;
    return dt_fail(err, DT_ERR_DATA,
                   "%s: is neither an IDX nor an NPY file (it begins with the bytes %02x %02x %02x "
                   "%02x)",
                   array->source.path, magic[0], magic[1], magic[2], magic[3]);
}

static dt_code read_header(dt_array *array, dt_error *err)
{
    uint8_t magic[DT_ARRAY_MAGIC] = {0};
    int64_t got;
    dt_code code = dt_input_read(&array->source, magic, sizeof magic, &got, err);
    if (code)
        return code;
    if (got == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: is empty", array->source.path);
    if (memcmp(magic, "\x93NUM", sizeof magic) == 0)
        return dt_npy_header(array, err);
    if (got == sizeof magic && magic[0] == 0 && magic[1] == 0)
        return dt_idx_header(array, magic, err);
    return other_kind(array, magic, got, err);
}

dt_code dt_array_open(dt_array *array, const char *path, dt_error *err)
{
    memset(array, 0, sizeof *array);
    dt_code code = dt_input_open(&array->source, path, err);
    if (!code)
        code = read_header(array, err);
    if (!code)
        code = check_shape(array, err);
    array->start = array->source.offset;
    if (array->rank == 1)
        array->fortran = false; /* the same thing, and C order is read in one go */
    return code ? code : check_size(array, err);
}

void dt_array_close(dt_array *array)
{
    dt_input_close(&array->source);
}

int64_t dt_array_slab(const dt_array *array)
{
    int64_t rows = (array->fortran ? SLAB_FORTRAN : SLAB) / array->element.size / array->row;
    if (rows > array->dims[0])
        rows = array->dims[0];
    return rows > 0 ? rows : 1;
}

static dt_code read_values(dt_array *array, void *data, int64_t bytes, dt_error *err)
{
    int64_t got;
    dt_code code = dt_input_read(&array->source, data, bytes, &got, err);
    return code || got == bytes ? code : cut_short(array, array->source.offset, err);
}

/* The place within a row in C order of the value that Fortran order has in place j. */
static int64_t place_in_row(const dt_array *array, int64_t j)
{
    int64_t place = 0, stride = array->row;
    for (int i = 1; i < array->rank; i++) {
        stride /= array->dims[i];
        place += j % array->dims[i] * stride;
        j /= array->dims[i];
    }
    return place;
}

/* data[i * stride] = column[i], both counted in values of that size. */
static void scatter_column(char *data, int64_t stride, const char *column, int64_t n, int size)
{
    stride *= size;
    switch (size) { /* constant sizes make each copy one instruction */
    case 1:
        for (int64_t i = 0; i < n; i++)
            data[i * stride] = column[i];
        break;
    case 2:
        for (int64_t i = 0; i < n; i++)
            memcpy(data + i * stride, column + i * 2, 2);
        break;
    case 4:
        for (int64_t i = 0; i < n; i++)
            memcpy(data + i * stride, column + i * 4, 4);
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            memcpy(data + i * stride, column + i * 8, 8);
    }
}

/* In Fortran order the file is a sequence of columns: one value of each row, row after row. */
static dt_code read_transposed(dt_array *array, int64_t first, int64_t count, char *data,
                               dt_error *err)
{
    int size = array->element.size;
    char *column = malloc((size_t)(count * size));
    if (!column)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", array->source.path);
    dt_code code = DT_OK;
    for (int64_t j = 0; j < array->row && !code; j++) {
        int64_t value = j * array->dims[0] + first;
        code = dt_input_seek(&array->source, array->start + value * size, err);
        if (!code)
            code = read_values(array, column, count * size, err);
        if (!code)
            scatter_column(data + place_in_row(array, j) * size, array->row, column, count, size);
    }
    free(column);
    return code;
}

dt_code dt_array_read(dt_array *array, int64_t first, int64_t count, void *data, dt_error *err)
{
    if (array->fortran)
        return read_transposed(array, first, count, data, err);
    return read_values(array, data, count * array->row * array->element.size, err);
}

dt_code dt_array_finish(dt_array *array, dt_error *err)
{
    char more;
    int64_t got;
    dt_code code = dt_input_read(&array->source, &more, 1, &got, err);
    return !code && got > 0 ? too_long(array, err) : code;
}
