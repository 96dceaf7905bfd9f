#include "data/virtual.h"

#include "data/external.h"
#include "file/h5.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* One part: a selection of a dataset of another file is a selection of the virtual one. */
typedef struct {
    char *file, *name;  /* owned; of the dataset that has the values */
    hid_t from, to;     /* the two selections; to is of the virtual dataset */
    hsize_t begin, end; /* rows of the virtual dataset that the part lies in */
} part;

struct dt_virtual {
    hid_t set;                        /* borrowed */
    dt_fingerprint_set *fingerprints; /* borrowed */
    hid_t plist;
    size_t n;
    part *part;   /* [n] */
    bool by_hdf5; /* parts that grow, or whose names are counted: their selections are HDF5's */
    int depth;    /* 0, or of a virtual dataset that is part of another */
    /* The dataset that was read last, mostly read next too. */
    const part *last; /* NULL: none is open */
    hid_t file, source;
    dt_virtual *inner; /* of a source that is virtual itself; else NULL */
};

static dt_code cannot_read(dt_error *err)
{
    char text[256];
    return dt_fail(err, DT_ERR_DATA, "cannot be read: %s", dt_h5_reason(text));
}

/* What of a selection `from` is also in `with`, as a selection of `to`, which is as large as
 * `from`. Negative after an error. HDF5 1.10.5 and older have no such function. */
static hid_t project_selection(hid_t from, hid_t to, hid_t with)
{
#if H5_VERSION_GE(1, 10, 6)
    return H5Sselect_project_intersection(from, to, with);
#else
    (void)from, (void)to, (void)with;
    return H5I_INVALID_HID;
#endif
}

/* ---- The parts ------------------------------------------------------------------------------ */

typedef ssize_t (*name_of_part)(hid_t plist, size_t i, char *name, size_t size);

/* To be freed; NULL after an error. */
static char *copy_name(hid_t plist, size_t i, name_of_part get, dt_error *err)
{
    ssize_t n = get(plist, i, NULL, 0);
    char *name = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (name && get(plist, i, name, (size_t)n + 1) >= 0)
        return name;
    free(name);
    cannot_read(err);
    return NULL;
}

/* Rows that a selection lies in; none: begin is end. */
static void find_rows(hid_t space, hsize_t *begin, hsize_t *end)
{
    hsize_t low[H5S_MAX_RANK] = {0}, high[H5S_MAX_RANK] = {0};
    *begin = *end = 0;
    if (H5Sget_select_npoints(space) <= 0 || H5Sget_select_bounds(space, low, high) < 0)
        return;
    *begin = low[0];
    *end = high[0] + 1;
}

/* In names "%b" stands for 0, 1, ...: as many as there are. */
static bool is_pattern(const char *name)
{
    return strchr(name, '%') != NULL;
}

static dt_code inspect_part(dt_virtual *v, size_t i, hid_t space, dt_error *err)
{
    part *p = &v->part[i];
    *p = (part){.from = H5Pget_virtual_srcspace(v->plist, i),
                .to = H5Pget_virtual_vspace(v->plist, i),
                .file = copy_name(v->plist, i, H5Pget_virtual_filename, err),
                .name = copy_name(v->plist, i, H5Pget_virtual_dsetname, err)};
    v->n = i + 1;
    if (p->from < 0 || p->to < 0 || err->code)
        return cannot_read(err);
    if (H5Sget_select_type(p->to) == H5S_SEL_ALL)
        H5Sextent_copy(p->to, space); /* HDF5 may not know it */
    if (H5Sget_select_npoints(p->to) < 0 || is_pattern(p->file) || is_pattern(p->name))
        v->by_hdf5 = true;
    find_rows(p->to, &p->begin, &p->end);
    return DT_OK;
}

/* Of the files that names with a number stand for, as many as there are: one that is there and
 * cannot be opened would be the end of them to HDF5. */
static int64_t count_numbered(const dt_virtual *v, const part *p, int64_t max, dt_error *err)
{
    char file_name[PATH_MAX], name[PATH_MAX];
    for (int64_t i = 0; i < max; i++) {
        dt_error why = {0};
        hid_t file, source;
        dt_absent absent;
        dt_external_name(p->file, i, file_name);
        dt_external_name(p->name, i, name);
        if (dt_external_open(v->set, v->fingerprints, file_name, name, &file, &source, &absent,
                             &why)) {
            if (absent == DT_ABSENT_NOTHING)
                dt_fail(err, DT_ERR_DATA, "the file \"%s\" with a part of it %s", file_name,
                        why.text);
            return i;
        }
        H5Dclose(source);
        H5Fclose(file);
    }
    return max;
}

