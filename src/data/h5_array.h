/* A dataset of an HDF5 file, seen as rows of elements in the type of the file. Not collective. */
#ifndef DT_DATA_H5_ARRAY_H
#define DT_DATA_H5_ARRAY_H

#include "data/chunk_reader.h"
#include "data/virtual.h"

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    hid_t id;         /* negative: the array is suspended */
    const char *path; /* of the file; borrowed */
    char *name;
    int dims; /* of the dataspace, >= 1 */
    hsize_t dim[H5S_MAX_RANK];
    bool is_transposed;         /* the last dimension counts the rows, not the first */
    int64_t rows, elements;     /* elements: in a row */
    int64_t element_bytes;      /* in the file */
    int64_t chunk_rows;         /* rows of a chunk; 1 if it has no chunks */
    hid_t type;                 /* of an element */
    bool has_pointers;          /* elements have strings of variable length */
    bool external;              /* its values are in external storage */
    dt_chunk_reader *reader;    /* NULL: HDF5 reads the values */
    dt_fingerprint_set *others; /* fingerprints of the other files that have its values */
    dt_virtual *parts;          /* the sources of a virtual dataset; NULL: it is not virtual */
} dt_h5_array;

typedef struct {
    bool large;      /* it pays to read it on all threads, without HDF5, where that is possible */
    bool transposed; /* the dataset is stored [features, rows] */
    bool detached;   /* read it without HDF5 if possible, so that its file need not be open */
} dt_h5_array_options;

/* Open a dataset, and check that it has rows and that its filters are installed. To be ended with
 * dt_h5_array_close, also after an error. */
dt_code dt_h5_array_open(dt_h5_array *array, hid_t file, const char *path, const char *name,
                         const dt_h5_array_options *options, dt_error *err);

/* Read rows [row, row + n), each of `elements` elements, as the file has them. Several threads may
 * call it at the same time. Strings of variable length are pointers, to be given back with
 * dt_h5_array_reclaim. */
dt_code dt_h5_array_read(const dt_h5_array *array, int64_t row, int64_t n, void *out,
                         dt_error *err);
void dt_h5_array_reclaim(const dt_h5_array *array, int64_t n, void *rows);

/* Let go of the file, which may then be closed, and take it again. A suspended array can be read if
 * dt_h5_array_is_detached. */
void dt_h5_array_suspend(dt_h5_array *array);
dt_code dt_h5_array_resume(dt_h5_array *array, hid_t file, dt_error *err);

/* Whether no open file is needed to read it. */
bool dt_h5_array_is_detached(const dt_h5_array *array);

/* An error about rows that cannot be read. */
dt_code dt_h5_array_fail(const dt_h5_array *array, int64_t row, int64_t n, const char *reason,
                         dt_error *err);

/* Also for an array that is all zero except for a negative id and type. */
void dt_h5_array_close(dt_h5_array *array);

#endif
