#include "data/external.h"

#include "file/h5.h"
#include "file/reader.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { REASON = 512 }; /* bytes of a text that says why a file cannot be opened */

typedef struct {
    const char *path, *name; /* of the dataset that was asked for */
    dt_fingerprint_set *fingerprints;
    dt_error *err;
} request;

/* ---- Virtual datasets ----------------------------------------------------------------------- */

static void check_set(const request *a, hid_t set, int depth);

/* The folder of the file that a dataset lies in. */
static void folder_of(hid_t set, char folder[PATH_MAX])
{
    char file[PATH_MAX] = "";
    if (H5Fget_name(set, file, sizeof file) <= 0)
        file[0] = '\0';
    snprintf(folder, PATH_MAX, "%s", dirname(file));
}

/* Returns a negative number where there is no such file, and where it cannot be opened: then `why`
 * says it. */
static hid_t open_in(const char *folder, const char *name, char why[REASON])
{
    char path[2 * PATH_MAX + 2], reason[256];
    struct stat info;
    int n = snprintf(path, sizeof path, "%s%s%s", folder, folder[0] ? "/" : "", name);
    if (n < 0 || n >= (int)sizeof path)
        return -1;
    if (stat(path, &info) && (errno == ENOENT || errno == ENOTDIR))
        return -1;
    hid_t access = dt_reader_access(), file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (file < 0)
        snprintf(why, REASON, "%s", dt_h5_reason(reason));
    return file;
}

/* HDF5_VDS_PREFIX: folders, by colons; ${ORIGIN} in front stands for the file's own. */
static hid_t open_in_prefixes(const char *origin, const char *name, char why[REASON])
{
    static const char variable[] = "${ORIGIN}";
    const char *prefixes = getenv("HDF5_VDS_PREFIX");
    hid_t file = -1;
    while (prefixes && *prefixes && file < 0) {
        char folder[2 * PATH_MAX];
        int length = (int)strcspn(prefixes, ":");
        size_t skip = sizeof variable - 1;
        if (strncmp(prefixes, variable, skip) == 0)
            snprintf(folder, sizeof folder, "%s%.*s", origin, length - (int)skip, prefixes + skip);
        else
            snprintf(folder, sizeof folder, "%.*s", length, prefixes);
        file = open_in(folder, name, why);
        prefixes += length + (prefixes[length] == ':');
    }
    return file;
}

/* Where HDF5 looks: an absolute name as it is, then its last part like any other name, in the
 * folders of HDF5_VDS_PREFIX, beside the virtual dataset's file, and in the working folder. */
static hid_t open_source_file(hid_t set, const char *name, char why[REASON])
{
    char folder[PATH_MAX];
    if (strcmp(name, ".") == 0)
        return H5Iget_file_id(set);
    hid_t file = name[0] == '/' ? open_in("", name, why) : -1;
    if (name[0] == '/')
        name = strrchr(name, '/') + 1;
    folder_of(set, folder);
    if (file < 0)
        file = open_in_prefixes(folder, name, why);
    if (file < 0)
        file = open_in(folder, name, why);
    return file < 0 ? open_in("", name, why) : file;
}

/* The file that the virtual dataset lies in is open all the time, and watched by its reader. */
static dt_code check_same(hid_t set, dt_fingerprint_set *fingerprints, const char *name, hid_t file,
                          dt_error *err)
{
    char folder[PATH_MAX], path[2 * PATH_MAX + 2];
    dt_error why = {0};
    if (strcmp(name, ".") == 0)
        return DT_OK;
    folder_of(set, folder);
    if (H5Fget_name(file, path, sizeof path) <= 0)
        return dt_fail(err, DT_ERR_DATA, "cannot be read: it has no name");
    if (dt_fingerprint_set_check(fingerprints, folder, name, path, &why))
        dt_fail(err, why.code, "cannot be read: %s", why.text);
    return err->code;
}

