/* Reads the values of an HDF5 dataset directly from the file, on all threads of the rank; HDF5
 * itself reads and unpacks on one thread. It reads contiguous datasets, and chunked ones that are
 * packed by gzip, shuffle, both or neither. HDF5 reads all others. Not collective. */
#ifndef DT_DATA_CHUNK_READER_H
#define DT_DATA_CHUNK_READER_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_chunk_reader dt_chunk_reader;

/* Open a reader of an open dataset, which is borrowed, as are path and name. *reader is NULL,
 * without an error, if HDF5 has to read this dataset.
 *   detach  note where the values lie, if these are few places, so that the reader does not need
 *           the dataset any more */
dt_code dt_chunk_reader_open(dt_chunk_reader **reader, const char *path, const char *name,
                             hid_t set, bool detach, dt_error *err);

/* Whether the reader needs no open dataset. */
bool dt_chunk_reader_is_detached(const dt_chunk_reader *reader);

/* Let go of the dataset and of the file, and take them again.
 *   set  the dataset; a detached reader needs none
 * DT_ERR_DATA if the file has changed. */
void dt_chunk_reader_suspend(dt_chunk_reader *reader);
dt_code dt_chunk_reader_resume(dt_chunk_reader *reader, hid_t set, dt_error *err);

/* The same for a detached reader of a file that another detached reader has taken already: both use
 * one descriptor, which is that reader's. It is suspended and closed after this one. Returns false,
 * and does nothing, if they do not read the same file. */
bool dt_chunk_reader_share(dt_chunk_reader *reader, const dt_chunk_reader *other);

/* Read rows [row, row + n), in the type of the file.
 *   out   [n rows]
 *   done  [out] false: HDF5 has to read these rows, since a part of them is stored in another way
 * DT_ERR_DATA if the file is cut short or a chunk cannot be unpacked. */
dt_code dt_chunk_reader_read(dt_chunk_reader *reader, int64_t row, int64_t n, void *out, bool *done,
                             dt_error *err);

/* The number of chunks that were read and unpacked. */
int64_t dt_chunk_reader_count(const dt_chunk_reader *reader);

/* Takes NULL. */
void dt_chunk_reader_close(dt_chunk_reader *reader);

#endif
