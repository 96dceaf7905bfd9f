/* Data files: an input is a sequence of choices of how x and y are stored, most of them odd. The
 * files are written by HDF5, so that what is damaged is what they mean, not what they are made of:
 * of that HDF5 itself may crash. Then what info, training and prediction do: describe, open, read
 * through. */
#include "fuzz/fuzz.h"

#include "data/data_file.h"
#include "data/describe.h"
#include "data/scan.h"
#include "file/h5.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WRITTEN = 1 << 14, MAX_READ = 1 << 18 /* bytes */ };

/* ---- Writing -------------------------------------------------------------------------------- */

/* A number type of any width. */
static hid_t make_odd_number(fuzz_choices *c)
{
    bool is_float = fuzz_choose(c, 2);
    hid_t type = H5Tcopy(is_float ? H5T_IEEE_F32LE : H5T_STD_I32LE);
    size_t size = (size_t[]){1, 2, 3, 5, 8, 16, 17, 4096}[fuzz_choose(c, 8)];
    if (is_float && size >= 2 && fuzz_choose(c, 2)) {
        H5Tset_fields(type, 15, 10, 5, 0, 10);
        H5Tset_ebias(type, 15);
    }
    H5Tset_size(type, size);
    if (fuzz_choose(c, 2))
        H5Tset_precision(type, 1 + fuzz_choose(c, 31));
    if (fuzz_choose(c, 2))
        H5Tset_offset(type, fuzz_choose(c, 9));
    return type;
}

static hid_t make_enumeration(fuzz_choices *c)
{
    hid_t type = H5Tenum_create(fuzz_choose(c, 2) ? H5T_STD_I8LE : H5T_STD_U16BE);
    int16_t value = 0;
    H5Tenum_insert(type, "FALSE", &value);
    memset(&value, 1, sizeof value);
    H5Tenum_insert(type, "TRUE", &value);
    return type;
}

static hid_t make_type(fuzz_choices *c)
{
    const hid_t number[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE,
                            H5T_STD_U8LE,   H5T_STD_I8LE,   H5T_STD_U16BE,  H5T_STD_I32LE,
                            H5T_STD_I64BE,  H5T_STD_U64LE,  H5T_STD_B8LE,   H5T_STD_B32BE};
    unsigned which = fuzz_choose(c, 20);
    hid_t type;
    switch (which) {
    case 12:
        return make_odd_number(c);
    case 13:
        return make_enumeration(c);
    case 14:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, (size_t[]){1, 7, H5T_VARIABLE, (size_t)1 << 31}[fuzz_choose(c, 4)]);
        return type;
    case 15:
        type = H5Tcreate(H5T_COMPOUND, 12);
        H5Tinsert(type, "a", 0, H5T_STD_I32LE);
        H5Tinsert(type, "b", 4, H5T_IEEE_F64LE);
        return type;
    case 16:
        return H5Tarray_create2(H5T_IEEE_F32LE, 1, (const hsize_t[]){1 + fuzz_choose(c, 3)});
    case 17:
        return H5Tcreate(H5T_OPAQUE, 1 + fuzz_choose(c, 9));
    case 18:
        return H5Tvlen_create(H5T_STD_I32LE);
    case 19:
        return H5Tcopy(H5T_STD_REF_OBJ);
    default:
        return H5Tcopy(number[which]);
    }
}

static int choose_dims(fuzz_choices *c, hsize_t dim[4])
{
    static const hsize_t plain[] = {1, 2, 3, 5, 8, 12, 60, 300};
    int dims = 1 + (int)fuzz_choose(c, 4);
    for (int d = 0; d < dims; d++)
        dim[d] = fuzz_choose(c, 8) ? plain[fuzz_choose(c, 8)] : (hsize_t)fuzz_choose_integer(c);
    return dims;
}

static hid_t choose_space(fuzz_choices *c, int dims, const hsize_t *dim)
{
    switch (fuzz_choose(c, 16)) {
    case 1:
        return H5Screate(H5S_SCALAR);
    case 2:
        return H5Screate(H5S_NULL);
    case 3:
        return H5Screate_simple(
            dims, dim,
            (const hsize_t[]){H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED});
    default:
        return H5Screate_simple(dims, dim, NULL);
    }
}

