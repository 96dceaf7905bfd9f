/* A set of fingerprints, for files that are opened again and again: the sources of a virtual
 * dataset, and the files of external storage. Between two openings such a file may be written anew,
 * or another file may take its place. Not collective; one thread at a time. */
#ifndef DT_FILE_FINGERPRINT_SET_H
#define DT_FILE_FINGERPRINT_SET_H

#include <dtrain/status.h>

typedef struct dt_fingerprint_set dt_fingerprint_set;

/* Create an empty set; NULL if there is no memory. */
dt_fingerprint_set *dt_fingerprint_set_create(void);

/* Take the fingerprint of a file the first time, and compare it each further time. The file is
 * opened only the first time and when it has changed.
 *   folder, name  together they identify the file, wherever it is found
 *   path          where it was found now
 * DT_ERR_DATA says what happened to the file, as "the file has been written anew ...". */
dt_code dt_fingerprint_set_check(dt_fingerprint_set *set, const char *folder, const char *name,
                                 const char *path, dt_error *err);

/* Compare all files of the set, at the paths where they were found first. err names the file. */
dt_code dt_fingerprint_set_check_all(const dt_fingerprint_set *set, dt_error *err);

/* Takes NULL. */
void dt_fingerprint_set_destroy(dt_fingerprint_set *set);

#endif
