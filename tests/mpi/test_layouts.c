/* The same values, stored in every type and layout that a file may come with, train to the same
 * bits in every loss and every weight as plain contiguous ones. */
#pragma GCC diagnostic ignored                                                                     \
    "-Wmissing-field-initializers" /* rows of a table leave out what is 0 */

#include "mpi/support.h"

#include <dirent.h>
#include <hdf5.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
    ROWS = 101,
    X_WIDTH = 12,
    Y_WIDTH = 2,
    CHUNK = 8,        /* rows; the last chunk has 5 */
    WRITTEN = 64,     /* rows of the layout that leaves the others to the fill value */
    FILL = 7,         /* that value */
    LAST_STEP = 14,   /* 2 epochs of 7 batches */
    MAX_BYTES = 4096, /* bytes of results */
};

/* Layouts whose values are the same: each kind is compared with its own plain file. */
typedef enum { NUMBERS, BYTES, BITS, FILLED, KINDS } value_kind;

typedef struct layout layout;
struct layout {
    const char *name;
    const char *type; /* kind (float, integer, unsigned, bool), bytes, byte order */
    void (*set)(hid_t create, int dims, const hsize_t *dim); /* NULL: contiguous */
    void (*make)(hid_t file, const layout *l);               /* NULL: x and y, as set says */
    bool latest;                                             /* newest file format */
    int free_dims;                                           /* this many are unlimited */
    bool cube;                                               /* x is 3-D */
    hsize_t userblock;
    H5Z_filter_t filter; /* that the library must have to write; 0: none */
};

static const layout *current; /* for messages */

/* Rank 0 alone makes files and reads results: a check that failed there would leave the others
 * waiting. */
static void must(bool ok, const char *what, int line)
{
    if (ok)
        return;
    print_error("%s: false in line %d: %s\n", current->name, line, what);
    abort();
}
#define MUST(ok) must(ok, #ok, __LINE__)

/* ---- Types and values ----------------------------------------------------------------------- */

static value_kind kind_of(const layout *l)
{
    return l->type[0] == 'u' && l->type[1] == '1' ? BYTES
           : l->type[0] == 'b'                    ? BITS
           : strstr(l->name, "never written")     ? FILLED
                                                  : NUMBERS;
}

static hid_t half(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE); /* as h5py makes it */
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

static hid_t boolean(void)
{
    hid_t type = H5Tenum_create(H5T_STD_I8LE); /* as h5py makes it */
    H5Tenum_insert(type, "FALSE", &(int8_t){0});
    H5Tenum_insert(type, "TRUE", &(int8_t){1});
    return type;
}

static hid_t make_type(const char *text)
{
    size_t bytes = (size_t)(text[1] - '0');
    if (text[0] == 'b')
        return boolean();
    hid_t type = text[0] == 'i'   ? H5Tcopy(H5T_STD_I64LE)
                 : text[0] == 'u' ? H5Tcopy(H5T_STD_U64LE)
                 : bytes == 2     ? half()
                 : bytes == 4     ? H5Tcopy(H5T_IEEE_F32LE)
                                  : H5Tcopy(H5T_IEEE_F64LE);
    if (text[0] != 'f')
        H5Tset_size(type, bytes);
    H5Tset_order(type, text[2] == '>' ? H5T_ORDER_BE : H5T_ORDER_LE);
    return type;
}

/* Whole numbers from 0 to 15, which every type holds. */
static double value_at(value_kind kind, int64_t row, int64_t column)
{
    int64_t hash = (row * 31 + column * 17 + row * column % 7) % 16;
    if (kind == FILLED && row >= WRITTEN)
        return FILL;
    return (double)(kind == BITS ? hash % 2 : hash);
}

static double *make_values(value_kind kind, int64_t width)
{
    double *values = malloc(sizeof(double) * ROWS * (size_t)width);
    for (int64_t i = 0; i < ROWS * width; i++)
        values[i] = value_at(kind, i / width, i % width);
    return values;
}

/* ---- Storing -------------------------------------------------------------------------------- */

static int shape(const layout *l, int64_t width, hsize_t dim[3])
{
    dim[0] = ROWS;
    dim[1] = (hsize_t)width;
    dim[2] = 1;
    if (!l->cube)
        return 2;
    dim[1] = (hsize_t)width / 2;
    dim[2] = 2;
    return 3;
}

