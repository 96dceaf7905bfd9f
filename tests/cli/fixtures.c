/* Writes the files of tests/cli.
 *   fixtures data DIR                    data sets, good and bad, and what convert reads
 *   fixtures checkpoints CHECKPOINT DIR  variants of a good checkpoint, most of them damaged
 *   fixtures long FILE                   long.h5 with other numbers */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 12, WIDTH = 3, UNKNOWN_FILTER = 32111, MAX_BYTES = 1 << 16 };

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #call);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* ---- Files of bytes ------------------------------------------------------------------------- */

static void put_bytes(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(name, "wb");
    CHECK(file ? 0 : -1);
    CHECK(fwrite(bytes, 1, n, file) == n ? 0 : -1);
    CHECK(fclose(file));
}

static void put_text(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* The bytes of a file that is smaller than MOST_BYTES. */
static size_t get_bytes(const char *name, unsigned char *bytes)
{
    FILE *file = fopen(name, "rb");
    CHECK(file ? 0 : -1);
    size_t n = fread(bytes, 1, MAX_BYTES, file);
    CHECK(n < MAX_BYTES ? 0 : -1);
    fclose(file);
    return n;
}

/* The first n of `of` parts of a file. */
static void cut(const char *from, const char *to, size_t n, size_t of)
{
    static unsigned char bytes[MAX_BYTES];
    size_t size = get_bytes(from, bytes);
    put_bytes(to, bytes, size * n / of);
}

static void copy(const char *from, const char *to)
{
    cut(from, to, 1, 1);
}

/* Flip one bit of the last occurrence of a pattern. */
static void flip(const char *from, const char *to, const void *pattern, size_t length)
{
    static unsigned char bytes[MAX_BYTES];
    size_t n = get_bytes(from, bytes), at = n;
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(bytes + i, pattern, length) == 0)
            at = i;
    CHECK(at < n ? 0 : -1);
    bytes[at] ^= 1;
    put_bytes(to, bytes, n);
}

/* ---- Data sets ------------------------------------------------------------------------------ */

static hid_t create(const char *name)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(file);
    return file;
}

/* A dataset of at most two dimensions; columns 0: one dimension. values NULL: none are written. */
static void put(hid_t file, const char *name, hsize_t rows, hsize_t columns, hid_t stored,
                hid_t type, const void *values)
{
    hsize_t dim[2] = {rows, columns};
    hid_t space = H5Screate_simple(columns ? 2 : 1, dim, NULL);
    hid_t set = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(set);
    if (values)
        CHECK(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    H5Dclose(set);
    H5Sclose(space);
}

/* A small linear law. */
static void fill(float x[ROWS * WIDTH], float y[ROWS])
{
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)((i * 7) % 11) / 11 - 0.5f;
    for (int r = 0; r < ROWS; r++)
        y[r] = x[r * WIDTH] - 2 * x[r * WIDTH + 1];
}

static void put_x(hid_t file)
{
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    put(file, "x", ROWS, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, x);
}

static void put_y(hid_t file)
{
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    put(file, "y", ROWS, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
}

static void make_good(const char *name)
{
    hid_t file = create(name);
    put_x(file);
    put_y(file);
    H5Fclose(file);
}

static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 8);
    return type;
}

