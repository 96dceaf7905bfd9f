/* Folders that lead to a file. Not collective. */
#ifndef DT_FILE_FOLDER_H
#define DT_FILE_FOLDER_H

#include <stddef.h>

/* How many characters of a path name the first of its folders, or the file, that is not there; 0:
 * all are there. */
size_t dt_folder_missing(const char *path);

/* Remove a folder, and those above it whose names have at least so many characters of the path, as
 * far as they are empty. */
void dt_folder_remove_empty(const char *path, size_t least);

#endif
