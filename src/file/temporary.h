/* The names of files that a process is writing: PATH.tmp.PID.HOST, so that it can be told later
 * whether their writer is still there. Not collective. */
#ifndef DT_FILE_TEMPORARY_H
#define DT_FILE_TEMPORARY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* Such a name for a file that will be called path; to be freed, NULL when memory runs out.
 *   number  0, or what tells it from others of this process for the same path */
char *dt_temporary_name(const char *path, int number);

/* Open a new file under such a name, for reading and writing.
 *   name  [out] to be freed; NULL when memory runs out
 * Returns a file descriptor, or -1 with errno. */
int dt_temporary_open(const char *path, mode_t mode, char **name);

/* Whether the rest of a name, behind the path, is that of such a file. */
bool dt_temporary_is(const char *rest);

/* Whether nobody is writing it any more: its process is no other one of this host, or it has not
 * changed for an hour before now, which alone tells of a process of another host. */
bool dt_temporary_is_abandoned(const char *rest, const struct stat *info, time_t now);

#endif
