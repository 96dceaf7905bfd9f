#include "data/import/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GZ_BUFFER = 1 << 17, READ_MOST = 1 << 30 /* gzread counts in int */ };

dt_code dt_input_open(dt_input *source, const char *path, dt_error *err)
{
    *source = (dt_input){.path = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return dt_fail(err, DT_ERR_FILE, "%s: is a folder, not a file", path);
    }
    source->file = gzdopen(fd, "rb");
    if (!source->file) {
        close(fd);
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    }
    gzbuffer(source->file, GZ_BUFFER);
    return DT_OK;
}

static dt_code read_failed(const dt_input *source, dt_error *err)
{
    int code = Z_OK;
    gzerror(source->file, &code);
    switch (code) {
    case Z_ERRNO:
        return dt_fail(err, DT_ERR_FILE, "%s: cannot be read (%s)", source->path, strerror(errno));
    case Z_MEM_ERROR:
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", source->path);
    case Z_BUF_ERROR:
        return dt_fail(err, DT_ERR_DATA, "%s: cut short: its gzip stream ends early", source->path);
    default:
        return dt_fail(err, DT_ERR_DATA, "%s: its gzip stream is damaged", source->path);
    }
}

dt_code dt_input_read(dt_input *source, void *data, int64_t n, int64_t *got, dt_error *err)
{
    *got = 0;
    while (*got < n) {
        int64_t left = n - *got;
        unsigned ask = (unsigned)(left < READ_MOST ? left : READ_MOST);
        int count = gzread(source->file, (char *)data + *got, ask);
        if (count < 0)
            return read_failed(source, err);
        *got += count;
        source->offset += count;
        if ((unsigned)count < ask)
            break;
    }
    int code = Z_OK; /* a stream cut short gives what it has and only notes the error */
    gzerror(source->file, &code);
    if (*got < n && code != Z_OK)
        return read_failed(source, err);
    return DT_OK;
}

int64_t dt_input_size(const dt_input *source)
{
    struct stat st;
    if (!gzdirect(source->file) || stat(source->path, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    return (int64_t)st.st_size;
}

dt_code dt_input_seek(dt_input *source, int64_t offset, dt_error *err)
{
    if (offset == source->offset) /* a real seek would throw zlib's buffer away */
        return DT_OK;
    gzclearerr(source->file);
    if (gzseek(source->file, (z_off_t)offset, SEEK_SET) < 0)
        return dt_fail(err, DT_ERR_FILE,
                       "%s: cannot be read out of order (a pipe?); store it as a file first",
                       source->path);
    source->offset = offset;
    return DT_OK;
}

void dt_input_close(dt_input *source)
{
    if (source->file)
        gzclose(source->file);
    source->file = NULL;
}
