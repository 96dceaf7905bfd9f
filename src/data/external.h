/* Datasets whose values lie in other files: virtual datasets, and datasets with external storage.
 * Where such a file is missing or too short, HDF5 returns fill values and no error; and it does not
 * notice that a file was written anew since it was first opened. Not collective. */
#ifndef DT_DATA_EXTERNAL_H
#define DT_DATA_EXTERNAL_H

#include "file/fingerprint_set.h"

#include <dtrain/status.h>
#include <hdf5.h>
#include <limits.h>
#include <stdint.h>

enum { DT_EXTERNAL_DEPTH = 8 }; /* virtual datasets may consist of virtual datasets so deep */

/* Check that the files and datasets that an open dataset consists of exist, and are the same as
 * before.
 *   fingerprints  of those files; each is taken the first time
 *   path, name    of the dataset, for messages; path NULL: the message names the part alone
 * DT_ERR_DATA names the file that is missing or has changed. */
dt_code dt_external_check(hid_t set, dt_fingerprint_set *fingerprints, const char *path,
                          const char *name, dt_error *err);

/* Replace "%b" in a name by a number, and "%%" by "%". */
void dt_external_name(const char *pattern, int64_t number, char name[PATH_MAX]);

/* What is missing: a file, or a dataset in it. */
typedef enum { DT_ABSENT_NOTHING, DT_ABSENT_FILE, DT_ABSENT_DATASET } dt_absent;

/* Open a source of a virtual dataset: the file where HDF5 would look for it, and the dataset in it.
 *   set           the virtual dataset
 *   fingerprints  of the files of such sources
 *   file, source  [out] to be closed; negative after an error
 *   absent        [out] after an error, what is missing; if nothing is, file or dataset cannot be
 *                 opened
 * err gets a text that follows the name of the file, as in "is missing". */
dt_code dt_external_open(hid_t set, dt_fingerprint_set *fingerprints, const char *file_name,
                         const char *set_name, hid_t *file, hid_t *source, dt_absent *absent,
                         dt_error *err);

#endif
