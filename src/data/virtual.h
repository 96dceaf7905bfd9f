/* Virtual datasets: their values lie in datasets of other files. HDF5 takes a file that it cannot
 * open for one that is not there, and gives fill values in its place: where too many files are
 * open, where one has gone since it was looked at, where memory runs out. So each part is read here
 * from its own dataset, one file open at a time, and what cannot be opened is an error. Not
 * collective; the caller holds HDF5's lock (file/h5.h). */
#ifndef DT_DATA_VIRTUAL_H
#define DT_DATA_VIRTUAL_H

#include "file/fingerprint_set.h"

#include <dtrain/status.h>
#include <hdf5.h>

typedef struct dt_virtual dt_virtual;

/* Look at an open dataset, which is borrowed, as are the fingerprints of its files. *parts is NULL
 * where it is not virtual. */
dt_code dt_virtual_open(dt_virtual **parts, hid_t set, dt_fingerprint_set *fingerprints,
                        dt_error *err);

/* As H5Dread.
 *   wanted  selection of the virtual dataset, by rows: none of its values outside of rows
 *           [begin, end) are in it
 *   err     the reason alone, for the caller's message */
dt_code dt_virtual_read(dt_virtual *parts, hid_t wanted, hsize_t begin, hsize_t end, hid_t memory,
                        hid_t type, void *out, dt_error *err);

/* Takes NULL. */
void dt_virtual_close(dt_virtual *parts);

#endif
