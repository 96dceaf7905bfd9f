#include "file/link.h"

#include "core/line.h"
#include "file/h5.h"
#include "file/reader.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TARGET = 240 /* bytes of a link's target that a message shows */ };

/* HDF5's reason for a link that leads nowhere; empty: it leads somewhere. */
static void try_link(hid_t root, const char *path, char reason[256])
{
    hid_t object = H5Oopen(root, path, H5P_DEFAULT);
    reason[0] = '\0';
    if (object < 0)
        dt_h5_reason(reason);
    else
        H5Oclose(object);
}

static bool is_absence(const char *reason)
{
    return strstr(reason, "doesn't exist") || strstr(reason, "not found");
}

static void describe_soft(const char *target, const char *reason, char text[DT_LINK_TEXT])
{
    bool absent = is_absence(reason);
    snprintf(text, DT_LINK_TEXT, "is a link to \"%.*s\", which %s%s", dt_line_cut(target, TARGET),
             target, absent ? "is not there" : "cannot be opened: ", absent ? "" : reason);
}

/* What is wrong with the file that an external link names; HDF5 tells only that it did not open, in
 * words of its version. Looked for as HDF5 does, beside the file of the link and in the working
 * folder. Returns whether anything is wrong. */
static bool explain_file(hid_t root, const char *name, char text[DT_LINK_TEXT])
{
    char own[PATH_MAX] = "", beside[2 * PATH_MAX], reason[256];
    struct stat info;
    if (H5Fget_name(root, own, sizeof own) <= 0)
        own[0] = '\0';
    snprintf(beside, sizeof beside, "%s/%s", dirname(own), name);
    const char *path = name[0] != '/' && stat(beside, &info) == 0 ? beside : name;
    snprintf(text, DT_LINK_TEXT, "which is missing");
    if (stat(path, &info) != 0)
        return true;
    hid_t access = dt_reader_access(), file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (file < 0)
        snprintf(text, DT_LINK_TEXT, "which cannot be opened: %s", dt_h5_reason(reason));
    else
        H5Fclose(file);
    H5Pclose(access);
    return file < 0;
}

static void describe_external(hid_t root, const void *value, size_t size, const char *reason,
                              char text[DT_LINK_TEXT])
{
    const char *file = "?", *object = "?";
    unsigned flags;
    char why[DT_LINK_TEXT];
    H5Lunpack_elink_val(value, size, &flags, &file, &object);
    bool absent = is_absence(reason);
    if (!explain_file(root, file, why))
        snprintf(why, sizeof why, "where it %s%s",
                 absent ? "is not" : "cannot be opened: ", absent ? "" : reason);
    snprintf(text, DT_LINK_TEXT, "is a link to \"%.*s\" in the file \"%.*s\", %.*s",
             dt_line_cut(object, TARGET / 2), object, dt_line_cut(file, TARGET / 2), file,
             dt_line_cut(why, DT_LINK_TEXT - TARGET - 60), why);
}

/* A link that is soft or external, and leads nowhere. */
static bool explain_link(hid_t root, const char *path, char text[DT_LINK_TEXT])
{
    H5L_info_t info;
    char reason[256];
    if (H5Lget_info(root, path, &info, H5P_DEFAULT) < 0 ||
        (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_EXTERNAL))
        return false;
    try_link(root, path, reason);
    char *value = reason[0] ? calloc(1, info.u.val_size + 1) : NULL;
    bool wrong = value && H5Lget_val(root, path, value, info.u.val_size, H5P_DEFAULT) >= 0;
    if (wrong && info.type == H5L_TYPE_SOFT)
        describe_soft(value, reason, text);
    else if (wrong)
        describe_external(root, value, info.u.val_size, reason, text);
    free(value);
    return wrong;
}

const char *dt_link_advice(const char *reason)
{
    return strstr(reason, "version") ? " (was it written by a newer HDF5? h5py.File(..., "
                                       "libver=(\"earliest\", \"v110\")) "
                                       "there writes what this one reads)"
                                     : "";
}

bool dt_link_explain(hid_t root, const char *name, const char *reason, char text[DT_LINK_TEXT])
{
    bool there = true, explained = false;
    char *path = strdup(name), step[DT_LINK_TEXT];
    for (char *end = path; path && there && !explained && *end; end++) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char separator = *end;
        *end = '\0';
        there = path[strspn(path, "/.")] == '\0' || H5Lexists(root, path, H5P_DEFAULT) > 0;
        explained = there && explain_link(root, path, step);
        if (explained && strcmp(path, name) == 0)
            snprintf(text, DT_LINK_TEXT, "%s", step);
        else if (explained)
            snprintf(text, DT_LINK_TEXT, "cannot be opened: \"%.*s\" %.*s",
                     dt_line_cut(path, TARGET / 2), path, dt_line_cut(step, DT_LINK_TEXT - TARGET),
                     step);
        *end = separator;
        if (!separator)
            break;
    }
    if (there && !explained)
        snprintf(text, DT_LINK_TEXT, "cannot be opened: %s%s", reason, dt_link_advice(reason));
    free(path);
    H5Eclear2(H5E_DEFAULT);
    return there;
}
