#include "data/scan.h"

#include "core/clock.h"
#include "core/memory.h"
#include "data/h5_array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 32 << 20,      /* bytes that are read at a time, at least */
    BLOCK = 2048,          /* values that are looked at at a time */
    MAX_CLASSES = 1 << 20, /* beyond it labels are not counted */
    AS_BYTES = 1,
    AS_FLOATS = 4,
    AS_DOUBLES = 8,
};

typedef struct {
    dt_h5_array v;
    int64_t piece; /* rows read at a time */
    int size;      /* bytes of a value in memory: AS_... */
    void *values;  /* [piece,width] */
} reader;

static dt_values memory_type(int size)
{
    return size == AS_BYTES    ? DT_VALUES_BYTES
           : size == AS_FLOATS ? DT_VALUES_FLOAT
                               : DT_VALUES_DOUBLE;
}

/* Whole chunks, unless they would take up much of the memory: then they are unpacked repeatedly. */
static int64_t rows_at_a_time(const reader *r, int64_t rows)
{
    int64_t row_bytes = r->v.width * r->size, chunk = r->v.chunk_rows;
    int64_t max_rows = dt_node_memory() / 8 / row_bytes, piece = PIECE / row_bytes;
    piece = (piece / chunk + 1) * chunk;
    if (piece > max_rows)
        piece = max_rows > 1 ? max_rows : 1;
    return piece < rows ? piece : rows;
}

static void widen_values(const reader *r, int64_t from, int n, double *to)
{
    const void *values = r->values;
    for (int i = 0; i < n; i++)
        to[i] = r->size == AS_BYTES    ? ((const uint8_t *)values)[from + i]
                : r->size == AS_FLOATS ? (double)((const float *)values)[from + i]
                                       : ((const double *)values)[from + i];
}

static void add_range(dt_scan *s, const reader *r, int64_t n)
{
    double low = s->low, high = s->high;
    int64_t nan = 0, infinite = 0;
#pragma omp parallel for reduction(min : low) reduction(max : high) reduction(+ : nan, infinite)
    for (int64_t from = 0; from < n; from += BLOCK) {
        double block[BLOCK];
        int values = n - from < BLOCK ? (int)(n - from) : BLOCK;
        widen_values(r, from, values, block);
        for (int i = 0; i < values; i++) {
            bool finite = isfinite(block[i]);
            nan += isnan(block[i]) != 0;
            infinite += !finite && !isnan(block[i]);
            low = finite && block[i] < low ? block[i] : low;
            high = finite && block[i] > high ? block[i] : high;
        }
    }
    s->low = low;
    s->high = high;
    s->nan += nan;
    s->infinite += infinite;
}

static void count_labels(dt_scan *s, const double *label, int64_t n)
{
    for (int64_t i = 0; i < n && s->is_labels; i++) {
        s->is_labels = label[i] >= 0 && label[i] < MAX_CLASSES;
        if (!s->is_labels)
            return;
        int64_t class = (int64_t)label[i];
        s->count[class]++;
        s->classes = class >= s->classes ? class + 1 : s->classes;
    }
}

static dt_code read_through(dt_scan *s, reader *r, dt_error *err)
{
    for (int64_t row = 0; row < s->rows; row += r->piece) {
        int64_t n = s->rows - row < r->piece ? s->rows - row : r->piece;
        double begin = dt_clock();
        if (dt_h5_array_read(&r->v, row, n, memory_type(r->size), r->values, err))
            return err->code;
        s->seconds += dt_clock() - begin;
        add_range(s, r, n * r->v.width);
        count_labels(s, r->values, s->is_labels ? n : 0);
    }
    return DT_OK;
}

/* HDF5 would make up terabytes of fill values. */
static bool is_never_written(const dt_h5_array *v)
{
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    hid_t plist = H5Dget_create_plist(v->id);
    H5D_layout_t layout = H5Pget_layout(plist);
    if (layout == H5D_CHUNKED || layout == H5D_CONTIGUOUS)
        H5Dget_space_status(v->id, &status);
    H5Pclose(plist);
    return status == H5D_SPACE_STATUS_NOT_ALLOCATED;
}

/* What the values take up; of those in other files HDF5 does not say it. */
static void inspect_sizes(dt_scan *s, const dt_h5_array *v)
{
    s->rows = (int64_t)v->dim[0];
    s->values = s->rows * v->width;
    s->bytes = s->values * (int64_t)H5Tget_size(v->type);
    s->file_bytes = (int64_t)H5Dget_storage_size(v->id);
    s->never_written = is_never_written(v);
    if (s->file_bytes == 0 && !s->never_written)
        s->file_bytes = s->bytes;
}

dt_code dt_scan_dataset(dt_scan *s, hid_t file, const char *path, const char *name, bool labels,
                        dt_error *err)
{
    reader r = {.values = NULL};
    *s = (dt_scan){.low = INFINITY, .high = -INFINITY};
    if (!dt_h5_array_open(&r.v, file, path, name, true, err)) {
        inspect_sizes(s, &r.v);
        s->is_bytes = r.v.is_bytes;
        s->is_labels = labels && r.v.is_integer && r.v.width == 1;
        r.size = s->is_labels ? AS_DOUBLES : r.v.is_bytes ? AS_BYTES : AS_FLOATS;
        r.piece = rows_at_a_time(&r, s->rows);
        r.values = dt_alloc(r.piece * r.v.width, (size_t)r.size, "rows to look at", err);
        if (s->is_labels)
            s->count = dt_alloc(MAX_CLASSES, sizeof *s->count, "counts of classes", err);
        if (s->count)
            memset(s->count, 0, MAX_CLASSES * sizeof *s->count);
        if (!err->code && !s->never_written)
            read_through(s, &r, err);
    }
    free(r.values);
    dt_h5_array_close(&r.v);
    return err->code;
}

void dt_scan_free(dt_scan *s)
{
    free(s->count);
    s->count = NULL;
}
