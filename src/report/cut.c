#include "report/cut.h"

#include "report/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether an event happened before the cut. */
static bool stays(const char *line, int64_t steps, int64_t epochs, int64_t *last)
{
    json_t *event = json_loads(line, 0, NULL);
    const char *kind = json_string_value(json_object_get(event, "event"));
    bool stay = kind && strcmp(kind, "end") != 0 &&
                json_integer_value(json_object_get(event, "global_step")) <= steps;
    if (stay && strcmp(kind, "start") == 0 && *last < 0)
        *last = 0;
    if (stay && strcmp(kind, "epoch") == 0) {
        int64_t epoch = json_integer_value(json_object_get(event, "epoch"));
        stay = epoch <= epochs;
        *last = stay && epoch > *last ? epoch : *last;
    }
    json_decref(event);
    return stay;
}

static dt_code copy_lines(FILE *from, FILE *to, const char *path, int64_t steps, int64_t epochs,
                          int64_t *last, dt_error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while (!err->code && (length = getline(&line, &room, from)) > 0)
        if (line[length - 1] == '\n' && stays(line, steps, epochs, last) &&
            fwrite(line, 1, (size_t)length, to) != (size_t)length)
            dt_write_failed(err, path);
    if (!err->code && !feof(from))
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    free(line);
    return err->code;
}

/* A file beside the log, with its permissions. */
static FILE *open_beside(const char *path, mode_t mode, char **name)
{
    if (asprintf(name, "%s.tmp.%ld", path, (long)getpid()) < 0) {
        *name = NULL;
        return NULL;
    }
    int fd = open(*name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 0777);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static dt_code replace(FILE *from, const char *path, mode_t mode, int64_t steps, int64_t epochs,
                       int64_t *last, dt_error *err)
{
    char *name;
    FILE *to = open_beside(path, mode, &name);
    if (!to)
        dt_write_failed(err, path);
    else if (!copy_lines(from, to, path, steps, epochs, last, err) &&
             (fflush(to) != 0 || fsync(fileno(to)) != 0))
        dt_write_failed(err, path);
    if (to)
        fclose(to);
    if (!err->code && rename(name, path) != 0)
        dt_write_failed(err, path);
    if (err->code && to)
        unlink(name);
    free(name);
    return err->code;
}

dt_code dt_log_cut(const char *path, int64_t steps, int64_t epochs, int64_t *last, dt_error *err)
{
    struct stat info;
    char *real = realpath(path, NULL); /* a link to a log stays one */
    if (!real && errno == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the log %s", path);
    *last = real || errno != ENOENT ? epochs : -1;
    if (!real || stat(real, &info) != 0 || !S_ISREG(info.st_mode)) {
        free(real);
        return DT_OK;
    }
    *last = -1;
    FILE *from = fopen(real, "re");
    if (!from)
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    else
        replace(from, real, info.st_mode, steps, epochs, last, err);
    if (from)
        fclose(from);
    free(real);
    return err->code;
}
