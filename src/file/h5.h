/* Opening HDF5 files as dtrain does: without file locks, since NFS and Lustre hang on them, and
 * without HDF5's own printing of errors, since an error becomes one line of ours. Not collective.
 * */
#ifndef DT_FILE_H5_H
#define DT_FILE_H5_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Open a file read-only. The error says whether it is missing, unreadable, not HDF5, cut short, or,
 * by its footer (file/footer.h), damaged. Returns the file, or a negative number after an error. */
hid_t dt_h5_open(const char *path, dt_error *err);

/* The same for a file that another process has just opened by dt_h5_open. It is not checked again,
 * unless it cannot be opened here. */
hid_t dt_h5_open_trusted(const char *path, dt_error *err);

/* Whether the file ends with a footer, or where HDF5's part of it ends. It does not if its footer
 * was cut short. A file that another program changed in place has no footer. */
bool dt_h5_is_whole(hid_t file, const char *path);

/* Open a dataset of a file. If there is none of that name, the error lists the datasets of the
 * file, and ends with `advice`; else it says why the dataset cannot be opened. Returns the dataset,
 * or a negative number after an error. */
hid_t dt_h5_open_dataset(hid_t file, const char *path, const char *name, const char *advice,
                         dt_error *err);

/* Called for each dataset; name is its path below root. It returns zero to go on, a positive number
 * to end, and a negative one after a failure. */
typedef herr_t dt_h5_visitor(hid_t root, const char *name, void *data);

/* Visit every dataset below a file or group, in the order of names, and every object that cannot be
 * opened. Groups are entered, links to groups are not. Returns the number that ended the visit, or
 * zero. */
herr_t dt_h5_visit_datasets(hid_t root, dt_h5_visitor *visit, void *data);

/* The innermost description on HDF5's error stack; never NULL. Clears the stack. */
const char *dt_h5_reason(char text[256]);

/* Only one thread at a time may call HDF5. While a thread reads ahead, it and every other caller of
 * HDF5 take this lock. */
void dt_h5_lock(void);
void dt_h5_unlock(void);

/* Turn off HDF5's own printing of errors, and restore the former setting. */
void dt_h5_silence(void);
void dt_h5_restore(void);

#endif
