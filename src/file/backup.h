/* Renames an existing file, so that its name is free for a new file. Not collective. */
#ifndef DT_FILE_BACKUP_H
#define DT_FILE_BACKUP_H

#include <dtrain/status.h>

/* Rename a file to PATH.N, with the smallest N >= 1 that is free. If path is a link, the link
 * stays, and the file that it points to is renamed. Returns the new name, which the caller frees,
 * or NULL after an error. */
char *dt_file_back_up(const char *path, dt_error *err);

#endif
