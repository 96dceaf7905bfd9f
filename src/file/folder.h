/* The folders that lead to a file. Not collective. */
#ifndef DT_FILE_FOLDER_H
#define DT_FILE_FOLDER_H

#include <stddef.h>

/* Find the first folder of a path, or the file itself, that does not exist. Returns how many
 * characters of the path name it; 0: all exist. */
size_t dt_folder_missing(const char *path);

/* Remove a folder if it is empty, and then the folders above it, as long as they are empty and
 * their names have at least `min_length` characters of the path. */
void dt_folder_remove_empty(const char *path, size_t min_length);

#endif
