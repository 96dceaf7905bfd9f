/* Whether an open file still is what it was. A data set that is streamed for hours may be written
 * anew by somebody meanwhile; its rows would then come from two files. The time of its last change
 * alone does not tell: it changes too where an attribute or another dataset is added, which harms
 * nobody. So some blocks all over the file are remembered by their hashes. Not collective; a
 * witness that has been taken may be asked by several threads. */
#ifndef DT_FILE_WITNESS_H
#define DT_FILE_WITNESS_H

#include <stdint.h>
#include <time.h>

enum { DT_WITNESS_BLOCKS = 8 };

typedef struct {
    int64_t size;
    struct timespec changed;
    uint64_t hash[DT_WITNESS_BLOCKS];
} dt_witness;

/* Remember an open file. */
void dt_witness_take(dt_witness *witness, int fd);

/* What happened to the file since, as "it has been cut short ..."; NULL: nothing that matters. */
const char *dt_witness_ask(const dt_witness *witness, int fd);

#endif
