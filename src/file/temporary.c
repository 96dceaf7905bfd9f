#include "file/temporary.h"

#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOST = 33,          /* bytes of a host's name that go into a file's, with the zero */
    TRIES = 100,        /* processes of one number: in containers */
    LONG_AGO = 60 * 60, /* seconds */
};

static const char mark[] = ".tmp.";

/* The host's name, as far as it can stand in a file's name. */
static void get_host(char host[HOST])
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !name[0])
        strcpy(name, "host");
    name[HOST - 1] = '\0';
    for (char *c = name; *c; c++)
        if (*c == '/' || *c == '.')
            *c = '-';
    strcpy(host, name);
}

char *dt_temporary_name(const char *path, int number)
{
    char host[HOST], *name = NULL, count[16] = "";
    get_host(host);
    if (number > 0)
        snprintf(count, sizeof count, ".%d", number);
    return asprintf(&name, "%s%s%ld.%s%s", path, mark, (long)getpid(), host, count) < 0 ? NULL
                                                                                        : name;
}

int dt_temporary_open(const char *path, mode_t mode, char **name)
{
    *name = NULL;
    errno = ENOMEM;
    for (int i = 0; i < TRIES; i++) {
        free(*name);
        *name = dt_temporary_name(path, i);
        if (!*name)
            return -1;
        int fd = open(*name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

bool dt_temporary_is(const char *rest)
{
    if (strncmp(rest, mark, sizeof mark - 1) != 0)
        return false;
    rest += sizeof mark - 1;
    size_t digits = strspn(rest, "0123456789");
    return digits > 0 && digits < 20 && (rest[digits] == '\0' || rest[digits] == '.');
}

/* Whether the name says that the file is of this host, as names without a host do. */
static bool is_of_here(const char *behind)
{
    char host[HOST];
    get_host(host);
    size_t length = strlen(host);
    return *behind == '\0' || (strncmp(behind + 1, host, length) == 0 &&
                               (behind[1 + length] == '\0' || behind[1 + length] == '.'));
}

bool dt_temporary_is_abandoned(const char *rest, const struct stat *info, time_t now)
{
    char *behind;
    long process = strtol(rest + sizeof mark - 1, &behind, 10);
    if (info->st_mtime <= now - LONG_AGO)
        return true; /* the number may be another process's by now */
    return is_of_here(behind) && (process == getpid() || !dt_process_lives(process));
}
