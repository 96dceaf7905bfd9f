/* Mapped files in memory (tmpfs) that are overwritten many times. Writing to a mapped file only
 * copies the bytes. write() also finds, locks and marks each page again, which takes four times as
 * long. A file is mapped only if all its pages exist, so writing to it cannot fail. Not collective,
 * and for one thread. */
#ifndef DT_FILE_MAPPED_H
#define DT_FILE_MAPPED_H

#include <stdint.h>
#include <sys/types.h>

enum { DT_MAPPED_FILES = 8 };

typedef struct {
    int fd; /* owned */
    dev_t device;
    ino_t inode;
    int64_t size; /* bytes of the mapping */
    char *bytes;  /* the mapping, owned; NULL: this entry has no file */
} dt_mapped_file;

/* A struct of zeros has no files. */
typedef struct {
    dt_mapped_file file[DT_MAPPED_FILES];
    int next; /* the entry that is replaced next */
} dt_mapped;

/* Return the mapped file of this path; NULL if it is not mapped or its size has changed. */
dt_mapped_file *dt_mapped_find(dt_mapped *mapped, const char *path);

/* Map a file that is open for reading and writing, and take ownership of fd. Returns NULL if the
 * file cannot be mapped or mapping it saves no time; then the caller still owns fd. */
dt_mapped_file *dt_mapped_add(dt_mapped *mapped, int fd);

/* Unmap and close one file, all files that were removed from their folder, or all files. */
void dt_mapped_drop(dt_mapped_file *file);
void dt_mapped_drop_removed(dt_mapped *mapped);
void dt_mapped_drop_all(dt_mapped *mapped);

#endif
