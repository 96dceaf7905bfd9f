#include "data/column_view.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "file/h5.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 8 << 20 };

/* ---- Opening -------------------------------------------------------------------------------- */

static int64_t numbers_of_row(const dt_column_view *v)
{
    return v->array->elements * v->number.count;
}

static dt_code refuse_range(const dt_column_view *v, const dt_column_range *r, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has no columns %lld to %lld (counted from 0): it has %lld",
                   v->array->path, v->array->name, (long long)r->first, (long long)r->last,
                   (long long)numbers_of_row(v));
}

dt_code dt_column_view_open(dt_column_view *v, const dt_h5_array *array, const dt_column_range *r,
                            dt_error *err)
{
    dt_number_place place = {array->id, array->path, array->name, r->member};
    int64_t numbers;
    *v = (dt_column_view){.array = array, .number = {.type = -1}};
    if (dt_number_type_read(&v->number, &place, r->text, err))
        return err->code;
    if (__builtin_mul_overflow(array->elements, v->number.count, &numbers) ||
        numbers > INT64_MAX / 16 / array->rows)
        return dt_fail(err, DT_ERR_DATA, "%s: a row of dataset \"%s\" is too wide", array->path,
                       array->name);
    v->first = r->first < 0 ? numbers + r->first : r->first;
    v->width = (r->last < 0 ? numbers + r->last : r->last) + 1 - v->first;
    if (v->first < 0 || v->width < 1 || v->first + v->width > numbers)
        return refuse_range(v, r, err);
    return DT_OK;
}

