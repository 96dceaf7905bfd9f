/* Whether a file still is what it was. A data set that is streamed for hours may be written
 * anew by somebody meanwhile; its rows would then come from two files. The time of its last change
 * alone does not tell: it changes too where an attribute or another dataset is added, which harms
 * nobody. So some blocks all over the file are remembered by their hashes. Not collective; a
 * fingerprint that has been taken may be asked by several threads. */
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

/* Remember an open file. */
void dt_fingerprint_take(dt_fingerprint *fingerprint, int fd);

/* Nothing at all happened to the file since: no need to ask. */
bool dt_fingerprint_is_unchanged(const dt_fingerprint *fingerprint, const struct stat *info);

/* What happened to the file since, as "the file has been cut short ..."; NULL: nothing that
 * matters. The descriptor may be another one, of a file that may have taken its place. */
const char *dt_fingerprint_compare(const dt_fingerprint *fingerprint, int fd);

#endif
