/* Finds and removes the folders of a path. Not collective. */
#ifndef DT_FILE_FOLDER_H
#define DT_FILE_FOLDER_H

#include <stddef.h>

/* Find the first folder of a path that does not exist; the last one is the file itself. Returns the
 * length of its own path, which is a beginning of `path`. 0: everything exists. */
size_t dt_folder_missing(const char *path);

/* Remove a folder if it is empty, and then the folders above it, as long as they are empty and
 * their own paths have at least `min_length` characters. */
void dt_folder_remove_empty(const char *path, size_t min_length);

#endif
