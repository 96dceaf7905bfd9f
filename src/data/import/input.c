#include "data/import/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER = 1 << 17,
    MAX_READ = 1 << 30,  /* bytes; zlib counts in unsigned int */
    GZIP_ONLY = 16 + 15, /* inflateInit2: gzip's header and the largest window */
};

/* ---- Bytes of the file as it is ------------------------------------------------------------- */

static dt_code read_some(dt_input *s, void *data, int64_t n, int64_t *got, dt_error *err)
{
    ssize_t count;
    do
        count = read(s->fd, data, (size_t)(n < MAX_READ ? n : MAX_READ));
    while (count < 0 && errno == EINTR);
    *got = count > 0 ? count : 0;
    s->at_end = count == 0;
    if (count < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: cannot be read (%s)", s->path, strerror(errno));
    return DT_OK;
}

/* Have at least n bytes in the buffer, if the file has them. */
static dt_code fill_buffer(dt_input *s, int64_t n, dt_error *err)
{
    if (s->at > 0) {
        memmove(s->buffer, s->buffer + s->at, (size_t)(s->have - s->at));
        s->have -= s->at;
        s->at = 0;
    }
    while (s->have < n && !s->at_end) {
        int64_t got;
        if (read_some(s, s->buffer + s->have, BUFFER - s->have, &got, err))
            return err->code;
        s->have += got;
    }
    return DT_OK;
}

static bool member_follows(const dt_input *s)
{
    const unsigned char *next = s->buffer + s->at;
    return s->have - s->at >= 2 && next[0] == 0x1f && next[1] == 0x8b;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static dt_code find_packing(dt_input *s, dt_error *err)
{
    if (fill_buffer(s, 2, err))
        return err->code;
    s->is_packed = s->in_member = member_follows(s);
    if (s->is_packed && inflateInit2(&s->stream, GZIP_ONLY) != Z_OK) {
        s->is_packed = false;
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", s->path);
    }
    return DT_OK;
}

dt_code dt_input_open(dt_input *source, const char *path, dt_error *err)
{
    *source = (dt_input){.path = path};
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: %s", path, strerror(errno));
    source->is_open = true;
    struct stat st;
    if (fstat(source->fd, &st) == 0 && S_ISDIR(st.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: is a folder, not a file", path);
    source->buffer = malloc(BUFFER);
    if (!source->buffer)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    return find_packing(source, err);
}

void dt_input_close(dt_input *source)
{
    if (source->is_packed)
        inflateEnd(&source->stream);
    if (source->is_open)
        close(source->fd);
    free(source->buffer);
    source->is_packed = source->is_open = false;
    source->buffer = NULL;
}

/* ---- gzip ----------------------------------------------------------------------------------- */

/* Behind a member comes another one, or zeros up to the end: tapes and blocks are filled up so. */
static dt_code end_member(dt_input *s, dt_error *err)
{
    if (fill_buffer(s, 2, err))
        return err->code;
    s->in_member = member_follows(s);
    if (s->in_member) {
        inflateReset(&s->stream);
        return DT_OK;
    }
    do {
        for (; s->at < s->have; s->at++)
            if (s->buffer[s->at] != 0)
                return dt_fail(err, DT_ERR_DATA,
                               "%s: its gzip stream is damaged: other bytes follow where it could "
                               "end or a further part begin",
                               s->path);
        if (fill_buffer(s, 1, err))
            return err->code;
    } while (s->have > 0);
    return DT_OK;
}

static dt_code unpack_bytes(dt_input *s, void *data, int64_t n, int64_t *got, dt_error *err)
{
    *got = 0;
    while (*got < n && s->in_member) {
        if (s->at == s->have && fill_buffer(s, 1, err))
            return err->code;
        int64_t capacity = n - *got < MAX_READ ? n - *got : MAX_READ;
        s->stream.next_in = s->buffer + s->at;
        s->stream.avail_in = (unsigned)(s->have - s->at);
        s->stream.next_out = (unsigned char *)data + *got;
        s->stream.avail_out = (unsigned)capacity;
        if (s->stream.avail_in == 0)
            return dt_fail(err, DT_ERR_DATA, "%s: cut short: its gzip stream ends early", s->path);
        int code = inflate(&s->stream, Z_NO_FLUSH);
        s->at = s->have - s->stream.avail_in;
        *got += capacity - s->stream.avail_out;
        if (code == Z_MEM_ERROR)
            return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", s->path);
        if (code != Z_OK && code != Z_STREAM_END)
            return dt_fail(err, DT_ERR_DATA, "%s: its gzip stream is damaged", s->path);
        if (code == Z_STREAM_END && end_member(s, err))
            return err->code;
    }
    return DT_OK;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* A plain file: first what the buffer has, then straight to where it is wanted. */
static dt_code read_plain(dt_input *s, void *data, int64_t n, int64_t *got, dt_error *err)
{
    *got = s->have - s->at < n ? s->have - s->at : n;
    memcpy(data, s->buffer + s->at, (size_t)*got);
    s->at += *got;
    for (int64_t count; *got < n && !s->at_end; *got += count)
        if (read_some(s, (char *)data + *got, n - *got, &count, err))
            return err->code;
    return DT_OK;
}

dt_code dt_input_read(dt_input *source, void *data, int64_t n, int64_t *got, dt_error *err)
{
    dt_code code = (source->is_packed ? unpack_bytes : read_plain)(source, data, n, got, err);
    source->offset += *got;
    return code;
}

int64_t dt_input_size(const dt_input *source)
{
    struct stat st;
    if (source->is_packed || fstat(source->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    return (int64_t)st.st_size;
}

/* ---- Seeking -------------------------------------------------------------------------------- */

static dt_code seek_file(dt_input *s, int64_t offset, dt_error *err)
{
    if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
        return dt_fail(err, DT_ERR_FILE,
                       "%s: cannot be read out of order (a pipe?); store it as a file first",
                       s->path);
    s->at = s->have = 0;
    s->at_end = false;
    s->offset = offset;
    return DT_OK;
}

/* Unpack up to an offset, or to the end. */
static dt_code skip_to(dt_input *s, int64_t offset, dt_error *err)
{
    char *nothing = malloc(BUFFER);
    if (!nothing)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", s->path);
    for (int64_t got = 1; s->offset < offset && got > 0 && !err->code;) {
        int64_t left = offset - s->offset;
        dt_input_read(s, nothing, left < BUFFER ? left : BUFFER, &got, err);
    }
    free(nothing);
    return err->code;
}

dt_code dt_input_seek(dt_input *source, int64_t offset, dt_error *err)
{
    if (offset == source->offset) /* the buffer stays */
        return DT_OK;
    if (!source->is_packed)
        return seek_file(source, offset, err);
    if (offset < source->offset) {
        if (seek_file(source, 0, err))
            return err->code;
        inflateReset(&source->stream);
        source->in_member = true;
    }
    return skip_to(source, offset, err);
}
