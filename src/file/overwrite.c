#include "file/overwrite.h"

#include "file/h5.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

dt_code dt_overwrite_check_name(const char *path, dt_error *err)
{
    static const char *const others[] = {".csv",  ".tsv",  ".txt",     ".npy", ".npz",
                                         ".json", ".xlsx", ".parquet", NULL};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *end = strrchr(name, '.');
    for (int i = 0; end && others[i]; i++)
        if (strcasecmp(end, others[i]) == 0)
            return dt_fail(err, DT_ERR_USAGE,
                           "%s: the output is an HDF5 file, which no name should hide that ends in "
                           "%s: call it %.*s.h5",
                           path, end, (int)(end - path), path);
    return DT_OK;
}

static bool has_dataset(const char *path, const char *dataset)
{
    dt_error unread = {0};
    hid_t file = dt_h5_open(path, &unread);
    hid_t set = file < 0 || H5Lexists(file, dataset, H5P_DEFAULT) <= 0
                    ? -1
                    : H5Dopen2(file, dataset, H5P_DEFAULT);
    bool there = set >= 0;
    if (there)
        H5Dclose(set);
    if (file >= 0)
        H5Fclose(file);
    H5Eclear2(H5E_DEFAULT);
    return there;
}

dt_code dt_overwrite_check(const char *path, const char *dataset, dt_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0 ||
        has_dataset(path, dataset))
        return DT_OK;
    return dt_fail(err, DT_ERR_FILE,
                   "%s: exists, and is not an HDF5 file with a dataset \"%s\", as this command "
                   "writes: it is not replaced; choose another name, or remove it first",
                   path, dataset);
}
