/* Keeps a file that is in the way under another name. Not collective. */
#ifndef DT_FILE_BACKUP_H
#define DT_FILE_BACKUP_H

#include <dtrain/status.h>

/* Rename a file to PATH.N, with the smallest N from 1 on that no file has. If path is a link, the
 * link stays, and the file that it leads to is renamed. Returns the new name, to be freed, or NULL
 * after an error. */
char *dt_file_back_up(const char *path, dt_error *err);

#endif
