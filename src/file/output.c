#include "file/output.h"

#include "file/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

dt_code dt_output_errno(const dt_output *output, int number, dt_error *err)
{
    const char *path = output->path;
    if (number == ENOSPC || number == EDQUOT)
        return dt_fail(err, DT_ERR_SPACE, "%s: no space left on the disk", path);
    if (number == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be written (%s)", path,
                   number ? strerror(number) : "HDF5 failed");
}

dt_code dt_output_failed(const dt_output *output, dt_error *err)
{
    return dt_output_errno(output, dt_h5_errno(), err);
}

dt_code dt_output_refuse(const char *out, const char *in, dt_error *err)
{
    struct stat a, b;
    if (stat(in, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return dt_fail(err, DT_ERR_USAGE, "%s: the output would replace the input %s", out, in);
    return DT_OK;
}

/* Room for the first bytes of a file, which HDF5 writes as it creates it; where that fails, it
 * crashes at the end of the process. Returns an errno. */
static int try_room(const char *path)
{
    enum { FIRST_BYTES = 1 << 14 };
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int number = posix_fallocate(fd, 0, FIRST_BYTES);
    close(fd);
    unlink(path);
    return number == ENOSPC || number == EDQUOT ? number : 0;
}

/* In the format of HDF5 1.8: the older one holds no attribute of more than 64 KiB. Values are
 * written at once (no sieve buffer), so that a failure shows in the call that wrote them. */
static hid_t create_file(const char *path)
{
    hid_t access = dt_h5_access();
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_sieve_buf_size(access, 0);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

dt_code dt_output_create(dt_output *output, const char *path, dt_error *err)
{
    struct stat info;
    *output = (dt_output){.path = strdup(path), .file = -1};
    if (!output->path || asprintf(&output->temporary, "%s.tmp.%ld", path, (long)getpid()) < 0) {
        output->temporary = NULL;
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is not a file that could be replaced",
                       path);
    dt_h5_quiet();
    dt_h5_errno();             /* of something before */
    unlink(output->temporary); /* of a process long dead that had our number */
    int number = try_room(output->temporary);
    if (number)
        return dt_output_errno(output, number, err);
    output->file = create_file(output->temporary);
    return output->file < 0 ? dt_output_failed(output, err) : DT_OK;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int number = fsync(fd) < 0 ? errno : 0;
    if (close(fd) < 0 && !number)
        number = errno;
    return number;
}

/* Best effort: the rename has happened, and some file systems cannot sync a folder. */
static void sync_folder_of(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY);
    free(folder);
}

/* The file in the making as the system knows it; negative: it is not known. */
static int descriptor(const dt_output *output)
{
    int *fd = NULL;
    if (H5Fget_vfd_handle(output->file, H5P_DEFAULT, (void **)&fd) < 0 || !fd)
        return -1;
    return *fd;
}

dt_code dt_output_reserve(dt_output *output, dt_error *err)
{
    hsize_t size = 0;
    int fd = descriptor(output);
    if (fd < 0 || H5Fget_filesize(output->file, &size) < 0)
        return dt_output_failed(output, err);
    int number = posix_fallocate(fd, 0, (off_t)size);
    if (number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO)
        return dt_output_errno(output, number, err);
    return DT_OK; /* whatever else it was, the writes will tell */
}

/* Close a file that is to be thrown away. Closing, HDF5 writes what it still holds; if that failed,
 * as on a full disk, it would keep the file open and crash at the end of the process. So it writes
 * into memory instead. */
static void discard(dt_output *output)
{
    int fd = descriptor(output), memory = memfd_create("dtrain", MFD_CLOEXEC);
    if (fd >= 0 && memory >= 0)
        dup2(memory, fd);
    if (memory >= 0)
        close(memory);
    H5Fclose(output->file);
    output->file = -1;
}

dt_code dt_output_commit(dt_output *output, dt_error *err)
{
    int earlier = dt_h5_errno(); /* of a call whose status nobody looked at */
    if (earlier)
        return dt_output_errno(output, earlier, err);
    if (dt_output_reserve(output, err)) /* so that the flush cannot fail: see discard */
        return err->code;
    if (H5Fflush(output->file, H5F_SCOPE_LOCAL) < 0)
        return dt_output_failed(output, err);
    herr_t closed = H5Fclose(output->file);
    output->file = -1;
    if (closed < 0)
        return dt_output_failed(output, err);
    int number = sync_path(output->temporary, O_RDWR);
    if (!number && rename(output->temporary, output->path) < 0)
        number = errno;
    if (number)
        return dt_output_errno(output, number, err);
    free(output->temporary);
    output->temporary = NULL;
    sync_folder_of(output->path);
    return DT_OK;
}

void dt_output_close(dt_output *output)
{
    if (output->file >= 0)
        discard(output);
    H5Eclear2(H5E_DEFAULT);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (dt_output){.file = -1};
}
