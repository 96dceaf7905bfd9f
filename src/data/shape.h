/* The shape of a dataset as its file states it. These numbers become sizes, counts and indices, so
 * here is the one place where they are checked: with them, any rows of the dataset can be counted,
 * and their bytes computed as any type of up to 8 bytes, without an overflow. Not collective. */
#ifndef DT_DATA_SHAPE_H
#define DT_DATA_SHAPE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int dims; /* 0: a single value, or nothing */
    hsize_t dim[H5S_MAX_RANK];
    int64_t rows, width; /* the first dimension, and values in a row; 0 where dims is 0 */
    int64_t value_bytes; /* of a value in the file */
    int64_t row_bytes;
    bool chunked;
    hsize_t chunk[H5S_MAX_RANK];
    int64_t chunk_rows;  /* rows that share a chunk; 1 where it is not chunked */
    int64_t chunk_bytes; /* of an unpacked chunk; 0 where it is not chunked */
} dt_shape;

/* DT_ERR_DATA if a file of such a shape is not possible; the message names path and name. */
dt_code dt_shape_read(dt_shape *shape, hid_t set, const char *path, const char *name,
                      dt_error *err);

#endif
