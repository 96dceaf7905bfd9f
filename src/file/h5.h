/* Opening HDF5 files the way dtrain does: no file locks (NFS and Lustre hang on them), and HDF5's
 * own printing of errors off, since what went wrong becomes one line of ours. Not collective. */
#ifndef DT_FILE_H5_H
#define DT_FILE_H5_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Open a file read-only. Says whether it is missing, unreadable, not HDF5, cut short, or
 * damaged where it has a footer (file/footer.h).
 * Returns the file, or a negative number after an error. */
hid_t dt_h5_open(const char *path, dt_error *err);

/* The same of a file that another process has just opened so, and found good: that is not looked
 * into again, unless it cannot be opened here. */
hid_t dt_h5_open_trusted(const char *path, dt_error *err);

/* Whether the file ends where HDF5's part of it does, or with a footer: not so if a footer was cut.
 * What other programs change in place has none. */
bool dt_h5_is_whole(hid_t file, const char *path);

/* Open a dataset of a file. Where there is none of that name, the error lists the datasets that
 * there are, and ends with advice; else it says why it cannot be opened. Returns it, or a negative
 * number after an error. */
hid_t dt_h5_open_dataset(hid_t file, const char *path, const char *name, const char *advice,
                         dt_error *err);

/* Called for a dataset: its name is its path below root. Zero to go on, a positive number to end,
 * a negative one for a failure. */
typedef herr_t dt_h5_visitor(hid_t root, const char *name, void *data);

/* Visit every dataset below a file or group, in the order of names, and whatever cannot be opened;
 * groups are entered, links to groups are not. Returns
 * the number that ended it, or zero. */
herr_t dt_h5_visit_datasets(hid_t root, dt_h5_visitor *visit, void *data);

/* The innermost description on HDF5's error stack, which it also clears; never NULL. */
const char *dt_h5_reason(char text[256]);

/* HDF5 may be called by one thread at a time. While a thread reads ahead, it and everyone else who
 * calls HDF5 takes this lock. */
void dt_h5_lock(void);
void dt_h5_unlock(void);

/* Turn off HDF5's own printing of errors, and set it back to what it was. */
void dt_h5_silence(void);
void dt_h5_restore(void);

#endif
