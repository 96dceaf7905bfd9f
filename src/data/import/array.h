/* An array file (IDX or NPY): its element type, its shape, and its rows in C order. */
#ifndef DT_DATA_IMPORT_ARRAY_H
#define DT_DATA_IMPORT_ARRAY_H

#include "data/import/element.h"
#include "data/import/input.h"

#include <stdbool.h>

enum { DT_ARRAY_MAGIC = 4 /* bytes that tell the formats apart */ };

typedef struct {
    dt_input source;
    dt_element element;
    int rank;
    int64_t dims[DT_ELEMENT_RANK];
    bool fortran;  /* the first index runs fastest in the file */
    int64_t start; /* offset of the first value */
    int64_t row;   /* values in a row: the product of dims[1..] */
} dt_array;

/* Open an array file and read its header; the format is known by the first bytes. Close it also
 * after an error. */
dt_code dt_array_open(dt_array *array, const char *path, dt_error *err);
void dt_array_close(dt_array *array);

/* How many rows to read at a time: as many as fit a slab, at least one. */
int64_t dt_array_slab(const dt_array *array);

/* Read rows [first, first + count) in C order, in the element type and byte order of the file.
 * first is where the last call ended: the file is walked front to back.
 *   data   [out] [count, row] */
dt_code dt_array_read(dt_array *array, int64_t first, int64_t count, void *data, dt_error *err);

/* After the last row: an error if the file goes on. */
dt_code dt_array_finish(dt_array *array, dt_error *err);

/* The headers, each from behind the magic bytes on: fill in element, rank, dims and fortran. */
dt_code dt_idx_header(dt_array *array, const uint8_t magic[DT_ARRAY_MAGIC], dt_error *err);
dt_code dt_npy_header(dt_array *array, dt_error *err);

/* Read n bytes of a header or fail. */
dt_code dt_array_header_bytes(dt_array *array, void *data, int64_t n, dt_error *err);

#endif
