#include "file/reader.h"

#include "file/fingerprint.h"

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

enum { DRIVER_VALUE = 600 /* HDF5 leaves numbers from 512 on to tests and private drivers */ };

typedef struct {
    H5FD_t base; /* HDF5's part, first */
    int fd;
    haddr_t eoa;
    dt_fingerprint fingerprint; /* of the file when it was opened */
    dev_t device;
    ino_t inode;
} reader;

/* Put a reason onto HDF5's error stack, from which dt_h5_reason takes it. */
static void push_reason(hid_t kind, const char *name, const char *why)
{
    H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_VFL, kind, "%s%s%s", name,
             name[0] ? ": " : "", why);
}

/* A regular file's descriptor, or -1. Without O_NONBLOCK a pipe that takes the file's place between
 * the two looks would be waited for. */
static int open_regular(const char *name, struct stat *info)
{
    int fd = -1;
    if (stat(name, info) < 0 ||
        (S_ISREG(info->st_mode) &&
         ((fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0 || fstat(fd, info) < 0))) {
        push_reason(H5E_CANTOPENFILE, name, strerror(errno));
    } else if (fd >= 0 && S_ISREG(info->st_mode)) {
        return fd;
    } else {
        push_reason(H5E_CANTOPENFILE, name, "not a regular file");
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The mark that a program sets in the superblock of a file while it may write to it, from its
 * version 3 on. HDF5 looks at it for its own drivers alone. */
static bool is_being_written(int fd, off_t size)
{
    static const unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    enum { VERSION = 8, FLAGS = 11, BYTES = 12, FIRST = 512 /* after a block of the user's */ };
    unsigned char at[BYTES];
    for (off_t begin = 0; begin + BYTES <= size; begin = begin ? 2 * begin : FIRST) {
        if (pread(fd, at, BYTES, begin) != BYTES)
            return false;
        if (memcmp(at, signature, sizeof signature) == 0)
            return at[VERSION] >= 3 && (at[FLAGS] & 1);
    }
    return false;
}

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t max_address)
{
    struct stat info;
    (void)access;
    (void)max_address;
    if (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) {
        push_reason(H5E_CANTOPENFILE, name, "opened for reading only");
        return NULL;
    }
    int fd = open_regular(name, &info);
    if (fd >= 0 && is_being_written(fd, info.st_size)) {
        push_reason(H5E_CANTOPENFILE, name, DT_READER_WRITING ", or its writer died (h5clear -s)");
        close(fd);
        return NULL;
    }
    reader *r = fd < 0 ? NULL : calloc(1, sizeof *r);
    if (!r) {
        if (fd >= 0) {
            push_reason(H5E_NOSPACE, name, "out of memory");
            close(fd);
        }
        return NULL;
    }
    r->fd = fd;
    dt_fingerprint_take(&r->fingerprint, fd);
    r->device = info.st_dev;
    r->inode = info.st_ino;
    return &r->base;
}

static herr_t close_file(H5FD_t *file)
{
    reader *r = (reader *)file;
    close(r->fd);
    free(r);
    return 0;
}

/* HDF5 opens a file once however many names it has. */
static int compare_files(const H5FD_t *one, const H5FD_t *other)
{
    const reader *a = (const reader *)one, *b = (const reader *)other;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static herr_t query_driver(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_POSIX_COMPAT_HANDLE | H5FD_FEAT_SUPPORTS_SWMR_IO |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const reader *)file)->eoa;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t eoa)
{
    (void)type;
    ((reader *)file)->eoa = eoa;
    return 0;
}

/* A file that is being written, and read meanwhile, grows. */
static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    const reader *r = (const reader *)file;
    struct stat info;
    (void)type;
    return fstat(r->fd, &info) == 0 ? (haddr_t)info.st_size : (haddr_t)r->fingerprint.size;
}

static herr_t get_handle(H5FD_t *file, hid_t access, void **handle)
{
    (void)access;
    *handle = &((reader *)file)->fd;
    return 0;
}

static herr_t refuse_read(const char *why)
{
    push_reason(H5E_READERROR, "", why);
    return -1;
}

/* What lies behind the end of the file is zeros, as with HDF5's own driver, unless the file had it
 * when it was opened. */
static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *buffer)
{
    const reader *r = (const reader *)file;
    char *out = buffer;
    (void)type;
    (void)transfer;
    while (size > 0) {
        ssize_t got = pread(r->fd, out, size, (off_t)address);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse_read(strerror(errno));
        if (got == 0 && (int64_t)address < r->fingerprint.size)
            return refuse_read("the file has been cut short since it was opened");
        if (got == 0)
            break;
        out += got;
        address += (haddr_t)got;
        size -= (size_t)got;
    }
    memset(out, 0, size);
    const char *why = dt_fingerprint_compare(&r->fingerprint, r->fd);
    return why ? refuse_read(why) : 0;
}

/* HDF5 asks for it; nothing can be written to a file that is opened for reading only. */
static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *buffer)
{
    (void)file, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
    push_reason(H5E_WRITEERROR, "", "opened for reading only");
    return -1;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)DRIVER_VALUE,
#endif
    .name = "dtrain's reader",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = open_file,
    .close = close_file,
    .cmp = compare_files,
    .query = query_driver,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .get_handle = get_handle,
    .read = read_bytes,
    .write = write_bytes,
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

hid_t dt_reader_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_driver(access, get_driver(), NULL) < 0) {
        H5Pclose(access);
        access = -1;
    }
    return access;
}

int dt_reader_descriptor(hid_t file)
{
    void *handle = NULL;
    hid_t access = H5Fget_access_plist(file);
    bool ours = H5Pget_driver(access) == get_driver() &&
                H5Fget_vfd_handle(file, access, &handle) >= 0 && handle;
    H5Pclose(access);
    return ours ? fcntl(*(int *)handle, F_DUPFD_CLOEXEC, 0) : -1;
}
