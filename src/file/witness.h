/* Whether a file still is what it was. A data set that is streamed for hours may be written
 * anew by somebody meanwhile; its rows would then come from two files. The time of its last change
 * alone does not tell: it changes too where an attribute or another dataset is added, which harms
 * nobody. So some blocks all over the file are remembered by their hashes. Not collective; a
 * witness that has been taken may be asked by several threads. */
#ifndef DT_FILE_WITNESS_H
#define DT_FILE_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

enum { DT_WITNESS_BLOCKS = 8 };

typedef struct {
    int64_t size;
    struct timespec changed;
    dev_t device;
    ino_t inode;
    uint32_t hash[DT_WITNESS_BLOCKS];
} dt_witness;

/* Remember an open file. */
void dt_witness_take(dt_witness *witness, int fd);

/* Nothing at all happened to the file since: no need to ask. */
bool dt_witness_is_same(const dt_witness *witness, const struct stat *info);

/* What happened to the file since, as "the file has been cut short ..."; NULL: nothing that
 * matters. The descriptor may be another one, of a file that may have taken its place. */
const char *dt_witness_ask(const dt_witness *witness, int fd);

#endif
