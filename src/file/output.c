#include "file/output.h"

#include "file/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dt_code fail(const char *path, int number, dt_error *err)
{
    if (number == ENOSPC || number == EDQUOT)
        return dt_fail(err, DT_ERR_SPACE, "%s: no space left on the disk", path);
    if (number == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be written (%s)", path,
                   number ? strerror(number) : "HDF5 failed");
}

dt_code dt_output_failed(const dt_output *output, dt_error *err)
{
    return fail(output->path, dt_h5_errno(), err);
}

/* In the format of HDF5 1.8: the older one holds no attribute of more than 64 KiB. */
static hid_t create_file(const char *path)
{
    hid_t access = dt_h5_access();
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
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
        return fail(path, ENOMEM, err);
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is not a file that could be replaced",
                       path);
    dt_h5_quiet();
    unlink(output->temporary); /* of a process long dead that had our number */
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

dt_code dt_output_commit(dt_output *output, dt_error *err)
{
    herr_t flushed = H5Fflush(output->file, H5F_SCOPE_LOCAL);
    if (flushed < 0)
        dt_output_failed(output, err);
    herr_t closed = H5Fclose(output->file);
    output->file = -1;
    if (closed < 0)
        dt_output_failed(output, err);
    if (err->code)
        return err->code;
    int number = sync_path(output->temporary, O_RDWR);
    if (!number && rename(output->temporary, output->path) < 0)
        number = errno;
    if (number)
        return fail(output->path, number, err);
    free(output->temporary);
    output->temporary = NULL;
    sync_folder_of(output->path);
    return DT_OK;
}

void dt_output_close(dt_output *output)
{
    if (output->file >= 0)
        H5Fclose(output->file);
    H5Eclear2(H5E_DEFAULT);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (dt_output){.file = -1};
}
