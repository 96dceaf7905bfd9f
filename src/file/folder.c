#include "file/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t dt_folder_missing(const char *path)
{
    struct stat info;
    size_t missing = 0, length = strlen(path);
    char *part = strdup(path);
    for (size_t n = 1; part && n <= length && !missing; n++) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        part[n] = '\0';
        if (stat(part, &info) != 0 && errno == ENOENT)
            missing = n;
        part[n] = path[n];
    }
    free(part);
    return missing;
}

void dt_folder_remove_empty(const char *path, size_t min_length)
{
    char *part = strdup(path);
    for (size_t n = strlen(path); part && n >= min_length && n > 0; n--) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        part[n] = '\0';
        if (part[n - 1] != '/' && rmdir(part) != 0)
            break;
    }
    free(part);
}
