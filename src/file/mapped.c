#include "file/mapped.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BLOCK = 512 }; /* bytes, of st_blocks */

/* Whether all of its pages are there. */
static bool has_pages(const struct stat *info)
{
    return info->st_size > 0 && info->st_blocks * BLOCK >= info->st_size;
}

dt_mapped_file *dt_mapped_find(dt_mapped *m, const char *path)
{
    struct stat info;
    if (lstat(path, &info))
        return NULL;
    for (int i = 0; i < DT_MAPPED_FILES; i++) {
        dt_mapped_file *f = &m->file[i];
        if (!f->bytes || f->device != info.st_dev || f->inode != info.st_ino)
            continue;
        if (f->size == (int64_t)info.st_size && has_pages(&info))
            return f;
        dt_mapped_drop(f);
    }
    return NULL;
}

static bool is_in_memory(int fd)
{
    struct statfs system;
    return fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

dt_mapped_file *dt_mapped_add(dt_mapped *m, int fd)
{
    struct stat info;
    if (!is_in_memory(fd) || fstat(fd, &info) || !has_pages(&info))
        return NULL;
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    dt_mapped_file *f = &m->file[m->next];
    m->next = (m->next + 1) % DT_MAPPED_FILES;
    dt_mapped_drop(f);
    *f = (dt_mapped_file){.fd = fd,
                          .device = info.st_dev,
                          .inode = info.st_ino,
                          .size = (int64_t)info.st_size,
                          .bytes = bytes};
    return f;
}

void dt_mapped_drop(dt_mapped_file *f)
{
    if (!f->bytes)
        return;
    munmap(f->bytes, (size_t)f->size);
    close(f->fd);
    *f = (dt_mapped_file){0};
}

void dt_mapped_drop_removed(dt_mapped *m)
{
    struct stat info;
    for (int i = 0; i < DT_MAPPED_FILES; i++)
        if (m->file[i].bytes && (fstat(m->file[i].fd, &info) || info.st_nlink == 0))
            dt_mapped_drop(&m->file[i]);
}

void dt_mapped_drop_all(dt_mapped *m)
{
    for (int i = 0; i < DT_MAPPED_FILES; i++)
        dt_mapped_drop(&m->file[i]);
}