static void choose_chunks(fuzz_choices *c, hid_t create, int dims, const hsize_t *dim)
{
    hsize_t chunk[4];
    for (int d = 0; d < dims; d++) {
        unsigned how = fuzz_choose(c, 4);
        chunk[d] = how == 0   ? dim[d]
                   : how == 1 ? 1
                   : how == 2 ? 1 + fuzz_choose(c, 9)
                              : (hsize_t)fuzz_choose_integer(c);
    }
    H5Pset_chunk(create, dims, chunk);
    if (fuzz_choose(c, 2))
        H5Pset_shuffle(create);
    if (fuzz_choose(c, 2))
        H5Pset_deflate(create, 1);
    if (fuzz_choose(c, 4) == 1)
        H5Pset_fletcher32(create);
    if (fuzz_choose(c, 4) == 1)
        H5Pset_chunk_opts(create, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
}

static void choose_layout(fuzz_choices *c, hid_t create, hid_t space, int dims, const hsize_t *dim)
{
    static const char *const file[] = {".", "d.h5", "missing.h5", "raw"};
    static const char *const set[] = {"x", "y", "/x", "nothing", "%b", "s"};
    switch (fuzz_choose(c, 8)) {
    case 0:
        H5Pset_layout(create, H5D_COMPACT);
        break;
    case 1:
    case 2:
    case 3:
        choose_chunks(c, create, dims, dim);
        break;
    case 4:
        H5Pset_external(create, fuzz_choose(c, 4) ? "raw" : "/dev/null",
                        (off_t)(fuzz_choose(c, 2) ? 0 : fuzz_choose_integer(c)),
                        fuzz_choose(c, 2) ? H5F_UNLIMITED : (hsize_t)fuzz_choose_integer(c));
        break;
    case 5:
        for (unsigned i = fuzz_choose(c, 3) + 1; i > 0; i--)
            H5Pset_virtual(create, space, file[fuzz_choose(c, 4)], set[fuzz_choose(c, 6)], space);
        break;
    default:
        break;
    }
}

/* What the dataset is said to mean: texts where there should be texts, and where not. */
static void put_attribute(fuzz_choices *c, hid_t set)
{
    static const char *const name[] = {"columns", "classes", "MATLAB_class", "_FillValue"};
    static const char *const text[] = {"a", "b", "a", "", "logical", "\xff", "cat"};
    const char *texts[8];
    const double numbers[8] = {0};
    hsize_t n = fuzz_choose(c, 9);
    hid_t space = fuzz_choose(c, 4) ? H5Screate_simple(1, &n, NULL) : H5Screate(H5S_SCALAR), type;
    for (int i = 0; i < 8; i++)
        texts[i] = text[fuzz_choose(c, 7)];
    bool is_text = fuzz_choose(c, 4);
    if (is_text) {
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
    } else {
        type = H5Tcopy(H5T_NATIVE_DOUBLE);
    }
    hid_t attribute =
        H5Acreate2(set, name[fuzz_choose(c, 4)], type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        if (fuzz_choose(c, 8))
            H5Awrite(attribute, type, is_text ? (const void *)texts : numbers);
        H5Aclose(attribute);
    }
    H5Tclose(type);
    H5Sclose(space);
}

static bool has_filter(hid_t create, H5Z_filter_t filter)
{
    unsigned flags, config;
    size_t n = 0;
    return H5Pget_layout(create) == H5D_CHUNKED &&
           H5Pget_filter_by_id2(create, filter, &flags, &n, NULL, 0, NULL, &config) >= 0;
}

static void write_values(fuzz_choices *c, hid_t set, hid_t type)
{
    static uint8_t values[MAX_WRITTEN];
    hid_t space = H5Dget_space(set), create = H5Dget_create_plist(set);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    bool is_plain = H5Pget_layout(create) != H5D_VIRTUAL && H5Tget_class(type) != H5T_VLEN &&
                    H5Tis_variable_str(type) <= 0 && H5Tget_class(type) != H5T_REFERENCE;
    for (int i = 0; i < MAX_WRITTEN; i++)
        values[i] = i < 256 ? (uint8_t)fuzz_choose(c, 256) : values[i % 256];
    if (n > 0 && size <= MAX_WRITTEN && (size_t)n <= MAX_WRITTEN / size && is_plain &&
        fuzz_choose(c, 8))
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    else if (n > 0 && has_filter(create, H5Z_FILTER_DEFLATE) &&
             !has_filter(create, H5Z_FILTER_FLETCHER32))
        /* It does not unpack. Of other filters HDF5 reads past the end of a chunk that is short. */
        H5Dwrite_chunk(set, H5P_DEFAULT, 0, (const hsize_t[4]){0}, 1 + fuzz_choose(c, 200), values);
    H5Pclose(create);
    H5Sclose(space);
}

static void put_set(fuzz_choices *c, hid_t file, const char *name)
{
    static const char *const other[] = {"/x", "/y", "/g", "nowhere"};
    hsize_t dim[4];
    switch (fuzz_choose(c, 24)) {
    case 1:
        H5Lcreate_soft(other[fuzz_choose(c, 4)], file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 2:
        H5Lcreate_external(fuzz_choose(c, 2) ? "d.h5" : "/dev/zero", other[fuzz_choose(c, 4)], file,
                           name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 3:
        H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        return;
    default:
        break;
    }
    int dims = choose_dims(c, dim);
    hid_t type = make_type(c), space = choose_space(c, dims, dim);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    choose_layout(c, create, space, dims, dim);
    hid_t set = space < 0 || type < 0
                    ? -1
                    : H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (set >= 0) {
        write_values(c, set, type);
        for (unsigned i = fuzz_choose(c, 3); i > 0; i--)
            put_attribute(c, set);
        H5Dclose(set);
    }
    H5Pclose(create);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
}

/* Returns false where HDF5 does not write such a file. */
static bool write_file(fuzz_choices *c)
{
    static const uint8_t raw[4096] = {1};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (fuzz_choose(c, 2))
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    fuzz_put_file("raw", raw, fuzz_choose(c, sizeof raw));
    hid_t file = H5Fcreate("d.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    put_set(c, file, "x");
    put_set(c, file, "y");
    return H5Fclose(file) >= 0;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void read_rows(dt_data_file *s, int64_t row, int64_t n)
{
    static char rows[MAX_READ];
    const dt_data_file_info *f = dt_data_file_get_info(s);
    dt_error err = {0};
    dt_data_file_read_x(s, row, n, rows, &err);
    for (int kind = DT_Y_TARGETS; kind <= DT_Y_PROBABILITIES && f->y_name && f->y_width > 0;
         kind++) {
        err = (dt_error){0};
        dt_data_file_read_y(s, (dt_y_kind)kind, row, n, rows, &err);
    }
}

static void read_file(const char *y)
{
    dt_data_file *s;
    dt_error err = {0};
    if (dt_data_file_open(&s, "d.h5", "x", y, &err))
        return;
    const dt_data_file_info *f = dt_data_file_get_info(s);
    if (f->rows < 1 || f->features < 1 || f->chunk_rows < 1)
        fuzz_fail("a data set without a size was taken");
    int64_t width = f->features > f->y_width ? f->features : f->y_width, n = MAX_READ / 8;
    if (width <= n) {
        n = n / width < f->rows ? n / width : f->rows;
        read_rows(s, 0, n);
        read_rows(s, f->rows - n, n);
        read_rows(s, f->rows / 2, 1);
    }
    dt_data_file_close(s);
}

static void read_through(FILE *nowhere)
{
    dt_error err = {0};
    hid_t file = dt_h5_open("d.h5", &err);
    if (file < 0)
        return;
    dt_describe_data(file, "d.h5", nowhere, &err);
    for (int i = 0; i < 2; i++) {
        dt_scan scan;
        dt_data_file *s;
        err = (dt_error){0};
        if (dt_data_file_open(&s, "d.h5", i ? "y" : "x", NULL, &err))
            continue;
        int64_t values = dt_data_file_get_info(s)->rows * dt_data_file_get_info(s)->features;
        if (values < MAX_READ) {
            dt_scan_columns(&scan, dt_data_file_x(s), i, NULL, &err);
            dt_scan_free(&scan);
        }
        dt_data_file_close(s);
    }
    H5Fclose(file);
}

static ssize_t count_open(void)
{
    return H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE | H5F_OBJ_DATASET);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static FILE *nowhere;
    fuzz_choices choices = {.bytes = bytes, .n = n};
    fuzz_enter_folder();
    fuzz_leave_open(); /* files that HDF5 does not write */
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    if (!write_file(&choices))
        return 0;
    ssize_t before = count_open(); /* what HDF5 failed to close in writing */
    read_file("y");
    read_file(NULL);
    read_through(nowhere);
    if (count_open() != before)
        fuzz_fail("a file or a dataset was not closed");
    return 0;
}

/* Choices at random, as they have no form. */
size_t fuzz_seed(int i, uint8_t *bytes)
{
    enum { N = 400 };
    uint32_t value = 12345u + (uint32_t)i;
    for (int k = 0; k < N; k++) {
        value = value * 1664525u + 1013904223u;
        bytes[k] = (uint8_t)(value >> 24);
    }
    return i < 40 ? N : 0;
}
