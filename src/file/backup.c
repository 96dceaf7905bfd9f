#include "file/backup.h"

#include "core/file_error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_NUMBER = 10000 };

/* Rename, but never onto another file. Returns 0 or an errno, EEXIST. */
static int rename_new(const char *from, const char *to)
{
    struct stat info;
    if (link(from, to) == 0)
        return unlink(from) == 0 ? 0 : errno;
    if (errno == EEXIST || lstat(to, &info) == 0)
        return EEXIST;
    return rename(from, to) == 0 ? 0 : errno; /* a file system without links */
}

char *dt_file_back_up(const char *path, dt_error *err)
{
    struct stat info;
    bool is_link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    char *real = is_link ? realpath(path, NULL) : strdup(path), *name = NULL;
    int number = real ? EEXIST : errno;
    for (int i = 1; i < MAX_NUMBER && number == EEXIST; i++) {
        free(name);
        number = asprintf(&name, "%s.%d", real, i) < 0 ? ENOMEM : rename_new(real, name);
        if (number == ENOMEM)
            name = NULL;
    }
    free(real);
    if (!number)
        return name;
    free(name);
    dt_fail(err, dt_file_error(number), "%s: cannot be kept under another name: %s", path,
            strerror(number));
    return NULL;
}
