/* Mapped files in memory (tmpfs), which are overwritten again and again. To write into a mapped
 * file costs a copy of the bytes; write() also finds, locks and marks each page anew, which takes
 * four times as long. Only files whose pages all exist are mapped, so no page can be missing when
 * it is written. For one thread. */
#ifndef DT_FILE_MAPPED_H
#define DT_FILE_MAPPED_H

#include <stdint.h>
#include <sys/types.h>

enum { DT_MAPPED_FILES = 8 };

typedef struct {
    int fd; /* owned, as is the mapping */
    dev_t device;
    ino_t inode;
    int64_t size; /* of the mapping */
    char *bytes;  /* NULL: this entry has no file */
} dt_mapped_file;

/* All zero: no files. */
typedef struct {
    dt_mapped_file file[DT_MAPPED_FILES];
    int next; /* the entry that is unmapped next */
} dt_mapped;

/* The mapped file of this path; NULL if it is not mapped or its size has changed. */
dt_mapped_file *dt_mapped_find(dt_mapped *mapped, const char *path);

/* Map a file that is open for reading and writing. NULL if it is not possible or does not pay; fd
 * then stays the caller's. */
dt_mapped_file *dt_mapped_add(dt_mapped *mapped, int fd);

/* Unmap and close one file, the files that were removed from their folder, or all. */
void dt_mapped_drop(dt_mapped_file *file);
void dt_mapped_drop_removed(dt_mapped *mapped);
void dt_mapped_drop_all(dt_mapped *mapped);

#endif
