/* Temporary names of files that a process is writing: PATH.tmp.PID.HOST. The name shows later
 * whether the process still exists. Not collective. */
#ifndef DT_FILE_TEMPORARY_H
#define DT_FILE_TEMPORARY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* Return the temporary name of a file that will get the name `path`. The caller frees it. NULL when
 * memory runs out.
 *   number  0, or a number that distinguishes files of this process for the same path */
char *dt_temporary_name(const char *path, int number);

/* Create a file under a temporary name, for reading and writing.
 *   name  [out] the caller frees it; NULL when memory runs out
 * Returns a file descriptor, or -1 with errno. */
int dt_temporary_open(const char *path, mode_t mode, char **name);

/* Return whether a name is that of a temporary file.
 *   rest  the part of the name after PATH */
bool dt_temporary_is(const char *rest);

/* Return whether no process is writing the file any more. For a process of this host, it checks
 * whether the process exists. For a process of another host, it checks that the file has not
 * changed in the hour before `now`.
 *   rest  the part of the name after PATH */
bool dt_temporary_is_abandoned(const char *rest, const struct stat *info, time_t now);

#endif