/* HDF5 is to open all files at a time. */
static dt_code check_limit(const dt_virtual *v, dt_error *err)
{
    enum { OTHERS = 64 }; /* files of the program's own, and of MPI's */
    struct rlimit limit;
    int64_t files = 0, max = INT64_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT32_MAX)
        max = (int64_t)limit.rlim_cur - OTHERS;
    for (size_t i = 0; i < v->n && files <= max && !err->code; i++)
        files += is_pattern(v->part[i].file) ? count_numbered(v, &v->part[i], max + 1, err) : 1;
    if (files <= max)
        return err->code;
    return dt_fail(err, DT_ERR_DATA,
                   "it is made of more files than may be open at a time (%lld): ulimit -n",
                   (long long)limit.rlim_cur);
}

/* Of a numbered part that cannot be opened HDF5 1.14 says only that it does not know the extent.
 * Then the parts are looked at all the same, to name the file. */
static dt_code inspect_parts(dt_virtual *v, dt_error *err)
{
    size_t n = 0;
    dt_error why = {0};
    hid_t space = H5Dget_space(v->set);
    if (space < 0)
        cannot_read(&why);
    if (H5Pget_virtual_count(v->plist, &n) < 0)
        cannot_read(err);
    v->part = calloc(n ? n : 1, sizeof *v->part);
    if (!v->part)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for its parts");
    for (size_t i = 0; i < n && !err->code; i++)
        inspect_part(v, i, space, err);
    if (!err->code && v->by_hdf5)
        check_limit(v, err);
    if (!err->code && why.code)
        *err = why;
    if (space >= 0)
        H5Sclose(space);
    return err->code;
}

static dt_code open_parts(dt_virtual **parts, hid_t set, dt_fingerprint_set *fingerprints,
                          int depth, dt_error *err)
{
    hid_t plist = H5Dget_create_plist(set);
    *parts = NULL;
    if (plist < 0)
        return cannot_read(err);
    if (H5Pget_layout(plist) != H5D_VIRTUAL) {
        H5Pclose(plist);
        return DT_OK;
    }
    dt_virtual *v = calloc(1, sizeof *v);
    if (!v) {
        H5Pclose(plist);
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for its parts");
    }
    *v = (dt_virtual){.set = set,
                      .fingerprints = fingerprints,
                      .plist = plist,
                      .depth = depth,
                      .file = -1,
                      .source = -1};
    v->by_hdf5 = !H5_VERSION_GE(1, 10, 6);
    if (depth > DT_EXTERNAL_DEPTH)
        dt_fail(err, DT_ERR_DATA, "virtual datasets of virtual datasets, more than %d deep",
                DT_EXTERNAL_DEPTH);
    else
        inspect_parts(v, err);
    H5Eclear2(H5E_DEFAULT);
    if (err->code)
        dt_virtual_close(v);
    else
        *parts = v;
    return err->code;
}

dt_code dt_virtual_open(dt_virtual **parts, hid_t set, dt_fingerprint_set *fingerprints,
                        dt_error *err)
{
    return open_parts(parts, set, fingerprints, 0, err);
}

static void close_source(dt_virtual *v)
{
    dt_virtual_close(v->inner);
    if (v->source >= 0)
        H5Dclose(v->source);
    if (v->file >= 0)
        H5Fclose(v->file);
    v->inner = NULL;
    v->last = NULL;
    v->file = v->source = -1;
}

