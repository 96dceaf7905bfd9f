/* Datasets whose values lie in other files: virtual ones, and those with external storage. Where
 * such a file is missing or too short, HDF5 gives fill values and says nothing; one that has been
 * written anew since it was first opened it takes for the same. Not collective. */
#ifndef DT_DATA_EXTERNAL_H
#define DT_DATA_EXTERNAL_H

#include "file/fingerprint_set.h"

#include <dtrain/status.h>
#include <hdf5.h>
#include <limits.h>
#include <stdint.h>

enum { DT_EXTERNAL_DEPTH = 8 }; /* of virtual datasets made of virtual datasets */

/* See that the files and datasets that an open dataset is made of are there, and are the same as
 * before.
 *   fingerprints   of those files; each is remembered the first time
 *   path, name  of the dataset, for messages; path NULL: the message is of its part alone
 * DT_ERR_DATA names the file that is missing or has changed. */
dt_code dt_external_check(hid_t set, dt_fingerprint_set *fingerprints, const char *path,
                          const char *name, dt_error *err);

/* Of names with "%b" that with a number in its place, and "%" for "%%". */
void dt_external_name(const char *pattern, int64_t number, char name[PATH_MAX]);

/* What is not there, of a file and a dataset in it. */
typedef enum { DT_ABSENT_NOTHING, DT_ABSENT_FILE, DT_ABSENT_DATASET } dt_absent;

/* Open a dataset that a virtual one is made of, where HDF5 would look for its file.
 *   set           the virtual dataset
 *   fingerprints     of the files of such datasets
 *   file, source  [out] to be closed; negative after an error
 *   absent        [out] after an error, whether file or dataset are not there; if nothing is
 *                 absent, one of them is there and cannot be opened
 * err gets what is wrong with the file alone, as in "is missing". */
dt_code dt_external_open(hid_t set, dt_fingerprint_set *fingerprints, const char *file_name,
                         const char *set_name, hid_t *file, hid_t *source, dt_absent *absent,
                         dt_error *err);

#endif
