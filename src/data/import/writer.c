#define _GNU_SOURCE 1 /* asprintf, fallocate */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dt_writer {
    const char *out; /* borrowed */
    char *temporary;
    hid_t file;                 /* < 0: not open */
    hid_t sets[DT_WRITER_SETS]; /* < 0: not open */
    bool committed;
    H5E_auto2_t print; /* HDF5's own error printing, as we found it */
    void *print_to;
};

static const char *const set_names[DT_WRITER_SETS] = {"x", "y"};

/* ---- Errors --------------------------------------------------------------------------------- */

static dt_code fail(const dt_writer *writer, int number, dt_error *err)
{
    if (number == ENOSPC || number == EDQUOT)
        return dt_fail(err, DT_ERR_SPACE, "%s: no space left on the disk", writer->out);
    if (number == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", writer->out);
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be written (%s)", writer->out,
                   number ? strerror(number) : "HDF5 failed");
}

/* HDF5 keeps the errno of a failed system call only in the text of its error stack. */
static herr_t find_errno(unsigned depth, const H5E_error2_t *entry, void *number)
{
    (void)depth;
    const char *text = entry->desc ? strstr(entry->desc, "errno = ") : NULL;
    if (text)
        *(int *)number = atoi(text + strlen("errno = "));
    return 0;
}

static dt_code hdf5_failed(const dt_writer *writer, dt_error *err)
{
    int number = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_errno, &number);
    return fail(writer, number, err);
}

/* ---- Types ---------------------------------------------------------------------------------- */

static hid_t standard_type(dt_element e)
{
    if (e.kind == 'f')
        return e.size == 8 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
    bool sign = e.kind == 'i';
    switch (e.size) {
    case 1:
        return sign ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2:
        return sign ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4:
        return sign ? H5T_STD_I32LE : H5T_STD_U32LE;
    default:
        return sign ? H5T_STD_I64LE : H5T_STD_U64LE;
    }
}

/* The caller closes it. */
static hid_t make_type(dt_element e)
{
    hid_t type = H5Tcopy(standard_type(e));
    if (e.kind == 'f' && e.size == 2) { /* IEEE half: sign, 5 bits of exponent, 10 of mantissa */
        H5Tset_fields(type, 15, 10, 5, 0, 10);
        H5Tset_size(type, 2);
        H5Tset_ebias(type, 15);
    }
    if (e.big && e.size > 1)
        H5Tset_order(type, H5T_ORDER_BE);
    return type;
}

/* ---- The file ------------------------------------------------------------------------------- */

static hid_t create_file(const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1); /* NFS and Lustre often have none */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    /* The older format cannot hold an attribute of more than 64 KiB: the names of many columns. */
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

