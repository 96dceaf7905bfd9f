/* A fingerprint of a file tells whether the file changed. A data set that is streamed for hours may
 * be written anew meanwhile; its rows would then come from two files. The time of the last change
 * does not suffice: it also changes when an attribute or another dataset is added, which does no
 * harm. So the fingerprint has the hashes of some blocks all over the file. Not collective; several
 * threads may compare with one fingerprint at the same time. */
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

/* Whether the file was not touched at all since then, so that there is nothing to compare. */
bool dt_fingerprint_is_unchanged(const dt_fingerprint *fingerprint, const struct stat *info);

/* Compare a file with the fingerprint. Returns what happened to it since, as "the file has been cut
 * short ..."; NULL: nothing that matters. The descriptor may be of another file that has taken its
 * place. */
const char *dt_fingerprint_compare(const dt_fingerprint *fingerprint, int fd);

#endif
