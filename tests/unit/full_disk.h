/* A disk that fills up: writes that fail with ENOSPC from the nth on. One file of a test program
 * includes it; free_disk is then the tests' teardown. */
#ifndef TESTS_UNIT_FULL_DISK_H
#define TESTS_UNIT_FULL_DISK_H

#include "unit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* These stand before the C library's own, also in HDF5's eyes. The disk is the one of the folder.
 */
static long writes_left = LONG_MAX; /* until the disk is full */
static int reserve_error;           /* errno of fallocate; 0: it works */

static inline bool disk_is_full(int fd)
{
    struct stat disk, file;
    if (stat(".", &disk) < 0 || fstat(fd, &file) < 0 || file.st_dev != disk.st_dev)
        return false;
    return writes_left-- <= 0;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    if (disk_is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, n, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t n)
{
    if (reserve_error) {
        errno = reserve_error;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, n);
}

int fsync(int fd)
{
    if (disk_is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static inline int free_disk(void **state)
{
    writes_left = LONG_MAX;
    reserve_error = 0;
    return empty_folder(state);
}

#endif
