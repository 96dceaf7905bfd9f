/* A file driver of HDF5 for the layout of an output file (file/output.h). The layout is in an
 * unnamed file in memory. After HDF5 has failed to close a file, it can neither close it again nor
 * end without a crash. So the driver never tells HDF5 that a write failed (ulimit -f, no memory).
 * It records the error, and the owner of the layout checks it. Not collective. */
#ifndef DT_FILE_LAYOUT_H
#define DT_FILE_LAYOUT_H

#include <hdf5.h>

typedef struct {
    int fd;     /* descriptor of the file in memory; the caller owns it, and HDF5 gets a copy */
    int *error; /* [out] the errno of the first failure; 0 at first; it must exist until the file is
                   closed */
} dt_layout;

/* Return a property list that opens such a file; HDF5 ignores the file name that it is given. The
 * caller closes it with H5Pclose. A negative number if HDF5 has no memory. */
hid_t dt_layout_access(const dt_layout *layout);

#endif
