#include "file/witness.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    BLOCK_BYTES = 4096,
    HARMLESS = 2, /* blocks: a file's head, and where something was added */
};

/* The first block is at the file's begin, the last one at its end. What cannot be read is 0. */
static uint64_t hash_block(int fd, int64_t size, int i)
{
    char block[BLOCK_BYTES];
    int64_t n = size / DT_WITNESS_BLOCKS < BLOCK_BYTES ? size / DT_WITNESS_BLOCKS : BLOCK_BYTES;
    int64_t at = (size - n) / (DT_WITNESS_BLOCKS - 1) * i;
    ssize_t got = pread(fd, block, (size_t)n, (off_t)at);
    return got == n ? XXH3_64bits(block, (size_t)n) : 0;
}

void dt_witness_take(dt_witness *w, int fd)
{
    struct stat info = {0};
    *w = (dt_witness){.size = 0};
    if (fstat(fd, &info) < 0)
        return;
    w->size = (int64_t)info.st_size;
    w->changed = info.st_mtim;
    for (int i = 0; i < DT_WITNESS_BLOCKS; i++)
        w->hash[i] = hash_block(fd, w->size, i);
}

const char *dt_witness_ask(const dt_witness *w, int fd)
{
    struct stat info;
    int others = 0;
    if (fstat(fd, &info) < 0)
        return NULL;
    if ((int64_t)info.st_size < w->size)
        return "the file has been cut short since it was opened";
    if (info.st_mtim.tv_sec == w->changed.tv_sec && info.st_mtim.tv_nsec == w->changed.tv_nsec)
        return NULL;
    for (int i = 0; i < DT_WITNESS_BLOCKS; i++)
        others += hash_block(fd, w->size, i) != w->hash[i];
    return others > HARMLESS ? "the file has been written anew since it was opened" : NULL;
}
