#include "file/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

enum { DRIVER_VALUE = 601 };

typedef struct {
    H5FD_t base; /* HDF5's part, first */
    dt_layout layout;
    haddr_t eoa;
} layout_file;

static void record_error(layout_file *f, int number)
{
    if (*f->layout.error == 0)
        *f->layout.error = number;
}

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t max_address)
{
    const dt_layout *layout = H5Pget_driver_info(access);
    layout_file *f = layout ? calloc(1, sizeof *f) : NULL;
    (void)name, (void)flags, (void)max_address;
    if (!f)
        return NULL;
    f->layout = *layout;
    f->layout.fd = fcntl(layout->fd, F_DUPFD_CLOEXEC, 0);
    if (f->layout.fd < 0) {
        record_error(f, errno);
        free(f);
        return NULL;
    }
    return &f->base;
}

static herr_t close_file(H5FD_t *file)
{
    layout_file *f = (layout_file *)file;
    close(f->layout.fd);
    free(f);
    return 0;
}

/* Each is a file of its own. */
static int compare_files(const H5FD_t *one, const H5FD_t *other)
{
    return one < other ? -1 : one > other;
}

/* As HDF5's usual driver, for files that are the same to the byte; but for the handle, with which
 * HDF5 would look for a file of the name. */
static herr_t query_driver(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const layout_file *)file)->eoa;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t eoa)
{
    (void)type;
    ((layout_file *)file)->eoa = eoa;
    return 0;
}

static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    struct stat info;
    (void)type;
    return fstat(((const layout_file *)file)->layout.fd, &info) == 0 ? (haddr_t)info.st_size : 0;
}

/* What was not written, or could not be, is zeros. */
static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *buffer)
{
    layout_file *f = (layout_file *)file;
    char *out = buffer;
    (void)type, (void)transfer;
    for (ssize_t got = 1; size > 0 && got != 0;) {
        got = pread(f->layout.fd, out, size, (off_t)address);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            record_error(f, errno);
            break;
        }
        out += got;
        address += (haddr_t)got;
        size -= (size_t)got;
    }
    memset(out, 0, size);
    return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *buffer)
{
    layout_file *f = (layout_file *)file;
    const char *in = buffer;
    (void)type, (void)transfer;
    while (size > 0) {
        ssize_t done = pwrite(f->layout.fd, in, size, (off_t)address);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            record_error(f, errno);
            break;
        }
        in += done;
        address += (haddr_t)done;
        size -= (size_t)done;
    }
    return 0;
}

static herr_t truncate_file(H5FD_t *file, hid_t transfer, hbool_t closing)
{
    layout_file *f = (layout_file *)file;
    (void)transfer, (void)closing;
    if (get_eof(file, H5FD_MEM_DEFAULT) != f->eoa && ftruncate(f->layout.fd, (off_t)f->eoa) < 0)
        record_error(f, errno);
    return 0;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)DRIVER_VALUE,
#endif
    .name = "dtrain's layouts",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(dt_layout),
    .open = open_file,
    .close = close_file,
    .cmp = compare_files,
    .query = query_driver,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = truncate_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* The driver's number in HDF5, which forgets it when it is closed. */
static hid_t get_driver(void)
{
    static hid_t id = H5I_INVALID_HID;
    if (id < 0 || H5Iis_valid(id) <= 0)
        id = H5FDregister(&driver_class);
    return id;
}

hid_t dt_layout_access(const dt_layout *layout)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_driver(access, get_driver(), layout) < 0) {
        H5Pclose(access);
        access = -1;
    }
    return access;
}
