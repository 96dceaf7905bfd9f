/* Reads and writes lists of strings in HDF5 files. A list is a single string or has one dimension;
 * its strings have variable or fixed length. Not collective. */
#ifndef DT_FILE_STRINGS_H
#define DT_FILE_STRINGS_H

#include "core/names.h"

#include <hdf5.h>

/* Read an attribute of an object, or a dataset of a group. names->n is 0, without an error, if it
 * does not exist, is not a list of strings, or has too many strings. The caller calls
 * dt_names_free, also after an error. */
dt_code dt_strings_read_attribute(hid_t object, const char *name, dt_names *names, dt_error *err);
dt_code dt_strings_read_dataset(hid_t group, const char *name, dt_names *names, dt_error *err);

/* Write a list of n strings of variable length in UTF-8; h5py returns them as str. Returns a
 * negative number if HDF5 fails. */
herr_t dt_strings_put_attribute(hid_t object, const char *name, int64_t n,
                                const char *const *strings);
herr_t dt_strings_put_dataset(hid_t group, const char *name, int64_t n, const char *const *strings);

#endif
