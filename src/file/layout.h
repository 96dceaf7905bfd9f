/* A file driver of HDF5 for the layout of a file that is written (file/output.h): a file in memory
 * without a name. Once HDF5 has failed to close a file, it cannot be ended, and crashes when the
 * program ends. So the driver never tells HDF5 that a write failed (ulimit -f, no memory): it
 * records the error, and the owner of the layout asks for it. Not collective. */
#ifndef DT_FILE_LAYOUT_H
#define DT_FILE_LAYOUT_H

#include <hdf5.h>

typedef struct {
    int fd;     /* of the file; it stays the caller's, and HDF5's file has a copy */
    int *error; /* [out] the errno of what failed first; to be 0 before, and there until the file is
                   closed */
} dt_layout;

/* A property list that opens such a file, whatever its name. The caller closes it with H5Pclose. A
 * negative number if HDF5 has no memory. */
hid_t dt_layout_access(const dt_layout *layout);

#endif
