/* Lists of strings in HDF5 files: one string, or one-dimensional; of variable or fixed length. Not
 * collective. */
#ifndef DT_FILE_STRINGS_H
#define DT_FILE_STRINGS_H

#include "core/names.h"

#include <hdf5.h>

/* Read an attribute of an object, or a dataset of a group. Without an error names->n is 0 where
 * there is none, or where it is not a list of strings, or of too many. To be ended with
 * dt_names_free, also after an error. */
dt_code dt_strings_read_attribute(hid_t object, const char *name, dt_names *names, dt_error *err);
dt_code dt_strings_read_dataset(hid_t group, const char *name, dt_names *names, dt_error *err);

/* Write one, of variable length and UTF-8: h5py hands them out as str. A negative number is HDF5's
 * failure. */
herr_t dt_strings_put_attribute(hid_t object, const char *name, int64_t n,
                                const char *const *strings);
herr_t dt_strings_put_dataset(hid_t group, const char *name, int64_t n, const char *const *strings);

#endif
