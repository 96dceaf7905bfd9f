#include "report/log_file.h"

#include "core/memory.h"
#include "file/folder.h"
#include "file/lock.h"
#include "report/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

/* ---- Opening -------------------------------------------------------------------------------- */

/* The number of the standard stream that is this file already (--log /dev/stdout), or -1. */
static int find_stream(const struct stat *info)
{
    struct stat stream;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &stream) == 0 && stream.st_dev == info->st_dev &&
            stream.st_ino == info->st_ino)
            return fd;
    return -1;
}

/* Whether a file with something in it is a log: each begins with its first event, as report/log.c
 * writes it; of a run in which nothing was left to do that is its end. A slip in --log would
 * otherwise cost a data set, or another program's JSON. */
static dt_code check_is_log(const char *path, int file, dt_error *err)
{
    static const char *const starts[] = {"{\"event\":\"start\",\"ranks\":",
                                         "{\"event\":\"end\",\"status\":"};
    char first[32] = "";
    ssize_t got = pread(file, first, sizeof first - 1, 0);
    for (size_t i = 0; got > 0 && i < sizeof starts / sizeof *starts; i++)
        if (strncmp(first, starts[i], strlen(starts[i])) == 0)
            return DT_OK;
    return dt_fail(err, DT_ERR_FILE, "%s: exists and is no log; it is left as it is", path);
}

dt_code dt_log_file_inspect(const char *path, bool *has_lines, dt_error *err)
{
    struct stat info;
    *has_lines = false;
    if (stat(path, &info) || !S_ISREG(info.st_mode) || info.st_size == 0 || find_stream(&info) >= 0)
        return DT_OK;
    *has_lines = true;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    check_is_log(path, file, err);
    close(file);
    return err->code;
}

/* errno is ENOENT. */
static dt_code refuse_missing(const char *path, dt_error *err)
{
    int missing = (int)dt_folder_missing(path);
    if (missing == 0 || path[missing] == '\0') /* a link to nowhere, perhaps */
        return errno = ENOENT, dt_write_failed(err, path);
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be written: there is no folder %.*s", path,
                   missing, path);
}

static dt_code open_regular(dt_log_file *f, dt_error *err)
{
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY;
    struct stat info, now;
    f->file = open(f->path, flags | O_CREAT | O_EXCL, 0666);
    f->made = f->file >= 0;
    if (f->file < 0 && errno == EEXIST) /* or a link to a file that is not there yet */
        f->file = open(f->path, flags | O_CREAT, 0666);
    if (f->file < 0 && errno == ENOENT)
        return refuse_missing(f->path, err);
    if (f->file < 0 || fstat(f->file, &info) != 0)
        return dt_write_failed(err, f->path);
    if (dt_file_lock(f->file) == EAGAIN) {
        f->made = false; /* it is the other's now */
        return dt_fail(err, DT_ERR_FILE, "%s: in use by another run, which writes its log there",
                       f->path);
    }
    if (stat(f->path, &now) != 0 || now.st_dev != info.st_dev || now.st_ino != info.st_ino) {
        f->made = false;
        return dt_fail(err, DT_ERR_FILE, "%s: was removed by another run while it was opened",
                       f->path);
    }
    f->regular = true;
    f->end = (int64_t)info.st_size;
    return f->end > 0 ? check_is_log(f->path, f->file, err) : DT_OK;
}

/* A pipe that nobody reads would be waited for without an end. */
static dt_code open_special(dt_log_file *f, dt_error *err)
{
    f->file = open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (f->file < 0 && errno == ENXIO)
        return dt_fail(err, DT_ERR_FILE, "%s: is a pipe or a device that no process reads",
                       f->path);
    if (f->file < 0)
        return dt_write_failed(err, f->path);
    fcntl(f->file, F_SETFL, fcntl(f->file, F_GETFL) & ~O_NONBLOCK);
    return DT_OK;
}

dt_code dt_log_file_open(dt_log_file *f, const char *path, dt_error *err)
{
    struct stat info;
    *f = (dt_log_file){.path = path, .file = -1};
    f->buffer = dt_alloc(BUFFER, 1, "the log", err);
    if (err->code)
        return err->code;
    bool there = stat(path, &info) == 0;
    int stream = there ? find_stream(&info) : -1;
    if (stream >= 0)
        f->file = fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (stream >= 0 && f->file < 0)
        dt_write_failed(err, path);
    else if (stream < 0)
        (there && !S_ISREG(info.st_mode) ? open_special : open_regular)(f, err);
    if (err->code)
        dt_log_file_close(f, &(dt_error){.code = err->code});
    else
        f->open = true;
    return err->code;
}

bool dt_log_file_has_lines(const dt_log_file *f)
{
    return f->regular && f->end > 0;
}

dt_code dt_log_file_empty(dt_log_file *f, dt_error *err)
{
    if (f->regular && ftruncate(f->file, 0) != 0)
        return dt_write_failed(err, f->path);
    f->end = 0;
    return DT_OK;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* Returns how many bytes went out; fewer than n: errno says why. */
static size_t write_out(int file, const char *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t now = write(file, bytes + done, n - done);
        if (now >= 0)
            done += (size_t)now;
        else if (errno == EAGAIN) /* the program was given a stream that does not wait */
            poll(&(struct pollfd){.fd = file, .events = POLLOUT}, 1, 1000);
        else if (errno != EINTR)
            break;
    }
    return done;
}

/* Write lines; if the last of them does not fit, nothing of it stays in a file. */
static dt_code write_lines(dt_log_file *f, const char *lines, size_t n, dt_error *err)
{
    if (err->code || n == 0)
        return err->code;
    size_t done = write_out(f->file, lines, n);
    if (done == n) {
        f->end += (int64_t)n;
        return DT_OK;
    }
    dt_write_failed(err, f->path);
    while (done > 0 && lines[done - 1] != '\n')
        done--;
    f->end += (int64_t)done;
    if (f->regular && ftruncate(f->file, (off_t)f->end) != 0)
        return err->code; /* nothing better is to be had */
    return err->code;
}

dt_code dt_log_file_flush(dt_log_file *f, dt_error *err)
{
    size_t n = f->used;
    f->used = 0;
    return write_lines(f, f->buffer, n, err);
}

dt_code dt_log_file_append(dt_log_file *f, const char *line, size_t n, dt_error *err)
{
    if (f->used + n > BUFFER && dt_log_file_flush(f, err))
        return err->code;
    if (n > BUFFER)
        return write_lines(f, line, n, err);
    memcpy(f->buffer + f->used, line, n);
    f->used += n;
    return err->code;
}

dt_code dt_log_file_sync(const dt_log_file *f, dt_error *err)
{
    if (!f->open || fsync(f->file) == 0 || errno == EINVAL || errno == EROFS)
        return DT_OK; /* no log, on the disk, or none that has one */
    return dt_write_failed(err, f->path);
}

dt_code dt_log_file_close(dt_log_file *f, dt_error *err)
{
    if (f->open)
        dt_log_file_flush(f, err);
    if (f->file >= 0 && f->buffer && close(f->file) != 0)
        dt_write_failed(err, f->path);
    if (f->made && f->end == 0)
        unlink(f->path);
    free(f->buffer);
    *f = (dt_log_file){0};
    return err->code;
}
