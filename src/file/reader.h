/* A file driver of HDF5, through which every HDF5 file is read that other programs wrote. It
 * differs from HDF5's own driver in two points. It opens regular files only; HDF5's waits for ever
 * for the other end of a pipe. If a file was cut short or written anew since it was opened, a read
 * is an error; HDF5's driver returns zeros for bytes that the file no longer has. Files that HDF5
 * opens by itself, behind external links and as sources of virtual datasets, are opened through
 * this driver too. The files of external storage are not: see data/external.h. Not collective. */
#ifndef DT_FILE_READER_H
#define DT_FILE_READER_H

#include <hdf5.h>
#include <stdbool.h>

/* HDF5's reason contains it if another program has the file open for writing, or has left it so. */
#define DT_READER_WRITING "open for writing"

/* A property list that opens files through the driver, without file locks. The caller closes it
 * with H5Pclose. A negative number if HDF5 has no memory. */
hid_t dt_reader_access(void);

/* A new descriptor of an open file, for reading without HDF5; the caller closes it. -1 if the file
 * was not opened through the driver, or if there are too many descriptors. */
int dt_reader_descriptor(hid_t file);

#endif
