#include "file/output.h"

#include "core/file_error.h"
#include "file/h5.h"
#include "file/layout.h"
#include "file/output_internal.h"
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

dt_code dt_output_write_failed(const char *path, int number, dt_error *err)
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
        return dt_output_write_failed(output->path, *output->layout_error, err);
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
    return o->disk < 0 ? dt_output_write_failed(o->path, errno, err) : DT_OK;
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
        return dt_output_write_failed(o->path, ENOMEM, err);
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
    return o->path ? open_disk(o, recycled, err) : dt_output_write_failed(path, ENOMEM, err);
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
        return dt_output_write_failed(path, errno, err);
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

dt_code dt_output_end_layout(dt_output *o, dt_error *err)
{
    herr_t closed = H5Fclose(o->file);
    o->file = -1;
    return measure_layout(o, closed, err);
}

/* ---- The end -------------------------------------------------------------------------------- */

dt_code dt_output_commit(dt_output *o, dt_error *err)
{
    if (fsync(o->disk) < 0 || rename(o->temporary, o->path) < 0)
        return dt_output_write_failed(o->path, errno, err);
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