static dt_code check_target(const dt_writer *writer, dt_error *err)
{
    struct stat st;
    if (stat(writer->out, &st) == 0 && !S_ISREG(st.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is not a file that could be replaced",
                       writer->out);
    return DT_OK;
}

dt_code dt_writer_create(dt_writer **result, const char *out, dt_error *err)
{
    *result = NULL;
    dt_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", out);
    writer->out = out;
    writer->file = writer->sets[DT_WRITER_X] = writer->sets[DT_WRITER_Y] = -1;
    H5Eget_auto2(H5E_DEFAULT, &writer->print, &writer->print_to);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *result = writer; /* also after an error: destroy cleans up */
    dt_code code = check_target(writer, err);
    if (code)
        return code;
    if (asprintf(&writer->temporary, "%s.tmp.%ld", out, (long)getpid()) < 0) {
        writer->temporary = NULL;
        return fail(writer, ENOMEM, err);
    }
    unlink(writer->temporary); /* of a process long dead that had our number */
    writer->file = create_file(writer->temporary);
    return writer->file < 0 ? hdf5_failed(writer, err) : DT_OK;
}

dt_code dt_writer_shape(dt_writer *writer, int set, dt_element element, int rank,
                        const int64_t *dims, dt_error *err)
{
    hsize_t size[DT_ELEMENT_RANK];
    for (int i = 0; i < rank; i++)
        size[i] = (hsize_t)dims[i];
    element.big = false;
    hid_t type = make_type(element);
    hid_t space = H5Screate_simple(rank, size, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY); /* dt_writer_reserve needs the file's extent */
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    writer->sets[set] =
        H5Dcreate2(writer->file, set_names[set], type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    dt_code code = writer->sets[set] < 0 ? hdf5_failed(writer, err) : DT_OK;
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    return code;
}

dt_code dt_writer_strings(dt_writer *writer, int set, const char *name, const char *const *strings,
                          int64_t n, dt_error *err)
{
    hsize_t size = (hsize_t)n;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t space = H5Screate_simple(1, &size, NULL);
    hid_t attribute = H5Acreate2(writer->sets[set], name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    dt_code code = DT_OK;
    if (attribute < 0 || H5Awrite(attribute, type, strings) < 0)
        code = hdf5_failed(writer, err);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return code;
}

dt_code dt_writer_reserve(dt_writer *writer, dt_error *err)
{
    hsize_t size;
    int *fd;
    if (H5Fflush(writer->file, H5F_SCOPE_LOCAL) < 0 || H5Fget_filesize(writer->file, &size) < 0 ||
        H5Fget_vfd_handle(writer->file, H5P_DEFAULT, (void **)&fd) < 0)
        return hdf5_failed(writer, err);
    if (fallocate(*fd, 0, 0, (off_t)size) == 0)
        return DT_OK;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        return fail(writer, errno, err);
    return DT_OK; /* a file system that cannot: then a full disk shows in a write */
}

dt_code dt_writer_rows(dt_writer *writer, int set, dt_element from, int64_t first, int64_t count,
                       const void *data, dt_error *err)
{
    hsize_t begin[DT_ELEMENT_RANK] = {(hsize_t)first}, size[DT_ELEMENT_RANK];
    hid_t file_space = H5Dget_space(writer->sets[set]);
    int rank = H5Sget_simple_extent_dims(file_space, size, NULL);
    size[0] = (hsize_t)count;
    H5Sselect_hyperslab(file_space, H5S_SELECT_SET, begin, NULL, size, NULL);
    hid_t memory_space = H5Screate_simple(rank, size, NULL);
    hid_t type = make_type(from);
    dt_code code = DT_OK;
    if (H5Dwrite(writer->sets[set], type, memory_space, file_space, H5P_DEFAULT, data) < 0)
        code = hdf5_failed(writer, err);
    H5Tclose(type);
    H5Sclose(memory_space);
    H5Sclose(file_space);
    return code;
}

/* ---- The end -------------------------------------------------------------------------------- */

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

static herr_t close_file(dt_writer *writer)
{
    herr_t status = 0;
    for (int i = 0; i < DT_WRITER_SETS; i++) {
        if (writer->sets[i] >= 0 && H5Dclose(writer->sets[i]) < 0)
            status = -1;
        writer->sets[i] = -1;
    }
    if (writer->file >= 0 && H5Fclose(writer->file) < 0)
        status = -1;
    writer->file = -1;
    return status;
}

dt_code dt_writer_commit(dt_writer *writer, dt_error *err)
{
    if (H5Fflush(writer->file, H5F_SCOPE_LOCAL) < 0 || close_file(writer) < 0)
        return hdf5_failed(writer, err);
    int number = sync_path(writer->temporary, O_RDWR);
    if (!number && rename(writer->temporary, writer->out) < 0)
        number = errno;
    if (number)
        return fail(writer, number, err);
    writer->committed = true;
    sync_folder_of(writer->out);
    return DT_OK;
}

void dt_writer_destroy(dt_writer *writer)
{
    if (!writer)
        return;
    close_file(writer);
    if (writer->temporary && !writer->committed)
        unlink(writer->temporary);
    free(writer->temporary);
    H5Eset_auto2(H5E_DEFAULT, writer->print, writer->print_to);
    free(writer);
}
