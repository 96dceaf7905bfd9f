/* The shape of a dataset, as its file states it. These numbers become sizes, counts and indices,
 * and this is the one place that checks them. After it, any number of rows of the dataset can be
 * counted, and their bytes computed for any type of up to 8 bytes, without overflow. Not
 * collective. */
#ifndef DT_DATA_SHAPE_H
#define DT_DATA_SHAPE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int dims; /* 0: a single value, or no value */
    hsize_t dim[H5S_MAX_RANK];
    int64_t rows, width; /* the first dimension, and the values of a row; both 0 if dims is 0 */
    int64_t value_bytes; /* of a value in the file */
    int64_t row_bytes;
    bool chunked;
    hsize_t chunk[H5S_MAX_RANK];
    int64_t chunk_rows;  /* rows of a chunk; 1 if there are no chunks */
    int64_t chunk_bytes; /* of an unpacked chunk; 0 if there are none */
} dt_shape;

/* DT_ERR_DATA if no file can have such a shape; the message names path and dataset. */
dt_code dt_shape_read(dt_shape *shape, hid_t set, const char *path, const char *name,
                      dt_error *err);

#endif
