#include "data/gather.h"

#include "data/prefetch.h"

#include <string.h>

/* Bytes. To copy fewer than SHORT in pieces takes less than to call for it; the last one begins
 * where it still fits. */
enum { SHORT = 256, PIECE = 32, SMALL_PIECE = 16 };

static inline void copy_pieces(char *to, const char *from, size_t n, size_t piece)
{
    for (size_t i = 0; i + piece < n; i += piece)
        memcpy(to + i, from + i, piece);
    memcpy(to + n - piece, from + n - piece, piece);
}

static inline void copy_bytes(void *to, const void *from, size_t n)
{
    if (n == sizeof(float)) /* the y of most data */
        memcpy(to, from, sizeof(float));
    else if (n >= PIECE && n <= SHORT)
        copy_pieces(to, from, n, PIECE);
    else if (n >= SMALL_PIECE && n < PIECE)
        copy_pieces(to, from, n, SMALL_PIECE);
    else
        memcpy(to, from, n);
}

/* A row of x as the model sees it, but for its normalisation where x is bytes. */
static void copy_x(const dt_dataset *d, const char *from, float *to)
{
    if (d->x_is_bytes)
        dt_unit_from_bytes((const uint8_t *)from, d->features, to);
    else
        copy_bytes(to, from, (size_t)d->features * sizeof *to);
}

static inline void prefetch_ahead(const dt_row_address *address, int64_t i, int64_t n,
                                  size_t x_bytes, size_t y_bytes)
{
    const dt_row_address *ahead = &address[i + DT_PREFETCH_AHEAD < n ? i + DT_PREFETCH_AHEAD : i];
    dt_prefetch_row(ahead->x, x_bytes);
    dt_prefetch_row(ahead->y, y_bytes);
}

/* Rows that only have to be copied. */
static void gather_floats(const dt_row_address *address, int64_t n, size_t x_bytes, size_t y_bytes,
                          float *x, int64_t stride, char *y)
{
    for (int64_t i = 0; i < n; i++, x += stride, y += y_bytes) {
        prefetch_ahead(address, i, n, x_bytes, y_bytes);
        copy_bytes(x, address[i].x, x_bytes);
        copy_bytes(y, address[i].y, y_bytes);
    }
}

void dt_gather_rows(const dt_dataset *d, const dt_row_address *address, int64_t n, float *x,
                    int64_t stride, void *y)
{
    size_t x_bytes = (size_t)dt_dataset_x_bytes(d), y_bytes = (size_t)dt_dataset_y_bytes(d);
    if (!d->x_is_bytes) {
        gather_floats(address, n, x_bytes, y_bytes, x, stride, y);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        prefetch_ahead(address, i, n, x_bytes, y_bytes);
        dt_unit_from_bytes((const uint8_t *)address[i].x, d->features, x + i * stride);
        dt_normalizer_apply(d->normalizer, 1, x + i * stride);
        copy_bytes((char *)y + (size_t)i * y_bytes, address[i].y, y_bytes);
    }
}

static void fetch_contiguous(const void *from, int64_t begin, int64_t n, float *x, int64_t stride,
                             void *y)
{
    const dt_contiguous_rows *rows = from;
    const dt_dataset *d = rows->dataset;
    for (int64_t i = begin; i < begin + n; i++, x += stride) {
        copy_x(d, rows->x + i * dt_dataset_x_bytes(d), x);
        if (d->x_is_bytes)
            dt_normalizer_apply(d->normalizer, 1, x);
    }
    memcpy(y, rows->y + begin * dt_dataset_y_bytes(d), (size_t)(n * dt_dataset_y_bytes(d)));
}

dt_row_source dt_contiguous_row_source(const dt_contiguous_rows *rows)
{
    if (rows->dataset->x_is_bytes)
        return (dt_row_source){.fetch = fetch_contiguous, .from = rows};
    return (dt_row_source){.x = (const void *)rows->x, .y = rows->y};
}

static void fetch_shared(const void *from, int64_t begin, int64_t n, float *x, int64_t stride,
                         void *y)
{
    const dt_shared_rows *rows = from;
    const dt_dataset *d = rows->dataset;
    for (int64_t i = begin; i < begin + n; i++, x += stride) {
        int64_t row = dt_sample_map_row(rows->map, rows->first + i) - d->span[rows->rank].begin;
        copy_x(d, rows->x + row * dt_dataset_x_row_bytes(d), x);
        if (d->x_is_bytes)
            dt_normalizer_apply(d->normalizer, 1, x);
    }
    memcpy(y, rows->y + begin * dt_dataset_y_bytes(d), (size_t)(n * dt_dataset_y_bytes(d)));
}

dt_row_source dt_shared_row_source(const dt_shared_rows *rows)
{
    return (dt_row_source){.fetch = fetch_shared, .from = rows, .y = rows->y};
}