/* Of a dataset that did not open. */
static dt_absent explain_absence(hid_t file, const char *name, const char *reason, dt_error *err)
{
    if (H5Lexists(file, name, H5P_DEFAULT) > 0) {
        dt_fail(err, DT_ERR_DATA, "has a dataset \"%s\" that cannot be opened: %s", name, reason);
        return DT_ABSENT_NOTHING;
    }
    dt_fail(err, DT_ERR_DATA, "has no dataset \"%s\"", name);
    return DT_ABSENT_DATASET;
}

dt_code dt_external_open(hid_t set, dt_fingerprint_set *fingerprints, const char *file_name,
                         const char *set_name, hid_t *file, hid_t *source, dt_absent *absent,
                         dt_error *err)
{
    char why[REASON] = "", reason[256];
    *source = -1;
    *file = open_source_file(set, file_name, why);
    *absent = *file < 0 && !why[0] ? DT_ABSENT_FILE : DT_ABSENT_NOTHING;
    if (*absent == DT_ABSENT_FILE)
        return dt_fail(err, DT_ERR_DATA, "is missing");
    if (*file < 0)
        return dt_fail(err, DT_ERR_DATA, "cannot be opened: %s", why);
    if (!check_same(set, fingerprints, file_name, *file, err)) {
        *source = H5Dopen2(*file, set_name, H5P_DEFAULT);
        if (*source >= 0)
            return DT_OK;
        dt_h5_reason(reason);
        *absent = explain_absence(*file, set_name, reason, err);
    }
    H5Fclose(*file);
    *file = -1;
    return err->code;
}

void dt_external_name(const char *pattern, int64_t number, char name[PATH_MAX])
{
    size_t n = 0;
    for (const char *c = pattern; *c && n < PATH_MAX - 24; c++) {
        if (c[0] == '%' && c[1] == 'b')
            n += (size_t)snprintf(name + n, 24, "%lld", (long long)number);
        else
            name[n++] = *c;
        c += c[0] == '%' && (c[1] == 'b' || c[1] == '%');
    }
    name[n] = '\0';
}

/* The message for whoever asked of the whole dataset; or of the part alone. */
static void report_source(const request *a, const char *file_name, bool missing, const char *why)
{
    if (!a->path)
        dt_fail(a->err, DT_ERR_DATA, "the file \"%s\" with a part of it %s", file_name, why);
    else
        dt_fail(a->err, DT_ERR_DATA,
                "%s: dataset \"%s\" is virtual, and the file \"%s\" with a part of it %s%s%s",
                a->path, a->name, file_name, why, missing ? "; it belongs beside " : "",
                missing ? a->path : "");
}

static void check_source(const request *a, hid_t set, const char *file_name, const char *set_name,
                         int depth)
{
    hid_t file, source;
    dt_absent absent;
    dt_error why = {0};
    if (dt_external_open(set, a->fingerprints, file_name, set_name, &file, &source, &absent,
                         &why)) {
        report_source(a, file_name, absent == DT_ABSENT_FILE, why.text);
        return;
    }
    if (depth < DT_EXTERNAL_DEPTH)
        check_set(a, source, depth + 1);
    else /* HDF5 would follow a circle until the stack is used up */
        report_source(a, file_name, false,
                      "is virtual in turn, deeper than can be followed or in a circle");
    H5Dclose(source);
    H5Fclose(file);
}

static void check_virtual(const request *a, hid_t set, hid_t plist, int depth)
{
    enum { FILE_NAME, SET_NAME, NAMES };
    char name[NAMES][PATH_MAX], before[NAMES][PATH_MAX] = {"", ""}, pattern[PATH_MAX];
    size_t count = 0;
    H5Pget_virtual_count(plist, &count);
    for (size_t i = 0; i < count && !a->err->code; i++) {
        if (H5Pget_virtual_filename(plist, i, pattern, PATH_MAX) < 0)
            continue;
        dt_external_name(pattern, 0, name[FILE_NAME]);
        if (H5Pget_virtual_dsetname(plist, i, pattern, PATH_MAX) < 0)
            continue;
        dt_external_name(pattern, 0, name[SET_NAME]);
        if (strcmp(name[FILE_NAME], before[FILE_NAME]) || strcmp(name[SET_NAME], before[SET_NAME]))
            check_source(a, set, name[FILE_NAME], name[SET_NAME], depth);
        memcpy(before, name, sizeof before);
    }
}