/* Values, from row begin on, into rows [begin, begin + n) of a dataset. */
static void store(hid_t set, const layout *l, int dims, const hsize_t *dim, const double *values,
                  hsize_t begin, hsize_t n)
{
    hsize_t start[3] = {begin}, count[3] = {n, dim[1], dim[2]};
    hid_t in_file = H5Dget_space(set), in_memory = H5Screate_simple(dims, count, NULL);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    if (l->type[0] == 'b') { /* HDF5 converts nothing to an enumeration */
        int8_t bits[ROWS * X_WIDTH];
        hid_t type = boolean();
        for (hsize_t i = 0; i < n * dim[1] * dim[2]; i++)
            bits[i] = (int8_t)values[i];
        MUST(H5Dwrite(set, type, in_memory, in_file, H5P_DEFAULT, bits) >= 0);
        H5Tclose(type);
    } else {
        MUST(H5Dwrite(set, H5T_NATIVE_DOUBLE, in_memory, in_file, H5P_DEFAULT, values) >= 0);
    }
    H5Sclose(in_memory);
    H5Sclose(in_file);
}

static hid_t create(hid_t file, const char *name, const layout *l, int dims, const hsize_t *dim)
{
    hsize_t max_dim[3] = {dim[0], dim[1], dim[2]};
    for (int i = 0; i < l->free_dims; i++)
        max_dim[i] = H5S_UNLIMITED;
    hid_t space = H5Screate_simple(dims, dim, max_dim), plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t type = make_type(l->type);
    if (l->set)
        l->set(plist, dims, dim);
    if (strstr(l->name, "external storage"))
        H5Pset_external(plist, name[0] == 'x' ? "layout_x.raw" : "layout_y.raw", 16, 1 << 20);
    if (kind_of(l) == FILLED)
        H5Pset_fill_value(plist, H5T_NATIVE_INT, &(int){FILL});
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    MUST(set >= 0);
    H5Tclose(type);
    H5Pclose(plist);
    H5Sclose(space);
    return set;
}

static void put(hid_t file, const char *name, const layout *l, int64_t width)
{
    hsize_t dim[3];
    int dims = shape(l, width, dim);
    double *values = make_values(kind_of(l), width);
    hid_t set = create(file, name, l, dims, dim);
    store(set, l, dims, dim, values, 0, kind_of(l) == FILLED && l->set ? WRITTEN : ROWS);
    H5Dclose(set);
    free(values);
}

static void put_both(hid_t file, const layout *l)
{
    put(file, "x", l, X_WIDTH);
    put(file, "y", l, Y_WIDTH);
}

/* ---- Layouts -------------------------------------------------------------------------------- */

static void compact(hid_t p, int dims, const hsize_t *dim)
{
    (void)dims, (void)dim;
    H5Pset_layout(p, H5D_COMPACT);
}

static void early(hid_t p, int dims, const hsize_t *dim)
{
    (void)dims, (void)dim;
    H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY);
}

static void rows_of(hid_t p, int dims, const hsize_t *dim, hsize_t rows)
{
    hsize_t chunk[3] = {rows, dim[1], dim[2]};
    H5Pset_chunk(p, dims, chunk);
}

static void rows(hid_t p, int dims, const hsize_t *dim)
{
    rows_of(p, dims, dim, CHUNK);
}

static void single_rows(hid_t p, int dims, const hsize_t *dim)
{
    rows_of(p, dims, dim, 1);
}

static void one_chunk(hid_t p, int dims, const hsize_t *dim)
{
    rows_of(p, dims, dim, ROWS);
    H5Pset_deflate(p, 1);
}

static void large_chunk(hid_t p, int dims, const hsize_t *dim)
{
    (void)dim;
    H5Pset_chunk(p, dims, (hsize_t[]){150, 16, 3});
    H5Pset_deflate(p, 1);
}

static void columns(hid_t p, int dims, const hsize_t *dim)
{
    (void)dim;
    H5Pset_chunk(p, dims, (hsize_t[]){ROWS, 1, 1});
}

static void tiles(hid_t p, int dims, const hsize_t *dim)
{
    H5Pset_chunk(p, dims, (hsize_t[]){10, dim[1] > 5 ? 5 : 1, 1});
    H5Pset_shuffle(p);
    H5Pset_deflate(p, 1);
}

static void early_rows(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    early(p, dims, dim);
}

static void gzip(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_deflate(p, 6);
}

static void shuffle(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_shuffle(p);
}

static void gzip_shuffle(hid_t p, int dims, const hsize_t *dim)
{
    shuffle(p, dims, dim);
    H5Pset_deflate(p, 1);
}

