#include "file/resolve_link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINKS = 40 }; /* as many as the kernel follows */

char *dt_file_resolve_links(const char *path)
{
    char target[PATH_MAX];
    char *now = strdup(path);
    for (int i = 0; i < LINKS && now; i++) {
        ssize_t n = readlink(now, target, sizeof target - 1);
        if (n <= 0)
            return now; /* no link: the file, or where it will be */
        target[n] = '\0';
        char *slash = strrchr(now, '/'), *next = NULL;
        int folder = target[0] != '/' && slash ? (int)(slash - now) + 1 : 0;
        if (asprintf(&next, "%.*s%s", folder, now, target) < 0)
            next = NULL;
        free(now);
        now = next;
    }
    errno = now ? ELOOP : ENOMEM;
    free(now);
    return NULL;
}
