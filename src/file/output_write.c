/* Writes the values of an output, and everything around them, to the disk, without HDF5. */
#include "file/footer.h"
#include "file/output_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

enum {
    COPY_BYTES = 1 << 16,
    BLOCK_BYTES = 1 << 17, /* with what is written of it, in the second cache */
    MAX_WRITE = 1 << 30    /* bytes at a time; Linux takes no 2 GiB */
};

/* Returns 0 or an errno. */
static int write_all(int fd, const char *data, int64_t n, int64_t offset)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, data, (size_t)(n < MAX_WRITE ? n : MAX_WRITE), (off_t)offset);
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            data += done;
            n -= done;
            offset += done;
        }
    }
    return 0;
}

/* Where this part of the file is in memory, or NULL. */
static char *mapped_bytes(const dt_output *o, int64_t n, int64_t offset)
{
    return o->map && offset + n <= o->map->size ? o->map->bytes + offset : NULL;
}

static int put_bytes(const dt_output *o, const char *data, int64_t n, int64_t offset)
{
    char *place = mapped_bytes(o, n, offset);
    if (!place)
        return write_all(o->disk, data, n, offset);
    memcpy(place, data, (size_t)n);
    return 0;
}

/* From the layout in memory to the disk. Returns 0 or an errno. */
static int copy_part(const dt_output *o, int64_t from, int64_t to, uint64_t *hash)
{
    char part[COPY_BYTES];
    int number = 0;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    while (from < to && !number) {
        ssize_t got =
            pread(o->memory, part, (size_t)(to - from < COPY_BYTES ? to - from : COPY_BYTES), from);
        if (got <= 0)
            return got < 0 ? errno : EIO;
        XXH3_64bits_update(&state, part, (size_t)got);
        number = put_bytes(o, part, got, from);
        from += got;
    }
    *hash = XXH3_64bits_digest(&state);
    return number;
}

static int by_begin(const void *a, const void *b)
{
    const dt_extent *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Write everything around the values. Returns 0 or an errno.
 *   part  [2 * sets + 1] what stands in the file, in its order */
static int write_around(const dt_output *o, dt_footer_part *part)
{
    int64_t from = 0;
    int number = 0;
    dt_extent *sorted = malloc((size_t)(o->sets + 1) * sizeof *sorted);
    if (!sorted)
        return ENOMEM;
    if (o->sets)
        memcpy(sorted, o->extent, (size_t)o->sets * sizeof *sorted);
    qsort(sorted, (size_t)o->sets, sizeof *sorted, by_begin);
    sorted[o->sets] = (dt_extent){.begin = o->size};
    for (int i = 0; i <= o->sets && !number; i++) {
        part[2 * i].size = sorted[i].begin - from;
        number = copy_part(o, from, sorted[i].begin, &part[2 * i].hash);
        if (i < o->sets)
            part[2 * i + 1] = (dt_footer_part){sorted[i].size, sorted[i].hash};
        from = sorted[i].begin + sorted[i].size;
    }
    free(sorted);
    return number;
}

static int reserve_space(const dt_output *o, int64_t size)
{
    if (ftruncate(o->disk, (off_t)size) < 0)
        return errno;
    if (fallocate(o->disk, 0, 0, (off_t)size) == 0)
        return 0;
    /* Some file systems cannot: then a full disk shows in a write. */
    return errno == ENOSPC || errno == EDQUOT ? errno : 0;
}

/* Room for the parts of the file; to be freed. */
static dt_footer_part *make_parts(const dt_output *o)
{
    return malloc((size_t)(2 * o->sets + 1) * sizeof(dt_footer_part));
}

dt_code dt_output_begin_values(dt_output *o, dt_error *err)
{
    if (dt_output_end_layout(o, err))
        return err->code;
    int number = reserve_space(o, o->size);
    dt_footer_part *part = make_parts(o);
    if (!number)
        number = part ? write_around(o, part) : ENOMEM;
    free(part);
    return number ? dt_output_write_failed(o->path, number, err) : DT_OK;
}

/* A dataset's values, read, hashed and written while they are in the cache. Returns 0 or an errno.
 *   buffer  [BLOCK_BYTES] */
static int write_extent(const dt_output *o, const dt_output_reader *reader, dt_extent *extent,
                        char *buffer)
{
    int number = 0;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (int64_t at = 0; at < extent->size && !number; at += BLOCK_BYTES) {
        int64_t n = extent->size - at < BLOCK_BYTES ? extent->size - at : BLOCK_BYTES;
        const char *bytes = (const char *)extent->values + at;
        char *place = mapped_bytes(o, n, extent->begin + at), *to = place ? place : buffer;
        if (reader->read)
            reader->read(reader->with, bytes, n, to);
        else
            memcpy(to, bytes, (size_t)n);
        XXH3_64bits_update(&state, to, (size_t)n);
        if (!place)
            number = write_all(o->disk, to, n, extent->begin + at);
    }
    extent->hash = XXH3_64bits_digest(&state);
    return number;
}

dt_code dt_output_write_values(dt_output *o, const dt_output_reader *reader, dt_error *err)
{
    char *buffer = malloc(BLOCK_BYTES);
    int number = buffer ? 0 : ENOMEM;
    for (int i = 0; i < o->sets && !number; i++)
        number = write_extent(o, reader, &o->extent[i], buffer);
    free(buffer);
    return number ? dt_output_write_failed(o->path, number, err) : DT_OK;
}

dt_code dt_output_write_footer(dt_output *o, dt_error *err)
{
    int parts = 2 * o->sets + 1;
    int64_t bytes = dt_footer_bytes(parts);
    dt_footer_part *part = make_parts(o);
    char *footer = malloc((size_t)bytes);
    int number = part && footer ? write_around(o, part) : ENOMEM;
    if (!number) {
        dt_footer_make(part, parts, footer);
        number = put_bytes(o, footer, bytes, o->size);
    }
    if (!number && ftruncate(o->disk, (off_t)(o->size + bytes)) < 0)
        number = errno; /* a recycled file may have been longer */
    free(footer);
    free(part);
    return number ? dt_output_write_failed(o->path, number, err) : DT_OK;
}

dt_code dt_output_write(dt_output *o, int set, int64_t offset, const void *values, int64_t bytes,
                        dt_error *err)
{
    int number = put_bytes(o, values, bytes, o->extent[set].begin + offset);
    return number ? dt_output_write_failed(o->path, number, err) : DT_OK;
}