static void bare_edges(hid_t p, int dims, const hsize_t *dim)
{
    gzip_shuffle(p, dims, dim);
    H5Pset_chunk_opts(p, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
}

static void shuffle_last(hid_t p, int dims, const hsize_t *dim)
{
    gzip(p, dims, dim);
    H5Pset_shuffle(p);
}

static void twice(hid_t p, int dims, const hsize_t *dim)
{
    gzip(p, dims, dim);
    H5Pset_deflate(p, 1);
}

static void szip(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_szip(p, H5_SZIP_NN_OPTION_MASK, 8);
}

static void fletcher(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_fletcher32(p);
}

static void gzip_fletcher(hid_t p, int dims, const hsize_t *dim)
{
    gzip_shuffle(p, dims, dim);
    H5Pset_fletcher32(p);
}

static void scale_offset(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_scaleoffset(p, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
}

static void nbit(hid_t p, int dims, const hsize_t *dim)
{
    rows(p, dims, dim);
    H5Pset_nbit(p);
}

/* x and y as soft links into a group. */
static void behind_soft_link(hid_t file, const layout *l)
{
    hid_t group = H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_both(group, l);
    H5Gclose(group);
    H5Lcreate_soft("/train/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("train/y", file, "y", H5P_DEFAULT, H5P_DEFAULT);
}

static void behind_external_link(hid_t file, const layout *l)
{
    hid_t other = H5Fcreate("layout_other.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_both(other, l);
    H5Fclose(other);
    H5Lcreate_external("layout_other.h5", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("layout_other.h5", "/y", file, "y", H5P_DEFAULT, H5P_DEFAULT);
}

/* Rows 0 to 39 of another file's dataset, and the others of this one's. */
static void make_virtual(hid_t file, const char *name, const char *whole, int64_t width)
{
    hsize_t dim[2] = {ROWS, (hsize_t)width}, begin[2] = {0, 0}, count[2] = {40, dim[1]};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), to = H5Screate_simple(2, dim, NULL);
    for (int part = 0; part < 2; part++) {
        hid_t from = H5Screate_simple(2, dim, NULL);
        H5Sselect_hyperslab(to, H5S_SELECT_SET, begin, NULL, count, NULL);
        H5Sselect_hyperslab(from, H5S_SELECT_SET, begin, NULL, count, NULL);
        H5Pset_virtual(plist, to, part ? "." : "layout_other.h5", whole, from);
        H5Sclose(from);
        begin[0] = 40;
        count[0] = ROWS - 40;
    }
    H5Sselect_all(to);
    hid_t set = H5Dcreate2(file, name, H5T_IEEE_F32LE, to, H5P_DEFAULT, plist, H5P_DEFAULT);
    MUST(set >= 0);
    H5Dclose(set);
    H5Sclose(to);
    H5Pclose(plist);
}

static void of_pieces(hid_t file, const layout *l)
{
    hid_t other = H5Fcreate("layout_other.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(other, "whole_x", l, X_WIDTH);
    put(other, "whole_y", l, Y_WIDTH);
    H5Fclose(other);
    put(file, "whole_x", l, X_WIDTH);
    put(file, "whole_y", l, Y_WIDTH);
    make_virtual(file, "x", "whole_x", X_WIDTH);
    make_virtual(file, "y", "whole_y", Y_WIDTH);
}

/* One chunk through no filter, one through gzip alone. */
static void with_bare_chunks(hid_t file, const layout *l)
{
    float values[CHUNK * X_WIDTH];
    unsigned char packed[2 * sizeof values];
    uLongf bytes;
    put_both(file, l);
    hid_t set = H5Dopen2(file, "x", H5P_DEFAULT);
    for (int chunk = 3; chunk < 5; chunk++) {
        for (int i = 0; i < CHUNK * X_WIDTH; i++)
            values[i] = (float)value_at(NUMBERS, chunk * CHUNK + i / X_WIDTH, i % X_WIDTH);
        bytes = sizeof packed;
        MUST(compress2(packed, &bytes, (const Bytef *)values, sizeof values, 1) == Z_OK);
        bool bare = chunk == 3;
        MUST(H5Dwrite_chunk(set, H5P_DEFAULT, bare ? 3 : 1,
                            (hsize_t[]){(hsize_t)(chunk * CHUNK), 0}, bare ? sizeof values : bytes,
                            bare ? (void *)values : packed) >= 0);
    }
    H5Dclose(set);
}

/* The first KINDS are what the others are compared with. */
static const layout layouts[] = {
    [NUMBERS] = {"plain", "f4<"},
    [BYTES] = {"plain bytes", "u1<"},
    [BITS] = {"plain bits", "b1<"},
    [FILLED] = {"plain, as if never written", "f4<"},
    {"float16", "f2<"},
    {"float16 big-endian", "f2>"},
    {"float32 big-endian", "f4>"},
    {"float64", "f8<"},
    {"float64 big-endian", "f8>"},
    {"int8", "i1<"},
    {"int16", "i2<"},
    {"int16 big-endian", "i2>"},
    {"int32", "i4<"},
    {"int32 big-endian", "i4>"},
    {"int64", "i8<"},
    {"int64 big-endian", "i8>"},
    {"uint16", "u2<"},
    {"uint16 big-endian", "u2>"},
    {"uint32", "u4<"},
    {"uint32 big-endian", "u4>"},
    {"uint64", "u8<"},
    {"uint64 big-endian", "u8>"},
    {"compact", "f4<", compact},
    {"contiguous, early", "f4<", early},
    {"3-D", "f4<", .cube = true},
    {"chunks of rows", "f4<", rows},
    {"chunks of a row", "f4<", single_rows},
    {"one chunk, gzip", "f4<", one_chunk},
    {"a chunk larger than the data", "f4<", large_chunk, .free_dims = 2},
    {"chunks by columns", "f4<", columns},
    {"chunks by columns, float64 big-endian", "f8>", columns},
    {"tiles", "f4<", tiles},
    {"tiles, 3-D", "f4<", tiles, .cube = true},
    {"gzip", "f4<", gzip},
    {"gzip, 3-D", "f4<", gzip, .cube = true},
    {"shuffle", "f4<", shuffle},
    {"gzip and shuffle", "f4<", gzip_shuffle},
    {"gzip and shuffle, float64", "f8<", gzip_shuffle},
    {"gzip and shuffle, float16 big-endian", "f2>", gzip_shuffle},
    {"gzip and shuffle, int64 big-endian", "i8>", gzip_shuffle},
    {"gzip and shuffle, bytes", "u1<", gzip_shuffle},
    {"gzip and shuffle, bits", "b1<", gzip_shuffle},
    {"gzip before shuffle", "f4<", shuffle_last},
    {"gzip twice", "f4<", twice},
    {"szip", "f4<", szip, .filter = H5Z_FILTER_SZIP},
    {"szip, bytes", "u1<", szip, .filter = H5Z_FILTER_SZIP},
    {"fletcher32", "f4<", fletcher},
    {"gzip, shuffle and fletcher32", "f4<", gzip_fletcher},
    {"scale-offset", "i4<", scale_offset},
    {"scale-offset, bytes", "u1<", scale_offset},
    {"nbit", "i2<", nbit},
    {"nbit, float64 big-endian", "f8>", nbit},
    {"extendible", "f4<", rows, .free_dims = 1},
    {"extendible, gzip", "f4<", gzip, .free_dims = 2},
    {"newest format", "f4<", .latest = true},
    {"newest format, fixed array", "f4<", gzip_shuffle, .latest = true},
    {"newest format, implicit index", "f4<", early_rows, .latest = true},
    {"newest format, single chunk", "f4<", one_chunk, .latest = true},
    {"newest format, extensible array", "f4<", gzip, .latest = true, .free_dims = 1},
    {"newest format, B-tree", "f4<", gzip, .latest = true, .free_dims = 2},
    {"newest format, bare edges", "f4<", bare_edges, .latest = true},
    {"userblock", "f4<", .userblock = 1024},
    {"userblock, gzip", "f4<", gzip, .userblock = 512},
    {"userblock, bytes", "u1<", .userblock = 512},
    {"chunks never written", "f4<", gzip_shuffle},
    {"chunks never written, without filters", "f4<", rows},
    {"some chunks not filtered", "f4<", gzip_shuffle, with_bare_chunks},
    {"external storage", "f4<"},
    {"external storage, big-endian", "i4>"},
    {"soft link", "f4<", gzip, behind_soft_link},
    {"external link", "f4<", NULL, behind_external_link},
    {"external link, gzip", "f8<", gzip_shuffle, behind_external_link},
    {"virtual", "f4<", NULL, of_pieces},
    {"virtual, of other types", "i2>", gzip, of_pieces},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static void write_file(const char *path, const layout *l)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), properties = H5Pcreate(H5P_FILE_CREATE);
    if (l->latest)
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    H5Pset_userblock(properties, l->userblock);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, properties, access);
    MUST(file >= 0);
    (l->make ? l->make : put_both)(file, l);
    H5Fclose(file);
    H5Pclose(properties);
    H5Pclose(access);
}

/* ---- Training ------------------------------------------------------------------------------- */

/* Every loss, as printed, then every weight's bits. */
typedef struct {
    char bytes[MAX_BYTES];
    size_t n;
} results;

static void append(results *r, const void *bytes, size_t n)
{
    MUST(r->n + n <= sizeof r->bytes);
    memcpy(r->bytes + r->n, bytes, n);
    r->n += n;
}

static void read_losses(const char *path, results *r)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    MUST(file);
    while (fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        if (strcmp(json_string_value(json_object_get(event, "event")), "step") == 0) {
            double loss = json_real_value(json_object_get(event, "loss"));
            append(r, &loss, sizeof loss);
        }
        json_decref(event);
    }
    fclose(file);
}

static void read_weights(const char *folder, results *r)
{
    static const char *const names[] = {"0.weight", "0.bias", "2.weight", "2.bias"};
    char path[256];
    float values[256];
    snprintf(path, sizeof path, "%s/step-%010d.h5", folder, LAST_STEP);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    MUST(file >= 0);
    hid_t model = H5Gopen2(file, "model", H5P_DEFAULT);
    for (int i = 0; i < 4; i++) {
        hid_t set = H5Dopen2(model, names[i], H5P_DEFAULT), space = H5Dget_space(set);
        size_t n = (size_t)H5Sget_simple_extent_npoints(space);
        MUST(n <= 256);
        H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        append(r, values, n * sizeof *values);
        H5Sclose(space);
        H5Dclose(set);
    }
    H5Gclose(model);
    H5Fclose(file);
}

static void remove_folder(const char *path)
{
    char name[512];
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            unlink(name);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static void train(const char *data, const char *log, const char *folder, dt_error *err)
{
    const char *const more[][2] = {{"data", data},       {"log", log},     {"checkpoint", folder},
                                   {"quiet", NULL},      {"hidden", "8"},  {"epochs", "2"},
                                   {"batch-size", "16"}, {"lr", "0.0001"}, {"loss", "mse"}};
    dt_train_options options;
    dt_train_options_init(&options, err);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        dt_train_options_set(&options, more[i][0], more[i][1], err);
    dt_train(&world, &options, err);
    dt_train_options_free(&options);
}

/* Collective; the results are rank 0's. */
static void run(const layout *l, results *r)
{
    dt_error err = {0};
    char *data = test_path("layout.h5"), *log = test_path("layout.jsonl"),
         *folder = test_path("layout_checkpoints");
    r->n = 0;
    current = l;
    if (world.rank == 0)
        write_file(data, l);
    dt_world_agree(&world, &err);
    train(data, log, folder, &err);
    if (err.code && world.rank == 0)
        print_error("%s: ", l->name);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0) {
        read_losses(log, r);
        read_weights(folder, r);
        remove_folder(folder);
        unlink("layout_other.h5");
        unlink("layout_x.raw");
        unlink("layout_y.raw");
    }
    free(folder);
    remove_file(log);
    remove_file(data);
}

static bool can_write(const layout *l)
{
    unsigned config = 0;
    return !l->filter ||
           (H5Zfilter_avail(l->filter) > 0 && H5Zget_filter_info(l->filter, &config) >= 0 &&
            (config & H5Z_FILTER_CONFIG_ENCODE_ENABLED));
}

static void all_layouts(void **state)
{
    (void)state;
    static results plain[KINDS], other;
    const size_t expected =
        LAST_STEP * sizeof(double) + (X_WIDTH * 8 + 8 + 8 * Y_WIDTH + Y_WIDTH) * sizeof(float);
    int compared = 0;
    for (int i = 0; i < LAYOUTS; i++) {
        value_kind kind = kind_of(&layouts[i]);
        if (!can_write(&layouts[i]))
            continue;
        results *r = i < KINDS ? &plain[i] : &other;
        run(&layouts[i], r);
        bool same = r->n == plain[kind].n && memcmp(r->bytes, plain[kind].bytes, r->n) == 0;
        if (world.rank == 0 && !same)
            print_error("%s: other losses or weights\n", layouts[i].name);
        CHECK_ALL(same);
        CHECK_ALL(world.rank != 0 || r->n == expected);
        compared += i >= KINDS;
    }
    CHECK_ALL(compared >= 25);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_layouts)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
