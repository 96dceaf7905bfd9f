/* Opens HDF5 files in dtrain's way: without file locks, since NFS and Lustre can hang on them, and
 * without the messages that HDF5 prints, since dtrain makes one line of each error. Not collective.
 * A caller holds dt_h5_lock where another thread may use HDF5. */
#ifndef DT_FILE_H5_H
#define DT_FILE_H5_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Open a file for reading. The error says whether it is missing, unreadable, not HDF5, cut short,
 * or damaged according to its footer (file/footer.h). Returns the file, which the caller closes
 * with H5Fclose, or a negative number after an error. */
hid_t dt_h5_open(const char *path, dt_error *err);

/* The same for a file that another process has just opened with dt_h5_open. It is not checked
 * again, unless it cannot be opened here. */
hid_t dt_h5_open_trusted(const char *path, dt_error *err);

/* Return whether the file ends either with a complete footer or where HDF5's part of it ends. It is
 * false if the footer was cut short. A file that another program has changed in place has no
 * footer. */
bool dt_h5_is_whole(hid_t file, const char *path);

/* Open a dataset of a file. If no dataset has this name, the error lists the datasets of the file,
 * and ends with `advice`. If the dataset exists but cannot be opened, the error says why. Returns
 * the dataset, which the caller closes with H5Dclose, or a negative number after an error. */
hid_t dt_h5_open_dataset(hid_t file, const char *path, const char *name, const char *advice,
                         dt_error *err);

/* A callback for each dataset; name is its path below root. It returns zero to continue, a positive
 * number to end the visit, and a negative number after a failure. */
typedef herr_t dt_h5_visitor(hid_t root, const char *name, void *data);

/* Visit every dataset below a file or group in the order of names, and also every object that
 * cannot be opened. It enters groups, but not links to groups. Returns the number that ended the
 * visit, or zero. */
herr_t dt_h5_visit_datasets(hid_t root, dt_h5_visitor *visit, void *data);

/* Copy the innermost description on HDF5's error stack into text, and clear the stack. Returns
 * text. */
const char *dt_h5_reason(char text[256]);

/* Only one thread at a time may call HDF5. While one thread reads ahead, it and all other callers
 * of HDF5 take this lock. */
void dt_h5_lock(void);
void dt_h5_unlock(void);

/* Turn off HDF5's own printing of errors, and restore the former setting. */
void dt_h5_silence(void);
void dt_h5_restore(void);

#endif
