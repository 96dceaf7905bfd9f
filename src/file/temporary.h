/* Temporary names of files that a process is writing: PATH.tmp.PID.HOST. By the name one can tell
 * later whether the process still exists. Not collective. */
#ifndef DT_FILE_TEMPORARY_H
#define DT_FILE_TEMPORARY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* The temporary name of a file that will be called path; to be freed; NULL when memory runs out.
 *   number  0, or a number that distinguishes files of this process for the same path */
char *dt_temporary_name(const char *path, int number);

/* Create a file under a temporary name, for reading and writing.
 *   name  [out] to be freed; NULL when memory runs out
 * Returns a file descriptor, or -1 with errno. */
int dt_temporary_open(const char *path, mode_t mode, char **name);

/* Whether the rest of a name, behind the path, is that of a temporary file. */
bool dt_temporary_is(const char *rest);

/* Whether no process is writing the file any more. On this host the process itself tells it; of a
 * process on another host, the file must not have changed for an hour before `now`. */
bool dt_temporary_is_abandoned(const char *rest, const struct stat *info, time_t now);

#endif