void dt_virtual_close(dt_virtual *v)
{
    if (!v)
        return;
    close_source(v);
    for (size_t i = 0; i < v->n; i++) {
        free(v->part[i].file);
        free(v->part[i].name);
        if (v->part[i].from >= 0)
            H5Sclose(v->part[i].from);
        if (v->part[i].to >= 0)
            H5Sclose(v->part[i].to);
    }
    free(v->part);
    H5Pclose(v->plist);
    free(v);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static dt_code open_source(dt_virtual *v, const part *p, dt_error *err)
{
    if (v->last && strcmp(v->last->file, p->file) == 0 && strcmp(v->last->name, p->name) == 0)
        return DT_OK;
    close_source(v);
    dt_absent absent;
    dt_external_open(v->set, v->fingerprints, p->file, p->name, &v->file, &v->source, &absent, err);
    if (!err->code && !open_parts(&v->inner, v->source, v->fingerprints, v->depth + 1, err))
        v->last = p;
    if (err->code)
        close_source(v);
    return err->code;
}

/* The selection of a part's source that is wanted, in the source's extent, beyond which HDF5 then
 * refuses to read. Negative after an error. */
static hid_t select_source(const dt_virtual *v, const part *p, hid_t wanted)
{
    hid_t extent = H5Dget_space(v->source), all = H5Scopy(p->from);
    if (H5Sget_select_type(all) == H5S_SEL_ALL)
        H5Sextent_copy(all, extent);
    hid_t selected = project_selection(p->to, all, wanted);
    if (selected >= 0)
        H5Sextent_copy(selected, extent);
    H5Sclose(all);
    H5Sclose(extent);
    return selected;
}

static dt_code read_source(dt_virtual *v, hid_t from, hid_t to, hid_t type, void *out,
                           dt_error *err)
{
    hsize_t begin, end;
    find_rows(from, &begin, &end);
    if (v->inner)
        return dt_virtual_read(v->inner, from, begin, end, to, type, out, err);
    if (H5Dread(v->source, type, to, from, H5P_DEFAULT, out) < 0)
        return cannot_read(err);
    return dt_external_check(v->source, v->fingerprints, NULL, NULL,
                             err); /* raw files, of which it says nothing */
}

/* What is wanted of one part, to where it belongs in memory. */
static dt_code read_part(dt_virtual *v, const part *p, hid_t wanted, hid_t memory, hid_t type,
                         void *out, dt_error *err)
{
    dt_error why = {0};
    hid_t to = project_selection(wanted, memory, p->to), from = -1;
    if (to < 0)
        cannot_read(&why);
    else if (H5Sget_select_npoints(to) > 0 && !open_source(v, p, &why)) {
        from = select_source(v, p, wanted);
        if (from < 0)
            cannot_read(&why);
        else
            read_source(v, from, to, type, out, &why);
    }
    if (from >= 0)
        H5Sclose(from);
    if (to >= 0)
        H5Sclose(to);
    return why.code
               ? dt_fail(err, why.code, "the file \"%s\" with a part of it %s", p->file, why.text)
               : DT_OK;
}

/* What no part has: the dataset's fill value. */
static dt_code fill_missing(const dt_virtual *v, hid_t memory, hid_t type, void *out, dt_error *err)
{
    H5D_fill_value_t status = H5D_FILL_VALUE_UNDEFINED;
    void *value = calloc(1, H5Tget_size(type));
    if (!value)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for a fill value");
    if (H5Pfill_value_defined(v->plist, &status) >= 0 && status == H5D_FILL_VALUE_USER_DEFINED &&
        H5Pget_fill_value(v->plist, type, value) < 0)
        cannot_read(err);
    if (!err->code && H5Dfill(value, type, out, type, memory) < 0)
        cannot_read(err);
    free(value);
    return err->code;
}

/* HDF5 opens a source when rows of it are read first, and keeps it open: see that they can be
 * opened still, and that all are what they were when they were looked at. */
static dt_code read_by_hdf5(dt_virtual *v, hid_t wanted, hid_t memory, hid_t type, void *out,
                            dt_error *err)
{
    if (H5Dread(v->set, type, memory, wanted, H5P_DEFAULT, out) < 0)
        return cannot_read(err);
    if (dt_external_check(v->set, v->fingerprints, NULL, NULL, err))
        return err->code;
    return dt_fingerprint_set_check_all(v->fingerprints, err);
}

dt_code dt_virtual_read(dt_virtual *v, hid_t wanted, hsize_t begin, hsize_t end, hid_t memory,
                        hid_t type, void *out, dt_error *err)
{
    if (v->by_hdf5)
        return read_by_hdf5(v, wanted, memory, type, out, err);
    if (fill_missing(v, memory, type, out, err))
        return err->code;
    for (size_t i = 0; i < v->n && !err->code; i++)
        if (v->part[i].begin < end && begin < v->part[i].end)
            read_part(v, &v->part[i], wanted, memory, type, out, err);
    return err->code;
}
