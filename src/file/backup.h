/* A file that is in the way and must not be lost. Not collective. */
#ifndef DT_FILE_BACKUP_H
#define DT_FILE_BACKUP_H

#include <dtrain/status.h>

/* Give a file the name PATH.N, with the first N from 1 on that no file has; a link stays, and what
 * it leads to gets that name beside itself.
 * Returns the new name, to be freed, or NULL after an error. */
char *dt_file_back_up(const char *path, dt_error *err);

#endif
