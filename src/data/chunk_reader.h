/* The values of an HDF5 dataset, read from where they lie in the file on all threads of the rank:
 * HDF5 itself reads and unpacks on one. For what is contiguous, or chunked and packed with gzip and
 * shuffle or not at all; anything else is HDF5's. Not collective. */
#ifndef DT_DATA_CHUNK_READER_H
#define DT_DATA_CHUNK_READER_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_chunk_reader dt_chunk_reader;

/* Look at an open dataset (borrowed, as are the names). *direct is NULL where it is not to
 * be read so, which is no error. */
dt_code dt_chunk_reader_open(dt_chunk_reader **direct, const char *path, const char *name,
                             hid_t set, dt_error *err);

/* Read rows [row, row + n) as the file has them, in its own type.
 *   out   [n rows]
 *   done  [out] false if a part is not stored as the rest is, so that HDF5 has to read it
 * DT_ERR_DATA if the file is cut short or a chunk cannot be unpacked. */
dt_code dt_chunk_reader_read(dt_chunk_reader *direct, int64_t row, int64_t n, void *out, bool *done,
                             dt_error *err);

/* How many chunks have been read and unpacked. */
int64_t dt_chunk_reader_count(const dt_chunk_reader *direct);

/* Takes NULL. */
void dt_chunk_reader_close(dt_chunk_reader *direct);

#endif
