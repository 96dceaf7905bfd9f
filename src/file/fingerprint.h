/* A fingerprint of a file tells whether the file has changed. If a data set is replaced while a run
 * streams it for hours, the rows of the run come from two different files. The time of the last
 * change is not enough: it also changes when an attribute or another dataset is added, which does
 * no harm. So the fingerprint has the hashes of some blocks that are spread over the file. Not
 * collective. Several threads may compare with one fingerprint at the same time. */
#ifndef DT_FILE_FINGERPRINT_H
#define DT_FILE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

enum { DT_FINGERPRINT_BLOCKS = 8 };

typedef struct {
    int64_t size;
    struct timespec changed;
    dev_t device;
    ino_t inode;
    uint32_t hash[DT_FINGERPRINT_BLOCKS];
} dt_fingerprint;

/* Take the fingerprint of an open file. */
void dt_fingerprint_take(dt_fingerprint *fingerprint, int fd);

/* Return whether the file has not been changed at all since the fingerprint was taken: it is the
 * same file, has the same time of change, and is not shorter. Then the hashes need no comparison.
 * */
bool dt_fingerprint_is_unchanged(const dt_fingerprint *fingerprint, const struct stat *info);

/* Compare a file with the fingerprint. Returns a description of the change, like "the file has been
 * cut short ...", or NULL if the data has not changed. The descriptor may belong to another file
 * that has replaced the first one. */
const char *dt_fingerprint_compare(const dt_fingerprint *fingerprint, int fd);

#endif
