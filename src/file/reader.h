/* A file driver of HDF5 that reads all HDF5 files of other programs. It differs from HDF5's own
 * driver in two ways. First, it opens regular files only, while HDF5's driver waits for ever for
 * the other end of a pipe. Second, a read fails if the file was cut short or replaced after it was
 * opened, while HDF5's driver returns zeros for the missing bytes. HDF5 itself opens the files of
 * external links and the sources of virtual datasets; these use this driver too. The files of
 * external storage do not: see data/external.h. Not collective. */
#ifndef DT_FILE_READER_H
#define DT_FILE_READER_H

#include <hdf5.h>
#include <stdbool.h>

/* HDF5's reason contains this text if another program has the file open for writing, or ended
 * without closing it. */
#define DT_READER_WRITING "open for writing"

/* Return a property list that opens files with the driver, without file locks. The caller closes it
 * with H5Pclose. A negative number if HDF5 has no memory. */
hid_t dt_reader_access(void);

/* Return a new descriptor of an open file, for reading without HDF5. The caller closes it. -1 if
 * the file was not opened with the driver, or if the process has too many descriptors. */
int dt_reader_descriptor(hid_t file);

#endif
