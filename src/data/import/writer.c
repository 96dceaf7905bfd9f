/* HDF5 lays the new file out in memory, where the room for the values is a hole that takes none;
 * then what it wrote is copied to the disk, and the values go there directly. The reason: HDF5 1.10
 * cannot let go of a file that it cannot write. On a full disk it loses handles, crashes when a
 * file is closed again, and ends the program with "infinite loop closing library". Here no write to
 * a disk is HDF5's. */
#define _GNU_SOURCE 1 /* asprintf, fallocate, mkostemp */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY = 1 << 16, WRITE_MOST = 1 << 30 /* bytes at a time; Linux takes no 2 GiB */ };

struct dt_writer {
    const char *out;            /* borrowed */
    char *temporary;            /* the file until it is complete */
    int disk, memory;           /* file descriptors; < 0: not open */
    hid_t file;                 /* in memory; < 0: not open */
    hid_t sets[DT_WRITER_SETS]; /* < 0: not open */
    /* Where in the file the values of each dataset are, in bytes. */
    int64_t offset[DT_WRITER_SETS], size[DT_WRITER_SETS], row[DT_WRITER_SETS];
    bool committed;
    H5E_auto2_t print; /* HDF5's own error printing, as we found it */
    void *print_to;
};

static const char *const set_names[DT_WRITER_SETS] = {"x", "y"};

