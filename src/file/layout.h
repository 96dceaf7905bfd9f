/* A file driver of HDF5 for the layouts of files that are written (file/output.h): files in memory
 * that have no name. HDF5 cannot be ended, and crashes at the program's end, once it failed to
 * close a file. So it is never told that a layout cannot be written (ulimit -f, no memory): the
 * driver remembers it, and whoever wants the layout asks. Not collective. */
#ifndef DT_FILE_LAYOUT_H
#define DT_FILE_LAYOUT_H

#include <hdf5.h>

typedef struct {
    int fd;     /* of the file, which stays the caller's; HDF5's file has one of its own */
    int *error; /* [out] the errno of what failed first; to be 0 before, and there until the file is
                   closed */
} dt_layout;

/* Access to such a file, whatever the name; the caller closes it with H5Pclose. A negative number
 * if HDF5 has no memory for it. */
hid_t dt_layout_access(const dt_layout *layout);

#endif
