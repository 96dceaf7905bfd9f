/* A file driver of HDF5, through which every HDF5 file is read that others wrote. HDF5's own driver
 * differs from it in two points. It waits for ever for the other end of a pipe that a link leads
 * to; this one opens regular files only. It gives zeros for bytes that a file no longer has; here a
 * file that has been cut or written anew since it was opened is an error of the read. Files that
 * HDF5 opens by itself, behind external links and as sources of virtual datasets, are opened
 * through it too. The files of external raw data are not: see data/external.h. Not collective. */
#ifndef DT_FILE_READER_H
#define DT_FILE_READER_H

#include <hdf5.h>
#include <stdbool.h>

/* In HDF5's reason for not opening a file that another program has open for writing, or left so. */
#define DT_READER_WRITING "open for writing"

/* Access to files through the driver, without file locks; the caller closes it with H5Pclose. A
 * negative number if HDF5 has no memory for it. */
hid_t dt_reader_access(void);

/* A descriptor of its own of an open file, for reading past HDF5; the caller closes it. -1 if the
 * file was not opened through the driver, or there are too many descriptors. */
int dt_reader_descriptor(hid_t file);

#endif
