#include "file/output.h"

#include "core/file_error.h"
#include "file/footer.h"
#include "file/h5.h"
#include "file/layout.h"
#include "file/resolve_link.h"
#include "file/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

enum {
    COPY_BYTES = 1 << 16,
    BLOCK_BYTES = 1 << 17, /* with what is written of it, in the second cache */
    MAX_WRITE = 1 << 30    /* bytes at a time; Linux takes no 2 GiB */
};

static dt_code fail_write(const char *path, int number, dt_error *err)
{
    if (number == ENOSPC || number == EDQUOT)
        return dt_fail(err, DT_ERR_SPACE, "%s: no space left on the disk", path);
    if (number == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    if (number == EFBIG)
        return dt_fail(err, DT_ERR_SPACE,
                       "%s: larger than a file may be here (ulimit -f, or the file system)", path);
    return dt_fail(err, dt_file_error(number), "%s: cannot be written (%s)", path,
                   strerror(number));
}

dt_code dt_output_layout_failed(const dt_output *output, dt_error *err)
{
    char reason[256];
    if (output->layout_error && *output->layout_error)
        return fail_write(output->path, *output->layout_error, err);
    return dt_fail(err, DT_ERR_MEMORY, "%s: HDF5 cannot lay out the file in memory: %s",
                   output->path, dt_h5_reason(reason));
}

dt_code dt_output_check_input(const char *out, const char *in, dt_error *err)
{
    struct stat a, b;
    if (stat(in, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return dt_fail(err, DT_ERR_USAGE, "%s: the output would replace the input %s", out, in);
    return DT_OK;
}

/* ---- Beginning ------------------------------------------------------------------------------ */

/* The part of a path behind its last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Returns a file descriptor, or -1. */
static int open_folder_of(const char *path)
{
    int length = (int)(base_name(path) - path);
    char *folder = NULL;
    if (asprintf(&folder, "%.*s", length, path) < 0)
        return -1;
    int fd = open(length ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return fd;
}

/* Whether an open file is known to nobody else, now that its name is one that nobody asks for. */
static bool is_ours_alone(int fd)
{
    struct stat info;
    bool alone = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 &&
                 fcntl(fd, F_SETLEASE, F_WRLCK) == 0; /* not to be had while others have it open */
    if (alone)
        fcntl(fd, F_SETLEASE, F_UNLCK);
    return alone;
}

/* A recycled file under a temporary name, as o->disk, which stays negative if there is none. */
static void recycle_file(dt_output *o, const char *recycled)
{
    o->temporary = dt_temporary_name(o->path, 0);
    if (!o->temporary || rename(recycled, o->temporary) < 0) {
        unlink(recycled);
        free(o->temporary);
        o->temporary = NULL;
        return;
    }
    o->map = dt_mapped_find(&o->mapped, o->temporary);
    o->disk = o->map ? o->map->fd : open(o->temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (o->disk >= 0 && is_ours_alone(o->disk)) {
        if (!o->map)
            o->map = dt_mapped_add(&o->mapped, o->disk);
        return;
    }
    if (o->map)
        dt_mapped_drop(o->map);
    else if (o->disk >= 0)
        close(o->disk);
    o->map = NULL;
    o->disk = -1;
    unlink(o->temporary);
    free(o->temporary);
    o->temporary = NULL;
}

static dt_code open_disk(dt_output *o, const char *recycled, dt_error *err)
{
    struct stat info;
    if (stat(o->path, &info) == 0 && !S_ISREG(info.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is not a file that could be replaced",
                       o->path);
    o->folder = open_folder_of(o->path); /* may be moved away while the file is written */
    if (recycled)
        recycle_file(o, recycled);
    if (o->disk < 0)
        o->disk = dt_temporary_open(o->path, 0666, &o->temporary);
    return o->disk < 0 ? fail_write(o->path, errno, err) : DT_OK;
}

/* In the format of HDF5 1.8: the older one holds no attribute of more than 64 KiB. The file has no
 * name, so that nothing of it can stay behind, and is not in /dev/shm, which may be full. */
static dt_code open_layout(dt_output *o, dt_error *err)
{
    o->memory = memfd_create("dtrain-layout", MFD_CLOEXEC);
    if (o->memory < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: no temporary file in memory (%s)", o->path,
                       strerror(errno));
    o->layout_error = calloc(1, sizeof *o->layout_error);
    if (!o->layout_error)
        return fail_write(o->path, ENOMEM, err);
    hid_t access = dt_layout_access(&(dt_layout){.fd = o->memory, .error = o->layout_error});
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    H5Pset_obj_track_times(create, false); /* the same input makes the same bytes */
    dt_h5_silence();
    o->file = H5Fcreate("layout", H5F_ACC_TRUNC, create, access);
    H5Pclose(create);
    H5Pclose(access);
    return o->file < 0 ? dt_output_layout_failed(o, err) : DT_OK;
}

/* All but the layout. */
static void close_disk(dt_output *o)
{
    if (o->disk >= 0 && !o->map)
        close(o->disk);
    o->map = NULL;
    if (o->temporary)
        unlinkat(o->folder < 0 ? AT_FDCWD : o->folder,
                 o->folder < 0 ? o->temporary : base_name(o->temporary), 0);
    if (o->folder >= 0)
        close(o->folder);
    free(o->temporary);
    free(o->path);
    o->disk = o->folder = -1;
    o->path = o->temporary = NULL;
    dt_mapped_drop_removed(&o->mapped);
}

dt_code dt_output_reuse_layout(dt_output *o, const char *path, const char *recycled, dt_error *err)
{
    close_disk(o);
    o->path = strdup(path);
    return o->path ? open_disk(o, recycled, err) : fail_write(path, ENOMEM, err);
}

dt_code dt_output_create(dt_output *o, const char *path, const char *recycled, dt_error *err)
{
    *o = (dt_output){.file = -1, .memory = -1, .disk = -1, .folder = -1};
    return dt_output_reuse_layout(o, path, recycled, err) ? err->code : open_layout(o, err);
}

dt_code dt_output_create_through(dt_output *o, const char *path, dt_error *err)
{
    struct stat info;
    bool special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    char *real =
        special ? NULL : dt_file_resolve_links(path); /* a device is told by its own name */
    *o = (dt_output){.file = -1, .memory = -1, .disk = -1, .folder = -1};
    if (!special && !real)
        return fail_write(path, errno, err);
    dt_output_create(o, special ? path : real, NULL, err);
    free(real);
    return err->code;
}

/* ---- Layout, in memory ---------------------------------------------------------------------- */

int dt_output_add(dt_output *o, hid_t parent, const char *name, hid_t type, int dims,
                  const hsize_t *dim, hid_t *set)
{
    dt_extent *extent = realloc(o->extent, (size_t)(o->sets + 1) * sizeof *extent);
    *set = -1;
    if (!extent)
        return -1;
    o->extent = extent;
    hid_t space = H5Screate_simple(dims, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY); /* so that the values have their place */
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(create, false);
    *set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Pclose(create);
    H5Sclose(space);
    if (*set < 0)
        return -1;
    extent[o->sets] = (dt_extent){.set = *set,
                                  .begin = (int64_t)H5Dget_offset(*set),
                                  .size = (int64_t)H5Dget_storage_size(*set)};
    return o->sets++;
}

hid_t dt_output_add_group(hid_t parent, const char *name)
{
    hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(create, false);
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Pclose(create);
    return group;
}

/* ---- To the disk ---------------------------------------------------------------------------- */

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

/* It has been written to memory as far as it goes. */
static dt_code measure_layout(dt_output *o, herr_t written, dt_error *err)
{
    struct stat info;
    if (written < 0 || *o->layout_error || fstat(o->memory, &info) < 0)
        return dt_output_layout_failed(o, err);
    o->size = (int64_t)info.st_size;
    return DT_OK;
}

dt_code dt_output_flush_layout(dt_output *o, dt_error *err)
{
    H5Fflush(o->file, H5F_SCOPE_GLOBAL); /* gives back what the second then leaves out */
    return measure_layout(o, H5Fflush(o->file, H5F_SCOPE_GLOBAL), err);
}

static dt_code end_layout(dt_output *o, dt_error *err)
{
    herr_t closed = H5Fclose(o->file);
    o->file = -1;
    return measure_layout(o, closed, err);
}

/* Room for the parts of the file; to be freed. */
static dt_footer_part *make_parts(const dt_output *o)
{
    return malloc((size_t)(2 * o->sets + 1) * sizeof(dt_footer_part));
}

dt_code dt_output_begin_values(dt_output *o, dt_error *err)
{
    if (end_layout(o, err))
        return err->code;
    int number = reserve_space(o, o->size);
    dt_footer_part *part = make_parts(o);
    if (!number)
        number = part ? write_around(o, part) : ENOMEM;
    free(part);
    return number ? fail_write(o->path, number, err) : DT_OK;
}

/* A dataset's values, read, hashed and written while they are in the cache. Returns 0 or an errno.
 *   buffer  [NEAR] */
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
    return number ? fail_write(o->path, number, err) : DT_OK;
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
    return number ? fail_write(o->path, number, err) : DT_OK;
}

dt_code dt_output_write(dt_output *o, int set, int64_t offset, const void *values, int64_t bytes,
                        dt_error *err)
{
    int number = put_bytes(o, values, bytes, o->extent[set].begin + offset);
    return number ? fail_write(o->path, number, err) : DT_OK;
}

/* ---- The end -------------------------------------------------------------------------------- */

dt_code dt_output_commit(dt_output *o, dt_error *err)
{
    if (fsync(o->disk) < 0 || rename(o->temporary, o->path) < 0)
        return fail_write(o->path, errno, err);
    free(o->temporary);
    o->temporary = NULL;
    fsync(o->folder); /* best effort: some file systems cannot sync a folder */
    return DT_OK;
}

void dt_output_close(dt_output *o)
{
    if (!o->path && o->file <= 0) /* all zero, or as the end of this function leaves it */
        return;
    if (o->file >= 0)
        H5Fclose(o->file);
    if (o->memory >= 0)
        close(o->memory);
    free(o->layout_error);
    close_disk(o);
    dt_mapped_drop_all(&o->mapped);
    free(o->extent);
    *o = (dt_output){.file = -1, .memory = -1, .disk = -1, .folder = -1};
}
