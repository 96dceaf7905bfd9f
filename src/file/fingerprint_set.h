/* A set of fingerprints for files that are opened many times: the sources of a virtual dataset, and
 * the files of external storage. Such a file may be changed or replaced between two openings. Not
 * collective. Only one thread at a time may use a set. */
#ifndef DT_FILE_FINGERPRINT_SET_H
#define DT_FILE_FINGERPRINT_SET_H

#include <dtrain/status.h>

typedef struct dt_fingerprint_set dt_fingerprint_set;

/* Create an empty set; NULL if there is no memory. */
dt_fingerprint_set *dt_fingerprint_set_create(void);

/* Take the fingerprint of a file at the first call, and compare the file with it at each later
 * call. The file is opened only at the first call and if it has changed.
 *   folder, name  together they identify the file, also if its path changes
 *   path          the present path of the file
 * DT_ERR_DATA describes the change of the file, like "the file has been written anew ...". */
dt_code dt_fingerprint_set_check(dt_fingerprint_set *set, const char *folder, const char *name,
                                 const char *path, dt_error *err);

/* Compare all files of the set, at the paths that they had at first. err names a file that has
 * changed. */
dt_code dt_fingerprint_set_check_all(const dt_fingerprint_set *set, dt_error *err);

/* Free a set. Takes NULL. */
void dt_fingerprint_set_destroy(dt_fingerprint_set *set);

#endif
