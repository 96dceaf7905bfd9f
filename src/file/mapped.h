/* Files in memory (tmpfs) that are written over again and again. What is written into a mapped one
 * costs its copy; a write() finds, locks and marks each page anew, which is four times as much.
 * Only files whose pages are all there are mapped, of which nothing can be missing when it is
 * written. For one thread. */
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
    char *bytes;  /* NULL: there is no file here */
} dt_mapped_file;

/* All zero: there are none. */
typedef struct {
    dt_mapped_file file[DT_MAPPED_FILES];
    int next; /* to be given up */
} dt_mapped;

/* The file of this path, if it is mapped and has the size that it had then; else NULL. */
dt_mapped_file *dt_mapped_find(dt_mapped *mapped, const char *path);

/* Map a file that is open for reading and writing. NULL, and fd stays the caller's, where that
 * cannot be or does not pay. */
dt_mapped_file *dt_mapped_add(dt_mapped *mapped, int fd);

/* Give up one, those that have been removed from their folder, or all. */
void dt_mapped_drop(dt_mapped_file *file);
void dt_mapped_drop_removed(dt_mapped *mapped);
void dt_mapped_drop_all(dt_mapped *mapped);

#endif