/* Attributes that are no names of what they stand beside: two for three columns, and numbers. */
static void misname(const char *name)
{
    const char names[2][8] = {"a", "b"};
    const int numbers[3] = {7, 8, 9};
    hid_t file = H5Fopen(name, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t x = H5Dopen2(file, "x", H5P_DEFAULT), y = H5Dopen2(file, "y", H5P_DEFAULT);
    hid_t text = text_type(), two = H5Screate_simple(1, (hsize_t[]){2}, NULL);
    hid_t three = H5Screate_simple(1, (hsize_t[]){3}, NULL);
    hid_t a = H5Acreate2(x, "columns", text, two, H5P_DEFAULT, H5P_DEFAULT);
    hid_t b = H5Acreate2(y, "classes", H5T_STD_I32LE, three, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(a, text, names));
    CHECK(H5Awrite(b, H5T_NATIVE_INT, numbers));
    H5Aclose(a);
    H5Aclose(b);
    H5Sclose(two);
    H5Sclose(three);
    H5Tclose(text);
    H5Dclose(x);
    H5Dclose(y);
    CHECK(H5Fclose(file));
}

/* Two named targets, of which the second is 100 times the first. */
static void make_targets(const char *name, int rows)
{
    const char names[2][8] = {"size", "price"};
    float x[2 * 90], y[2 * 90];
    hid_t file = create(name), text = text_type();
    for (int r = 0; r < rows; r++) {
        x[2 * r] = (float)sin(r);
        x[2 * r + 1] = (float)cos(r);
        y[2 * r] = x[2 * r] + (float)(r % 3);
        y[2 * r + 1] = 100 * x[2 * r + 1];
    }
    put(file, "x", (hsize_t)rows, 2, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, x);
    put(file, "y", (hsize_t)rows, 2, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
    hid_t set = H5Dopen2(file, "y", H5P_DEFAULT);
    hid_t two = H5Screate_simple(1, (hsize_t[]){2}, NULL);
    hid_t columns = H5Acreate2(set, "columns", text, two, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(columns, text, names));
    H5Aclose(columns);
    H5Sclose(two);
    H5Tclose(text);
    H5Dclose(set);
    CHECK(H5Fclose(file));
}

/* Labels 0, 1, 2, 0, ... but for one row. */
static void make_labels(const char *name, int row, long long label)
{
    long long labels[ROWS];
    for (int r = 0; r < ROWS; r++)
        labels[r] = r == row ? label : r % 3;
    hid_t file = create(name);
    put_x(file);
    put(file, "y", ROWS, 0, H5T_STD_I64LE, H5T_NATIVE_LLONG, labels);
    H5Fclose(file);
}

static void make_with_value(const char *name, int row, float in_x, float in_y)
{
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    x[row * WIDTH + 1] = in_x;
    y[row] = in_y;
    hid_t file = create(name);
    put(file, "x", ROWS, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, x);
    put(file, "y", ROWS, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
    H5Fclose(file);
}

/* x of a type with no numbers in it, or none of ours. */
static void make_type(const char *name, hid_t type)
{
    hid_t file = create(name);
    put(file, "x", ROWS, WIDTH, type, type, NULL);
    put_y(file);
    H5Fclose(file);
    H5Tclose(type);
}

static hid_t compound_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_NATIVE_INT);
    H5Tinsert(type, "b", 4, H5T_NATIVE_FLOAT);
    return type;
}

/* What h5py makes of bool. */
static hid_t bool_type(void)
{
    signed char no = 0, yes = 1;
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    H5Tenum_insert(type, "FALSE", &no);
    H5Tenum_insert(type, "TRUE", &yes);
    return type;
}

static void make_shapes(void)
{
    int pairs[ROWS * 2] = {0};
    hid_t file = create("lengths.h5");
    put_x(file);
    put(file, "y", ROWS - 1, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    H5Fclose(file);

    file = create("no_rows.h5");
    put(file, "x", 0, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    put(file, "y", 0, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    H5Fclose(file);

    file = create("no_columns.h5");
    hsize_t none[2] = {ROWS, 0};
    hid_t space = H5Screate_simple(2, none, NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    put_y(file);
    H5Fclose(file);

    file = create("scalar.h5");
    space = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    put_y(file);
    H5Fclose(file);

    file = create("names.h5");
    put(file, "features", ROWS, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    put(file, "labels", ROWS, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    H5Fclose(file);

    file = create("group.h5");
    H5Gclose(H5Gcreate2(file, "x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_y(file);
    H5Fclose(file);

    file = create("two_labels.h5");
    put_x(file);
    put(file, "y", ROWS, 2, H5T_STD_I32LE, H5T_NATIVE_INT, pairs);
    H5Fclose(file);

    file = create("link.h5");
    CHECK(H5Lcreate_external("pipe", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT));
    put_y(file);
    H5Fclose(file);

    H5Fclose(create("nothing.h5"));
}

/* Odd, but good: x of one dimension, y of N by 1, names with blanks and signs. */
static void make_odd(void)
{
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    hid_t file = create("100 %s of %d.h5");
    put(file, "x", ROWS, 0, H5T_IEEE_F64BE, H5T_NATIVE_FLOAT, x);
    put(file, "y", ROWS, 1, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
    H5Fclose(file);
}

/* Declared, but never written: small files of a large shape. */
static void make_declared(const char *name, hsize_t rows, hsize_t columns)
{
    hsize_t dim[2] = {rows, columns}, chunk[2] = {1, 1};
    hid_t file = create(name), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    hid_t space = H5Screate_simple(2, dim, NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Sclose(space);
    dim[1] = 1;
    space = H5Screate_simple(2, dim, NULL);
    H5Dclose(H5Dcreate2(file, "y", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(plist);
    H5Fclose(file);
}

static size_t keep(unsigned flags, size_t n, const unsigned values[], size_t bytes, size_t *size,
                   void **buffer)
{
    (void)flags, (void)n, (void)values, (void)size, (void)buffer;
    return bytes;
}

/* A filter that this program has and no other. */
static void make_filter(void)
{
    const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, UNKNOWN_FILTER, 1,    1,
                                 "unheard of",     NULL,           NULL, keep};
    hsize_t dim[2] = {ROWS, WIDTH}, chunk[2] = {4, WIDTH};
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    CHECK(H5Zregister(&filter));
    hid_t file = create("filter.h5"), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    CHECK(H5Pset_filter(plist, UNKNOWN_FILTER, H5Z_FLAG_MANDATORY, 0, NULL));
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    CHECK(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x));
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(plist);
    put_y(file);
    H5Fclose(file);
}

/* Three chunks, of which the last, which is the last of three ranks', does not unpack. */
static void make_gzip(void)
{
    hsize_t dim[2] = {ROWS, WIDTH}, chunk[2] = {4, WIDTH}, last[2] = {8, 0};
    float x[ROWS * WIDTH], y[ROWS];
    fill(x, y);
    hid_t file = create("gzip.h5"), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    H5Pset_deflate(plist, 4);
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    CHECK(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x));
    CHECK(H5Dwrite_chunk(set, H5P_DEFAULT, 0, last, 20, "no stream of zlib at all"));
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(plist);
    put_y(file);
    H5Fclose(file);
}

/* Chunks without a filter, the last of them at the end of the file: more rows than are in memory
 * at a time. */
static void make_long(const char *name, float first)
{
    enum { LONG = 16384, CHUNK = 256 };
    static float x[LONG][WIDTH], y[LONG];
    for (int r = 0; r < LONG; r++) {
        for (int i = 0; i < WIDTH; i++)
            x[r][i] = (float)((r * WIDTH + i) % 101) / 101 + first;
        y[r] = x[r][0] - 2 * x[r][1];
    }
    hsize_t dim[2] = {LONG, WIDTH}, chunk[2] = {CHUNK, WIDTH};
    hid_t file = create(name), plist = H5Pcreate(H5P_DATASET_CREATE);
    put(file, "y", LONG, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, y);
    H5Pset_chunk(plist, 2, chunk);
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    CHECK(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x));
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(plist);
    H5Fclose(file);
}

/* ---- What convert reads --------------------------------------------------------------------- */

static void make_imports(void)
{
    static const unsigned char images[] = {
        0,  0,  8,  3,  0,  0,  0,  6,  0,  0,  0,  2,  0,   0,   0,   2,   10, 20, 30, 40,
        11, 21, 31, 41, 90, 80, 70, 60, 91, 81, 71, 61, 200, 220, 240, 250, 1,  2,  3,  4};
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 6, 0, 0, 1, 1, 2, 2};
    put_bytes("images.idx", images, sizeof images);
    put_bytes("labels.idx", labels, sizeof labels);
    put_bytes("short.idx", images, sizeof images - 3);
    put_bytes("labels5.idx", "\0\0\x8\1\0\0\0\5\0\0\1\1\2", 13);

    char header[128 + 6 * sizeof(float)];
    float y[6] = {0.5f, 1, 1.5f, 2, 2.5f, 3};
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\1\0\x76\0", 10);
    static const char text[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }";
    memcpy(header + 10, text, sizeof text - 1);
    header[127] = '\n';
    memcpy(header + 128, y, sizeof y);
    put_bytes("targets.npy", header, sizeof header);
    put_bytes("short.npy", header, sizeof header - 5);

    put_text("table.csv", "a,b,price\n1,2,3\n4,5,6\n");
    put_text("ragged.csv", "a,b,price\n1,2,3\n4,5\n");
    put_text("empty.csv", "");
    put_text("header.csv", "0,1,2,3\n0.5,-0.25,0.125,1\n0.25,1.5,-0.5,0\n"); /* pandas' names */
    put_text("comma.csv", "a;b;price\n1;2;199,5\n3;4;250,25\n");
    put_bytes("table.csv.xz", "\xfd\x37zXZ\0\0\4\xe6\xd6\xb4\x46", 12);
}

static void make_configs(void)
{
    put_text("good.conf", "# a run\nepochs = 2\nbatch-size = 6\nno-shuffle = true\n");
    put_text("unknown.conf", "epochs = 2\nlearning-rate = 1\n");
    put_text("twice.conf", "lr = 1\nepochs = 2\nlr = 1\n");
    put_text("value.conf", "epochs = 2\nlr = fast\n");
    put_text("quotes.conf", "epochs = 2\ndata = \"good.h5\" # a comment\n");
    put_text("line.conf", "epochs = 2\n\nthis is no setting\n");
    put_text("section.conf", "[train]\nepochs = 2\n");
}

static void make_data(void)
{
    make_good("good.h5");
    make_labels("classes.h5", -1, 0);
    make_labels("misnamed.h5", -1, 0);
    misname("misnamed.h5");
    make_targets("targets.h5", 90);
    make_targets("targets_row.h5", 1);
    make_labels("classes4.h5", ROWS - 1, 3);
    make_labels("negative.h5", ROWS - 1, -1);
    make_labels("label_1e6.h5", ROWS - 1, 1000000);
    make_labels("label_1e9.h5", ROWS - 1, 1000000000);
    make_labels("label_2e31.h5", ROWS - 1, 1LL << 31);
    make_labels("label_1e15.h5", ROWS - 1, 1000000000000000);
    make_with_value("fraction.h5", ROWS - 1, 0, 0.5f);
    make_with_value("nan_first.h5", 0, NAN, 0);
    make_with_value("nan_middle.h5", ROWS / 2, NAN, 0);
    make_with_value("nan_last.h5", ROWS - 1, NAN, 0);
    make_with_value("infinite.h5", ROWS - 1, -INFINITY, 0);
    make_with_value("nan_y.h5", ROWS - 1, 0, NAN);
    make_type("strings.h5", text_type());
    make_type("compound.h5", compound_type());
    make_type("bool.h5", bool_type());
    make_shapes();
    make_odd();
    make_declared("declared_rows.h5", (hsize_t)1 << 40, 4);
    make_declared("declared_width.h5", 3, (hsize_t)1 << 62);
    make_declared("declared_model.h5", 3, 10000000);
    make_filter();
    make_gzip();
    make_long("long.h5", 1);
    make_imports();
    make_configs();
    put_text("text.h5", "this is a text, whatever its name says, and not a short one either\n");
    put_text("empty.h5", "");
    cut("good.h5", "truncated.h5", 3, 4);
    cut("good.h5", "header.h5", 1, 50);
}

/* ---- Checkpoints ---------------------------------------------------------------------------- */

static hid_t open_copy(const char *from, const char *to)
{
    copy(from, to);
    hid_t file = H5Fopen(to, H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(file);
    return file;
}

static void set_text(hid_t file, const char *name, const char *text)
{
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    CHECK(H5Awrite(attribute, type, &text));
    H5Tclose(type);
    H5Aclose(attribute);
}

static void set_version(hid_t file, long long version)
{
    hid_t attribute = H5Aopen(file, "version", H5P_DEFAULT);
    CHECK(H5Awrite(attribute, H5T_NATIVE_LLONG, &version));
    H5Aclose(attribute);
}

static void with_options(const char *good, const char *name, const char *options)
{
    hid_t file = open_copy(good, name);
    set_text(file, "options", options);
    H5Fclose(file);
}

/* The weights [1,WIDTH] of the linear model, without a new checksum. */
static void set_weights(hid_t file, const float *weights)
{
    hid_t set = H5Dopen2(file, "/model/0.weight", H5P_DEFAULT);
    CHECK(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights));
    H5Dclose(set);
}

static void get_weights(const char *good, float *weights)
{
    hid_t file = H5Fopen(good, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "/model/0.weight", H5P_DEFAULT);
    CHECK(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights));
    H5Dclose(set);
    H5Fclose(file);
}

/* Only /model, and nothing of ours in it: what a user writes from a state_dict. */
static void make_weights_only(const char *good, const char *name, float first)
{
    float weights[WIDTH], bias = 0.25f;
    get_weights(good, weights);
    weights[0] = first;
    hid_t file = create(name);
    hid_t group = H5Gcreate2(file, "model", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put(group, "0.weight", 1, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, weights);
    put(group, "0.bias", 1, 0, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, &bias);
    H5Gclose(group);
    H5Fclose(file);
}

static void make_checkpoints(const char *good)
{
    float weights[WIDTH];
    get_weights(good, weights);
    copy(good, "model.h5");
    cut(good, "model_cut.h5", 2, 3);
    flip(good, "model_flipped.h5", weights, sizeof weights);

    hid_t file = open_copy(good, "model_version.h5");
    set_version(file, 2);
    H5Fclose(file);

    file = open_copy(good, "model_no_weight.h5");
    CHECK(H5Ldelete(file, "/model/0.weight", H5P_DEFAULT));
    H5Fclose(file);

    file = open_copy(good, "model_no_group.h5");
    CHECK(H5Ldelete(file, "/model", H5P_DEFAULT));
    H5Fclose(file);

    file = open_copy(good, "model_more.h5");
    put(file, "/model/2.weight", 1, WIDTH, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL);
    H5Fclose(file);

    file = open_copy(good, "model_edited.h5");
    weights[WIDTH - 1] += 1;
    set_weights(file, weights);
    H5Fclose(file);

    with_options(good, "model_options.h5", "{\"hidden\":[");
    with_options(good, "model_loss.h5",
                 "{\"hidden\":[],\"activation\":\"relu\",\"loss\":\"hinge\"}");
    with_options(good, "model_widths.h5",
                 "{\"hidden\":[1,-1000000],\"activation\":\"relu\",\"loss\":\"mse\"}");
    make_weights_only(good, "weights.h5", 0.5f);
    make_weights_only(good, "weights_nan.h5", NAN);
}

/* Edit an attribute that is a number, as other programs may: the footer is lost. */
static void set_number(const char *file_name, const char *object, const char *name,
                       const char *value)
{
    hid_t file = H5Fopen(file_name, H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(file);
    hid_t owner = H5Oopen(file, object, H5P_DEFAULT);
    hid_t attribute = H5Aopen(owner, name, H5P_DEFAULT);
    CHECK(attribute);
    double number = strtod(value, NULL);
    long long whole = strtoll(value, NULL, 10);
    hid_t type = H5Aget_type(attribute);
    CHECK(H5Tget_class(type) == H5T_FLOAT ? H5Awrite(attribute, H5T_NATIVE_DOUBLE, &number)
                                          : H5Awrite(attribute, H5T_NATIVE_LLONG, &whole));
    H5Tclose(type);
    H5Aclose(attribute);
    H5Oclose(owner);
    CHECK(H5Fclose(file));
}

int main(int argc, char **argv)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (argc == 3 && strcmp(argv[1], "data") == 0) {
        CHECK(chdir(argv[2]));
        make_data();
    } else if (argc == 4 && strcmp(argv[1], "checkpoints") == 0) {
        CHECK(chdir(argv[3]));
        make_checkpoints(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "long") == 0) {
        make_long(argv[2], 2);
    } else if (argc == 6 && strcmp(argv[1], "set") == 0) {
        set_number(argv[2], argv[3], argv[4], argv[5]);
    } else {
        fprintf(stderr,
                "usage: fixtures data DIR | checkpoints CHECKPOINT DIR | long FILE | set FILE "
                "OBJECT ATTRIBUTE NUMBER\n");
        return 2;
    }
    return 0;
}
