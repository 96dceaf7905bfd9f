/* Virtual datasets: their values lie in datasets of other files. If HDF5 cannot open such a file,
 * it takes it for one that does not exist, and returns fill values: when too many files are open,
 * when a file was removed since, or when memory runs out. So this reader reads each part from its
 * own dataset, with one file open at a time, and returns an error where one cannot be opened. Not
 * collective; the caller holds HDF5's lock (file/h5.h). */
#ifndef DT_DATA_VIRTUAL_H
#define DT_DATA_VIRTUAL_H

#include "file/fingerprint_set.h"

#include <dtrain/status.h>
#include <hdf5.h>

typedef struct dt_virtual dt_virtual;

/* Find the parts of an open dataset, which is borrowed, as are the fingerprints of its files.
 * *parts is NULL, without an error, if the dataset is not virtual. */
dt_code dt_virtual_open(dt_virtual **parts, hid_t set, dt_fingerprint_set *fingerprints,
                        dt_error *err);

/* Read, as H5Dread does.
 *   wanted  a selection of the virtual dataset; it lies within the rows [begin, end)
 *   err     gets the reason alone, for the caller's message */
dt_code dt_virtual_read(dt_virtual *parts, hid_t wanted, hsize_t begin, hsize_t end, hid_t memory,
                        hid_t type, void *out, dt_error *err);

/* Takes NULL. */
void dt_virtual_close(dt_virtual *parts);

#endif