static dt_code fail(const dt_writer *writer, int number, dt_error *err)
{
    if (number == ENOSPC || number == EDQUOT)
        return dt_fail(err, DT_ERR_SPACE, "%s: no space left on the disk", writer->out);
    if (number == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", writer->out);
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be written (%s)", writer->out, strerror(number));
}

static dt_code layout_failed(const dt_writer *writer, dt_error *err)
{
    return dt_fail(err, DT_ERR_MEMORY, "%s: HDF5 cannot lay out the file in memory", writer->out);
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

/* ---- Beginning ------------------------------------------------------------------------------ */

static dt_code check_target(const dt_writer *writer, dt_error *err)
{
    struct stat st;
    if (stat(writer->out, &st) == 0 && !S_ISREG(st.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is not a file that could be replaced",
                       writer->out);
    return DT_OK;
}

static dt_code open_disk(dt_writer *writer, dt_error *err)
{
    if (asprintf(&writer->temporary, "%s.tmp.%ld", writer->out, (long)getpid()) < 0) {
        writer->temporary = NULL;
        return fail(writer, ENOMEM, err);
    }
    unlink(writer->temporary); /* of a process long dead that had our number */
    writer->disk = open(writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return writer->disk < 0 ? fail(writer, errno, err) : DT_OK;
}

/* An empty file in memory; its path goes into the template. */
static int make_memory_file(char *path)
{
    strcpy(path, "/dev/shm/dtrain-XXXXXX"); /* HDF5 takes no memfd: it resolves the link in /proc */
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        strcpy(path, "/tmp/dtrain-XXXXXX"); /* next best: small, and not the disk of the output */
        fd = mkostemp(path, O_CLOEXEC);
    }
    return fd;
}

static dt_code open_memory(dt_writer *writer, dt_error *err)
{
    char path[64];
    writer->memory = make_memory_file(path);
    if (writer->memory < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: no temporary file in /dev/shm or /tmp (%s)",
                       writer->out, strerror(errno));
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    /* The older format cannot hold an attribute of more than 64 KiB: the names of many columns. */
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_obj_track_times(create, false); /* the same input makes the same bytes */
    writer->file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    H5Pclose(create);
    H5Pclose(access);
    unlink(path);
    return writer->file < 0 ? layout_failed(writer, err) : DT_OK;
}

dt_code dt_writer_create(dt_writer **result, const char *out, dt_error *err)
{
    *result = NULL;
    dt_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", out);
    *result = writer; /* also after an error: destroy cleans up */
    writer->out = out;
    writer->disk = writer->memory = -1;
    writer->file = writer->sets[DT_WRITER_X] = writer->sets[DT_WRITER_Y] = -1;
    H5Eget_auto2(H5E_DEFAULT, &writer->print, &writer->print_to);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    dt_code code = check_target(writer, err);
    if (!code)
        code = open_disk(writer, err);
    return code ? code : open_memory(writer, err);
}

/* ---- Layout, in memory ------------------------------------------------------------------------
 */

dt_code dt_writer_shape(dt_writer *writer, int set, dt_element element, int rank,
                        const int64_t *dims, dt_error *err)
{
    hsize_t size[DT_ELEMENT_RANK];
    writer->size[set] = element.size;
    for (int i = 0; i < rank; i++) {
        size[i] = (hsize_t)dims[i];
        writer->size[set] *= dims[i];
    }
    writer->row[set] = writer->size[set] / dims[0];
    element.big = false;
    hid_t type = make_type(element);
    hid_t space = H5Screate_simple(rank, size, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY); /* so that the values have their place */
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(create, false);
    writer->sets[set] =
        H5Dcreate2(writer->file, set_names[set], type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    if (writer->sets[set] < 0)
        return layout_failed(writer, err);
    writer->offset[set] = (int64_t)H5Dget_offset(writer->sets[set]);
    return DT_OK;
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
        code = layout_failed(writer, err);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return code;
}

static herr_t close_layout(dt_writer *writer)
{
    herr_t status = 0;
    for (int i = 0; i < DT_WRITER_SETS; i++)
        if (writer->sets[i] >= 0 && H5Dclose(writer->sets[i]) < 0)
            status = -1;
    if (writer->file >= 0 && H5Fclose(writer->file) < 0)
        status = -1;
    writer->file = writer->sets[DT_WRITER_X] = writer->sets[DT_WRITER_Y] = -1;
    return status;
}

/* ---- To the disk ------------------------------------------------------------------------------
 */

/* Returns 0 or an errno. */
static int write_all(int fd, const char *data, int64_t n, int64_t offset)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, data, (size_t)(n < WRITE_MOST ? n : WRITE_MOST), (off_t)offset);
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

static int copy_part(const dt_writer *writer, int64_t from, int64_t to)
{
    char part[COPY];
    while (from < to) {
        int64_t n = to - from < COPY ? to - from : COPY;
        ssize_t got = pread(writer->memory, part, (size_t)n, (off_t)from);
        if (got <= 0)
            return got < 0 ? errno : EIO;
        int number = write_all(writer->disk, part, got, from);
        if (number)
            return number;
        from += got;
    }
    return 0;
}

/* Copy everything around the values, which lie behind each other in either order. */
static int copy_layout(const dt_writer *writer, int64_t size)
{
    int a = writer->offset[DT_WRITER_X] < writer->offset[DT_WRITER_Y] ? DT_WRITER_X : DT_WRITER_Y;
    int b = DT_WRITER_X + DT_WRITER_Y - a;
    int number = copy_part(writer, 0, writer->offset[a]);
    if (!number)
        number = copy_part(writer, writer->offset[a] + writer->size[a], writer->offset[b]);
    if (!number)
        number = copy_part(writer, writer->offset[b] + writer->size[b], size);
    return number;
}

/* Take the disk space, so that a disk too small is found out before the work and not after it. */
static int reserve(const dt_writer *writer, int64_t size)
{
    if (ftruncate(writer->disk, (off_t)size) < 0)
        return errno;
    if (fallocate(writer->disk, 0, 0, (off_t)size) == 0)
        return 0;
    /* Some file systems cannot: then a full disk shows in a write. */
    return errno == ENOSPC || errno == EDQUOT ? errno : 0;
}

dt_code dt_writer_layout(dt_writer *writer, dt_error *err)
{
    struct stat st;
    if (close_layout(writer) < 0 || fstat(writer->memory, &st) < 0)
        return layout_failed(writer, err);
    int number = reserve(writer, (int64_t)st.st_size);
    if (!number)
        number = copy_layout(writer, (int64_t)st.st_size);
    return number ? fail(writer, number, err) : DT_OK;
}

dt_code dt_writer_rows(dt_writer *writer, int set, dt_element from, int64_t first, int64_t count,
                       void *data, dt_error *err)
{
    int64_t bytes = count * writer->row[set];
    if (from.big && from.size > 1) {
        hid_t type = make_type(from);
        from.big = false;
        hid_t little = make_type(from);
        herr_t status =
            H5Tconvert(type, little, (size_t)(bytes / from.size), data, NULL, H5P_DEFAULT);
        H5Tclose(little);
        H5Tclose(type);
        if (status < 0)
            return layout_failed(writer, err);
    }
    int number =
        write_all(writer->disk, data, bytes, writer->offset[set] + first * writer->row[set]);
    return number ? fail(writer, number, err) : DT_OK;
}

/* ---- The end -------------------------------------------------------------------------------- */

/* Best effort: the rename has happened, and some file systems cannot sync a folder. */
static void sync_folder_of(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

dt_code dt_writer_commit(dt_writer *writer, dt_error *err)
{
    if (fsync(writer->disk) < 0 || rename(writer->temporary, writer->out) < 0)
        return fail(writer, errno, err);
    writer->committed = true;
    sync_folder_of(writer->out);
    return DT_OK;
}

void dt_writer_destroy(dt_writer *writer)
{
    if (!writer)
        return;
    close_layout(writer);
    if (writer->memory >= 0)
        close(writer->memory);
    if (writer->disk >= 0)
        close(writer->disk);
    if (writer->temporary && !writer->committed)
        unlink(writer->temporary);
    free(writer->temporary);
    H5Eset_auto2(H5E_DEFAULT, writer->print, writer->print_to);
    free(writer);
}