void dt_column_view_close(dt_column_view *v)
{
    dt_number_type_free(&v->number);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static hid_t type_of(dt_values values)
{
    return values == DT_VALUES_BYTES   ? H5T_NATIVE_UINT8
           : values == DT_VALUES_FLOAT ? H5T_NATIVE_FLOAT
                                       : H5T_NATIVE_DOUBLE;
}

/* Whether a row in the file is nothing but the numbers of the view. */
static bool is_whole(const dt_column_view *v)
{
    return v->width == numbers_of_row(v) && !v->array->has_pointers &&
           v->array->element_bytes == v->number.count * v->number.bytes;
}

/* Move the numbers of the view together.
 *   rows  as the file has them; they stay as they are */
static void compact_rows(const dt_column_view *v, int64_t n, const char *rows, char *to)
{
    const dt_number_type *t = &v->number;
    int64_t row_bytes = v->array->elements * v->array->element_bytes;
    bool plain = v->array->element_bytes == t->count * t->bytes;
    for (int64_t i = 0; i < n; i++) {
        const char *row = rows + i * row_bytes;
        for (int64_t c = v->first, run; c < v->first + v->width; c += run) {
            run = plain ? v->width : dt_min(t->count - c % t->count, v->first + v->width - c);
            memcpy(to,
                   row + c / t->count * v->array->element_bytes + t->offset +
                       c % t->count * t->bytes,
                   (size_t)(run * t->bytes));
            to += run * t->bytes;
        }
    }
}

/* Whether numbers in the file are those of memory. */
static bool is_native(const dt_number_type *t, dt_values values)
{
    return values == DT_VALUES_BYTES   ? t->is_native_byte
           : values == DT_VALUES_FLOAT ? t->is_native_float
                                       : t->is_native_double;
}

static dt_code convert(const dt_column_view *v, int64_t row, int64_t n, dt_values values,
                       void *numbers, dt_error *err)
{
    char reason[256];
    if (is_native(&v->number, values))
        return DT_OK;
    dt_h5_lock();
    if (H5Tconvert(v->number.type, type_of(values), (size_t)(n * v->width), numbers, NULL,
                   H5P_DEFAULT) < 0)
        dt_h5_array_fail(v->array, row, n, dt_h5_reason(reason), err);
    dt_h5_unlock();
    return err->code;
}

/* Put values that were read into the place where they are wanted. */
static void store_rows(const dt_column_view *v, int64_t n, dt_values from, const char *buffer,
                       dt_values to, char *out, int64_t stride)
{
    int64_t bytes = dt_values_bytes(to);
    for (int64_t i = 0; i < n; i++) {
        char *row = out + i * stride * bytes;
        const char *in = buffer + i * v->width * dt_values_bytes(from);
        if (from == to)
            memcpy(row, in, (size_t)(v->width * bytes));
        else /* from float64 to float32 */
            for (int64_t c = 0; c < v->width; c++)
                ((float *)(void *)row)[c] = (float)((const double *)(const void *)in)[c];
    }
}

/* Encoded numbers are decoded in float64, which holds all of them that occur. */
static dt_values type_on_the_way(const dt_column_view *v, dt_values values)
{
    bool decode = dt_encoding_is_used(&v->number.encoding);
    return decode && values == DT_VALUES_FLOAT ? DT_VALUES_DOUBLE : values;
}

/* From rows as the file has them to the values that are wanted.
 *   numbers  scratch for the numbers of the view, in the file's type and in memory's */
static dt_code extract_rows(const dt_column_view *v, int64_t row, int64_t n, const char *rows,
                            char *numbers, dt_values values, char *out, int64_t stride,
                            dt_error *err)
{
    dt_values through = type_on_the_way(v, values);
    compact_rows(v, n, rows, numbers);
    if (convert(v, row, n, through, numbers, err))
        return err->code;
    if (dt_encoding_is_used(&v->number.encoding))
        dt_encoding_decode(&v->number.encoding, n * v->width, (double *)(void *)numbers);
    store_rows(v, n, through, numbers, values, out, stride);
    return DT_OK;
}

/* Whole chunks at a time. */
static int64_t piece_end(const dt_h5_array *a, int64_t row, int64_t end)
{
    int64_t chunk = a->chunk_rows, row_bytes = a->elements * a->element_bytes;
    int64_t rows = (PIECE_BYTES / row_bytes + chunk) / chunk * chunk;
    return dt_min(end, row + rows - row % chunk);
}

static int64_t max_piece(const dt_h5_array *a, int64_t row, int64_t end)
{
    int64_t rows = 0;
    for (int64_t at = row, next; at < end; at = next) {
        next = piece_end(a, at, end);
        rows = dt_max(rows, next - at);
    }
    return rows;
}

/* Through buffers, a piece at a time. */
static dt_code read_pieces(const dt_column_view *view, int views, int64_t row, int64_t n,
                           dt_values values, char *out, int64_t stride, dt_error *err)
{
    const dt_h5_array *a = view[0].array;
    int64_t max_rows = max_piece(a, row, row + n), number_bytes = 0;
    for (int i = 0; i < views; i++)
        number_bytes =
            dt_max(number_bytes,
                   view[i].width * dt_max(view[i].number.bytes,
                                          dt_values_bytes(type_on_the_way(&view[i], values))));
    char *rows = dt_alloc(max_rows * a->elements, (size_t)a->element_bytes, "rows of a file", err);
    char *numbers = dt_alloc(max_rows, (size_t)number_bytes, "rows in the file's type", err);
    for (int64_t at = row, end; at < row + n && !err->code; at = end) {
        end = piece_end(a, at, row + n);
        if (dt_h5_array_read(a, at, end - at, rows, err))
            break;
        char *to = out + (at - row) * stride * dt_values_bytes(values);
        for (int i = 0; i < views && !err->code; i++) {
            extract_rows(&view[i], at, end - at, rows, numbers, values, to, stride, err);
            to += view[i].width * dt_values_bytes(values);
        }
        dt_h5_array_reclaim(a, end - at, rows);
    }
    free(numbers);
    free(rows);
    return err->code;
}

/* Whether values can be read to the place where they are wanted, and converted there. */
static bool is_direct(const dt_column_view *v, dt_values values, int64_t stride)
{
    const dt_number_type *t = &v->number;
    bool decode = dt_encoding_is_used(&t->encoding) && values == DT_VALUES_FLOAT;
    bool masked = !t->encoding.is_packed && !t->is_integer;
    return is_whole(v) && stride == v->width && t->bytes <= dt_values_bytes(values) &&
           (!decode || masked);
}

static dt_code read_direct(const dt_column_view *v, int64_t row, int64_t n, dt_values values,
                           void *out, dt_error *err)
{
    const dt_encoding *encoding = &v->number.encoding;
    if (dt_h5_array_read(v->array, row, n, out, err) || convert(v, row, n, values, out, err) ||
        !dt_encoding_is_used(encoding))
        return err->code;
    if (values == DT_VALUES_FLOAT)
        dt_encoding_mask(encoding, n * v->width, out);
    else
        dt_encoding_decode(encoding, n * v->width, out);
    return DT_OK;
}

dt_code dt_column_views_read(const dt_column_view *view, int views, int64_t row, int64_t n,
                             dt_values values, void *out, int64_t stride, dt_error *err)
{
    if (n == 0)
        return DT_OK;
    if (views == 1 && is_direct(view, values, stride))
        return read_direct(view, row, n, values, out, err);
    return read_pieces(view, views, row, n, values, out, stride, err);
}

/* ---- Strings -------------------------------------------------------------------------------- */

/* Fortran fills strings up with blanks. */
static void copy_fixed(char *text, const char *bytes, size_t size, H5T_str_t padding)
{
    size_t n = strnlen(bytes, size);
    while (padding == H5T_STR_SPACEPAD && n > 0 && bytes[n - 1] == ' ')
        n--;
    memcpy(text, bytes, n);
    text[n] = '\0';
}

/* Visit the strings of rows in memory; of each the first of the view. */
static void visit_rows(const dt_column_view *v, int64_t row, int64_t n, const char *rows,
                       char *text, dt_text_visitor *visit, void *data)
{
    const dt_h5_array *a = v->array;
    bool variable = H5Tis_variable_str(v->number.type) > 0;
    H5T_str_t padding = H5Tget_strpad(v->number.type);
    for (int64_t i = 0; i < n; i++) {
        const char *at = rows + (i * a->elements + v->first / v->number.count) * a->element_bytes +
                         v->number.offset + v->first % v->number.count * v->number.bytes;
        const char *string = NULL;
        if (variable)
            memcpy(&string, at, sizeof string);
        else
            copy_fixed(text, at, (size_t)v->number.bytes, padding);
        visit(row + i, variable ? (string ? string : "") : text, data);
    }
}

dt_code dt_column_view_visit(const dt_column_view *v, int64_t row, int64_t n,
                             dt_text_visitor *visit, void *data, dt_error *err)
{
    int64_t row_bytes = v->array->elements * v->array->element_bytes;
    int64_t rows = dt_max(1, dt_min(n, PIECE_BYTES / row_bytes));
    char *buffer = dt_alloc(rows, (size_t)row_bytes, "strings", err);
    char *text = dt_alloc(v->number.bytes + 1, 1, "a string", err);
    for (int64_t i = 0; i < n && !err->code; i += rows) {
        int64_t piece = dt_min(rows, n - i);
        if (dt_h5_array_read(v->array, row + i, piece, buffer, err))
            break;
        dt_h5_lock();
        visit_rows(v, row + i, piece, buffer, text, visit, data);
        dt_h5_unlock();
        dt_h5_array_reclaim(v->array, piece, buffer);
    }
    free(text);
    free(buffer);
    return err->code;
}