/* ---- External storage ----------------------------------------------------------------------- */

/* The path of an external file: HDF5 counts from the working folder, or from HDF5_EXTFILE_PREFIX.
 */
static void external_path(hid_t set, const char *name, char path[3 * PATH_MAX])
{
    static const char variable[] = "${ORIGIN}";
    const char *prefix = getenv("HDF5_EXTFILE_PREFIX");
    char folder[PATH_MAX] = "";
    if (name[0] == '/' || !prefix || !prefix[0] || strcmp(prefix, ".") == 0) {
        snprintf(path, 3 * PATH_MAX, "%s", name);
        return;
    }
    if (strncmp(prefix, variable, sizeof variable - 1) == 0) {
        folder_of(set, folder);
        prefix += sizeof variable - 1;
    }
    snprintf(path, 3 * PATH_MAX, "%s%s/%s", folder, prefix, name);
}

static void check_raw(const request *a, const char *whose, const char *name, const char *path)
{
    dt_error why = {0};
    if (dt_fingerprint_set_check(a->fingerprints, "", path, path, &why))
        dt_fail(a->err, why.code, "%s lies in the external file \"%s\": %s", whose, name, why.text);
}

static void check_external(const request *a, hid_t set, hid_t plist)
{
    char name[PATH_MAX], path[3 * PATH_MAX], whose[PATH_MAX];
    if (a->path)
        snprintf(whose, sizeof whose, "%s: dataset \"%s\"", a->path, a->name);
    else
        snprintf(whose, sizeof whose, "a part of it");
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    hsize_t left = (hsize_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type), size = 0;
    for (int i = 0; i < H5Pget_external_count(plist) && !a->err->code; i++, left -= size) {
        off_t offset = 0;
        struct stat info;
        if (H5Pget_external(plist, (unsigned)i, sizeof name, name, &offset, &size) < 0)
            break;
        if (size == H5F_UNLIMITED || size > left)
            size = left;
        external_path(set, name, path);
        if (stat(path, &info))
            dt_fail(a->err, DT_ERR_DATA,
                    "%s lies in the external file \"%s\": %s (HDF5 looks for it in "
                    "the working folder; HDF5_EXTFILE_PREFIX='${ORIGIN}' in the environment makes "
                    "that the folder of the HDF5 file)",
                    whose, name, errno == ENOENT ? "no such file" : strerror(errno));
        else if (!S_ISREG(info.st_mode)) /* opening a pipe would wait for ever */
            dt_fail(a->err, DT_ERR_DATA,
                    "%s lies in the external file \"%s\", which is not a regular "
                    "file",
                    whose, name);
        else if ((hsize_t)info.st_size >= (hsize_t)offset + size)
            check_raw(a, whose, name, path);
        else
            dt_fail(a->err, DT_ERR_DATA,
                    "%s lies in the external file \"%s\", which is truncated: "
                    "%llu bytes of %llu",
                    whose, name, (unsigned long long)info.st_size,
                    (unsigned long long)((hsize_t)offset + size));
    }
    H5Tclose(type);
    H5Sclose(space);
}

static void check_set(const request *a, hid_t set, int depth)
{
    hid_t plist = H5Dget_create_plist(set);
    if (H5Pget_layout(plist) == H5D_VIRTUAL)
        check_virtual(a, set, plist, depth);
    else if (H5Pget_external_count(plist) > 0)
        check_external(a, set, plist);
    H5Pclose(plist);
    H5Eclear2(H5E_DEFAULT);
}

dt_code dt_external_check(hid_t set, dt_fingerprint_set *fingerprints, const char *path,
                          const char *name, dt_error *err)
{
    request a = {.path = path, .name = name, .fingerprints = fingerprints, .err = err};
    check_set(&a, set, 0);
    return err->code;
}
