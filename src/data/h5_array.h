/* A dataset of numbers in an HDF5 file, seen as rows. Not collective. */
#ifndef DT_DATA_H5_ARRAY_H
#define DT_DATA_H5_ARRAY_H

#include "data/chunk_reader.h"
#include "data/virtual.h"

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    hid_t id;
    const char *path; /* of the file; borrowed */
    char *name;
    int dims; /* of the dataspace, >= 1 */
    hsize_t dim[H5S_MAX_RANK];
    int64_t width; /* values in a row */
    bool is_integer, is_bytes;
    bool external;      /* its values lie in raw files */
    int64_t chunk_rows; /* rows that share a chunk of the file; 1 where it has none */
    hid_t type;         /* of a value in the file; of an enumeration (h5py's bool) its integers */
    dt_chunk_reader *reader;    /* NULL: HDF5 reads it */
    dt_fingerprint_set *others; /* of the other files that its values lie in */
    dt_virtual *parts;          /* of other files; NULL: it is not virtual */
    int64_t value_bytes;        /* of a value in the file */
} dt_h5_array;

/* Open a dataset and see that it is one of numbers in rows, whose filters are installed.
 *   large  it is worth reading on all threads, past HDF5, where that can be
 * To be ended with dt_h5_array_close, also after an error. */
dt_code dt_h5_array_open(dt_h5_array *variable, hid_t file, const char *path, const char *name,
                         bool large, dt_error *err);

/* What values become in memory. Not an hid_t: HDF5's names of types are calls into it, which belong
 * under the lock (file/h5.h). */
typedef enum { DT_VALUES_FLOAT, DT_VALUES_DOUBLE, DT_VALUES_BYTES } dt_values;

/* Read rows [row, row + n) as values of a kind. May be called by several threads at a time. */
dt_code dt_h5_array_read(const dt_h5_array *variable, int64_t row, int64_t n, dt_values values,
                         void *out, dt_error *err);

/* Safe on one that is all zero but for id, which is then negative. */
void dt_h5_array_close(dt_h5_array *variable);

#endif
