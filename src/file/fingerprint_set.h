/* Fingerprints of files that are opened again and again: the sources of a virtual dataset, and the
 * files of external raw data. Between two openings such a file may be written anew, or another may
 * take its place. Not collective; one thread at a time. */
#ifndef DT_FILE_FINGERPRINT_SET_H
#define DT_FILE_FINGERPRINT_SET_H

#include <dtrain/status.h>

typedef struct dt_fingerprint_set dt_fingerprint_set;

/* An empty set; NULL where there is no memory. */
dt_fingerprint_set *dt_fingerprint_set_create(void);

/* Remember a file the first time, and compare it with what it was then from the second time on. It
 * is opened only the first time and where it has changed.
 *   folder, name  together they stand for the file, wherever it is found
 *   path          where it has been found now
 * DT_ERR_DATA says what happened to it, as "the file has been written anew ...". */
dt_code dt_fingerprint_set_check(dt_fingerprint_set *set, const char *folder, const char *name,
                                 const char *path, dt_error *err);

/* The same of all files, where they were found first. err names the file. */
dt_code dt_fingerprint_set_check_all(const dt_fingerprint_set *set, dt_error *err);

/* Takes NULL. */
void dt_fingerprint_set_destroy(dt_fingerprint_set *set);

#endif
