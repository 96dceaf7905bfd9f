#include "file/h5.h"

#include "file/footer.h"
#include "file/format.h"
#include "file/link.h"
#include "file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void dt_h5_lock(void)
{
    pthread_mutex_lock(&lock);
}

void dt_h5_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static bool quiet; /* these were, before: */
static H5E_auto2_t print_before;
static void *data_before;

void dt_h5_silence(void)
{
    if (!quiet && H5Eget_auto2(H5E_DEFAULT, &print_before, &data_before) < 0)
        return;
    quiet = true;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void dt_h5_restore(void)
{
    if (quiet)
        H5Eset_auto2(H5E_DEFAULT, print_before, data_before);
    quiet = false;
}

static herr_t keep_last(unsigned n, const H5E_error2_t *e, void *text)
{
    (void)n;
    if (e->desc && e->desc[0])
        snprintf(text, 256, "%s", e->desc);
    return 0;
}

const char *dt_h5_reason(char text[256])
{
    snprintf(text, 256, "unknown error in HDF5");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_last, text);
    H5Eclear2(H5E_DEFAULT);
    return text;
}

/* What HDF5 would say less clearly. */
static dt_code check_readable(const char *path, dt_error *err)
{
    struct stat info;
    if (stat(path, &info))
        return dt_fail(err, DT_ERR_FILE, errno == ENOENT ? "%s: no such file" : "%s: %s", path,
                       strerror(errno));
    if (S_ISDIR(info.st_mode))
        return dt_fail(err, DT_ERR_FILE, "%s: is a folder, not an HDF5 file", path);
    if (!S_ISREG(info.st_mode)) /* opening a pipe could wait for ever */
        return dt_fail(err, DT_ERR_FILE, "%s: not a regular file, so not an HDF5 file", path);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return dt_fail(err, DT_ERR_FILE, "%s: %s", path, strerror(errno));
    close(fd);
    return dt_footer_check(path, err);
}

static hid_t open_file(const char *path, bool trusted, dt_error *err)
{
    dt_h5_silence();
    if (!trusted && check_readable(path, err))
        return -1;
    hid_t access = dt_reader_access();
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (file < 0 && !(trusted && check_readable(path, err))) {
        char reason[256];
        dt_h5_reason(reason);
        if (strstr(reason, "out of memory") || strstr(reason, "memory allocation failed"))
            dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
        else if (strstr(reason, "truncated"))
            dt_fail(err, DT_ERR_FILE, "%s: the file is truncated: %s", path, reason);
        else if (strstr(reason, DT_READER_WRITING))
            dt_fail(err, DT_ERR_FILE,
                    "%s: another program has it open for writing, or died before it closed it: if "
                    "none is at work on it, h5clear -s %s",
                    path, path);
        else if (H5Fis_hdf5(path) > 0 && strstr(reason, "version"))
            dt_fail(err, DT_ERR_FILE, "%s: cannot be opened: %s%s", path, reason,
                    dt_link_advice(reason));
        else if (H5Fis_hdf5(path) > 0)
            dt_fail(err, DT_ERR_FILE, "%s: damaged HDF5 file: %s", path, reason);
        else
            dt_file_format_refuse(path, err);
        H5Eclear2(H5E_DEFAULT);
    }
    H5Pclose(access);
    return file;
}

hid_t dt_h5_open(const char *path, dt_error *err)
{
    return open_file(path, false, err);
}

hid_t dt_h5_open_trusted(const char *path, dt_error *err)
{
    return open_file(path, true, err);
}

bool dt_h5_is_whole(hid_t file, const char *path)
{
    struct stat info;
    haddr_t end = 0;
    return dt_footer_exists(path) || stat(path, &info) < 0 || H5Fget_eoa(file, &end) < 0 ||
           (haddr_t)info.st_size <= end;
}

/* HDF5 1.12 has another structure for a link, and another function that passes it. */
#if H5_VERSION_GE(1, 12, 0)
typedef H5L_info2_t link_info;
#define visit_links H5Lvisit2
#else
typedef H5L_info_t link_info;
#define visit_links H5Lvisit
#endif

typedef struct {
    dt_h5_visitor *visit;
    void *data;
} dataset_filter;

/* What cannot be opened may be one. */
static herr_t pass_dataset(hid_t root, const char *name, const link_info *info, void *filter)
{
    const dataset_filter *f = filter;
    (void)info;
    hid_t object = H5Oopen(root, name, H5P_DEFAULT);
    bool other = object >= 0 && H5Iget_type(object) != H5I_DATASET;
    if (object >= 0)
        H5Oclose(object);
    return other ? 0 : f->visit(root, name, f->data);
}

herr_t dt_h5_visit_datasets(hid_t root, dt_h5_visitor *visit, void *data)
{
    dataset_filter filter = {.visit = visit, .data = data};
    return visit_links(root, H5_INDEX_NAME, H5_ITER_INC, pass_dataset, &filter);
}

typedef struct {
    char *text;
    size_t room;
    int n;
} listing;

static herr_t list_dataset(hid_t root, const char *name, void *data)
{
    enum { MAX_LISTED = 8 };
    listing *l = data;
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
    if (set < 0)
        return 0;
    H5Dclose(set);
    if (++l->n > MAX_LISTED)
        return 1;
    int written = l->n == MAX_LISTED
                      ? snprintf(l->text, l->room, ", ...")
                      : snprintf(l->text, l->room, "%s\"%s\"", l->n > 1 ? ", " : "", name);
    if (written < 0 || (size_t)written >= l->room)
        return 1;
    l->text += written;
    l->room -= (size_t)written;
    return 0;
}

hid_t dt_h5_open_dataset(hid_t file, const char *path, const char *name, const char *advice,
                         dt_error *err)
{
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    char reason[256], why[DT_LINK_TEXT];
    if (object >= 0 && H5Iget_type(object) == H5I_DATASET)
        return object;
    if (object < 0 && dt_link_explain(file, name, dt_h5_reason(reason), why)) {
        dt_fail(err, DT_ERR_DATA, "%s: \"%s\" %s", path, name, why);
        return -1;
    }
    char datasets[512] = "";
    listing l = {.text = datasets, .room = sizeof datasets, .n = 0};
    dt_h5_visit_datasets(file, list_dataset, &l);
    dt_fail(err, DT_ERR_DATA, "%s: %s \"%s\" (it has %s%s)", path,
            object < 0 ? "no dataset" : "not a dataset:", name, l.n ? datasets : "none", advice);
    if (object >= 0)
        H5Oclose(object);
    H5Eclear2(H5E_DEFAULT);
    return -1;
}
