/* A dataset of numbers in an HDF5 file, seen as rows. Not collective. */
#ifndef DT_DATA_H5_ARRAY_H
#define DT_DATA_H5_ARRAY_H

#include "data/chunk_reader.h"
#include "data/encoding.h"
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
    int64_t width;   /* values in a row */
    bool is_integer; /* its values are whole numbers */
    bool is_bytes;   /* uint8, as pictures are: neither flags nor encoded */
    dt_encoding encoding;
    bool external;      /* its values are in external storage */
    int64_t chunk_rows; /* rows of a chunk; 1 if it has no chunks */
    hid_t type; /* of a value in the file; for an enumeration (h5py's bool), of its integers */
    dt_chunk_reader *reader;    /* NULL: HDF5 reads the values */
    dt_fingerprint_set *others; /* fingerprints of the other files that have its values */
    dt_virtual *parts;          /* the sources of a virtual dataset; NULL: it is not virtual */
    int64_t value_bytes;        /* of one value, in the file */
} dt_h5_array;

/* Open a dataset, and check that it holds numbers in rows and that its filters are installed.
 *   large  whether it pays to read it on all threads, without HDF5, where that is possible
 * To be ended with dt_h5_array_close, also after an error. */
dt_code dt_h5_array_open(dt_h5_array *array, hid_t file, const char *path, const char *name,
                         bool large, dt_error *err);

/* The type of values in memory. It is not an hid_t, since HDF5's names of types are calls of HDF5,
 * which need the lock (file/h5.h). */
typedef enum { DT_VALUES_FLOAT, DT_VALUES_DOUBLE, DT_VALUES_BYTES } dt_values;

/* Read rows [row, row + n) as values of this type, decoded; a missing value is NaN. Several threads
 * may call it at the same time. */
dt_code dt_h5_array_read(const dt_h5_array *array, int64_t row, int64_t n, dt_values values,
                         void *out, dt_error *err);

/* Also for an array that is all zero except for a negative id. */
void dt_h5_array_close(dt_h5_array *array);

#endif
