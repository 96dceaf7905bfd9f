#include "file/fingerprint.h"

#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    BLOCK_BYTES = 4096,
    HARMLESS = 2, /* blocks: a file's head, and where something was added */
};

/* The first block is at the file's begin, the last one at its end. What cannot be read is 0. */
static uint32_t hash_block(int fd, int64_t size, int i)
{
    char block[BLOCK_BYTES];
    int64_t n =
        size / DT_FINGERPRINT_BLOCKS < BLOCK_BYTES ? size / DT_FINGERPRINT_BLOCKS : BLOCK_BYTES;
    int64_t at = (size - n) / (DT_FINGERPRINT_BLOCKS - 1) * i;
    ssize_t got = pread(fd, block, (size_t)n, (off_t)at);
    return got == n ? (uint32_t)XXH3_64bits(block, (size_t)n) : 0;
}

void dt_fingerprint_take(dt_fingerprint *w, int fd)
{
    struct stat info = {0};
    *w = (dt_fingerprint){.size = 0};
    if (fstat(fd, &info) < 0)
        return;
    w->size = (int64_t)info.st_size;
    w->changed = info.st_mtim;
    w->device = info.st_dev;
    w->inode = info.st_ino;
    for (int i = 0; i < DT_FINGERPRINT_BLOCKS; i++)
        w->hash[i] = hash_block(fd, w->size, i);
}

static bool is_same_time(const dt_fingerprint *w, const struct stat *info)
{
    return info->st_mtim.tv_sec == w->changed.tv_sec && info->st_mtim.tv_nsec == w->changed.tv_nsec;
}

/* A file system that was mounted anew may have other numbers for the same file. */
static bool is_same_inode(const dt_fingerprint *w, const struct stat *info)
{
    return info->st_dev == w->device && info->st_ino == w->inode;
}

bool dt_fingerprint_is_unchanged(const dt_fingerprint *w, const struct stat *info)
{
    return (int64_t)info->st_size >= w->size && is_same_time(w, info) && is_same_inode(w, info);
}

/* A file with another inode is the same only as a copy: with the time of its original, its size,
 * and all blocks equal. */
const char *dt_fingerprint_compare(const dt_fingerprint *w, int fd)
{
    struct stat info;
    int others = 0;
    if (fstat(fd, &info) < 0)
        return NULL;
    if ((int64_t)info.st_size < w->size)
        return "the file has been cut short since it was opened";
    if (dt_fingerprint_is_unchanged(w, &info))
        return NULL;
    bool same_file = is_same_inode(w, &info);
    if (!same_file && (!is_same_time(w, &info) || (int64_t)info.st_size != w->size))
        return "another file has taken the place of the file since it was opened";
    for (int i = 0; i < DT_FINGERPRINT_BLOCKS; i++)
        others += hash_block(fd, w->size, i) != w->hash[i];
    return others > (same_file ? HARMLESS : 0)
               ? "the file has been written anew since it was opened"
               : NULL;
}
