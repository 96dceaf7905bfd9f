/* Where the values of a data set lie: that each chunk is read and unpacked once, rows beyond 2^31,
 * and files that parts of it lie in and that are missing. */
#include "data/data_file.h"
#include "data/h5_array.h"

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { COUNTING = 300 }; /* number of a filter for tests */

static int64_t decoded;

/* A filter that changes nothing and counts what is unpacked. */
static size_t count_unpacked(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                             size_t *room, void **buffer)
{
    (void)n_values, (void)values, (void)room, (void)buffer;
    decoded += (flags & H5Z_FLAG_REVERSE) != 0;
    return bytes;
}

static void install_counting(void)
{
    const H5Z_class2_t filter = {.version = H5Z_CLASS_T_VERS,
                                 .id = COUNTING,
                                 .encoder_present = 1,
                                 .decoder_present = 1,
                                 .name = "counting",
                                 .filter = count_unpacked};
    assert_true(H5Zregister(&filter) >= 0);
}

static hid_t new_file(const char *name)
{
    return H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

/* x [rows,width], with values from a count. */
static void put(hid_t file, const char *name, hid_t type, hsize_t rows, hsize_t width, hid_t plist)
{
    hsize_t dim[2] = {rows, width};
    float *values = malloc(rows * width * sizeof *values);
    for (hsize_t i = 0; i < rows * width; i++)
        values[i] = (float)i;
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    free(values);
}

static dt_data_file *open_source(const char *y)
{
    dt_data_file *source;
    dt_error err = {0};
    if (dt_data_file_open(&source, "d.h5", "x", y, &err))
        fail_msg("%s", err.text);
    return source;
}

/* ---- Each chunk once ------------------------------------------------------------------------ */

enum { ROWS = 1000, WIDTH = 6 };

/* Read all rows in pieces of whole chunks, as if by several ranks with a handle each. Returns the
 * chunks that were read past HDF5; decoded are those that it read. */
static int64_t read_all(int64_t piece, int ranks)
{
    int64_t chunks = 0;
    decoded = 0;
    for (int rank = 0; rank < ranks; rank++) {
        dt_data_file *source = open_source(NULL);
        for (int64_t row = rank * piece; row < ROWS; row += piece * ranks) {
            static float out[ROWS * WIDTH];
            dt_error err = {0};
            int64_t n = ROWS - row < piece ? ROWS - row : piece;
            assert_int_equal(dt_data_file_read_x(source, row, n, out, &err), DT_OK);
            for (int64_t i = 0; i < n * WIDTH; i++)
                assert_true(out[i] == (float)(row * WIDTH + i));
        }
        chunks += dt_data_file_chunks_read(source);
        dt_data_file_close(source);
    }
    return chunks;
}

static void with_chunks(hid_t type, hsize_t rows, hsize_t columns, bool counting)
{
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), file = new_file("d.h5");
    H5Pset_chunk(plist, 2, (hsize_t[]){rows, columns});
    if (counting)
        H5Pset_filter(plist, COUNTING, 0, 0, NULL);
    else
        H5Pset_shuffle(plist);
    H5Pset_deflate(plist, 1);
    put(file, "x", type, ROWS, WIDTH, plist);
    H5Fclose(file);
    H5Pclose(plist);
}

static void check_once(hid_t type, int64_t rows, int64_t columns)
{
    int64_t chunks = (ROWS + rows - 1) / rows * ((WIDTH + columns - 1) / columns);
    for (int64_t piece = rows; piece <= ROWS; piece += rows * 5)
        for (int ranks = 1; ranks <= 3; ranks += 2) {
            with_chunks(type, (hsize_t)rows, (hsize_t)columns, false);
            assert_int_equal(read_all(piece, ranks), chunks);
            with_chunks(type, (hsize_t)rows, (hsize_t)columns, true);
            assert_int_equal(read_all(piece, ranks), 0);
            assert_int_equal(decoded, chunks);
        }
}

static void chunks_once(void **state)
{
    (void)state;
    install_counting();
    check_once(H5T_IEEE_F32LE, 64, WIDTH);
    check_once(H5T_IEEE_F64BE, 64, WIDTH); /* through a buffer */
    check_once(H5T_STD_I16LE, 100, WIDTH);
    check_once(H5T_IEEE_F32LE, 64, 4);
    check_once(H5T_IEEE_F64LE, ROWS, 1);
    check_once(H5T_IEEE_F32LE, ROWS, WIDTH);
}

/* More bytes than are converted at a time: the pieces end where chunks do, wherever they begin. */
static void chunks_once_converted(void **state)
{
    (void)state;
    enum { MANY = 300000, CHUNK = 700, BEGIN = 3 * CHUNK, WIDE = 8 };
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), file = new_file("d.h5");
    dt_error err = {0};
    float *out = malloc(sizeof *out * MANY * WIDE);
    H5Pset_chunk(plist, 2, (hsize_t[]){CHUNK, WIDE});
    H5Pset_deflate(plist, 1);
    put(file, "x", H5T_IEEE_F64LE, MANY, WIDE, plist);
    H5Fclose(file);
    H5Pclose(plist);
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, BEGIN, MANY - BEGIN, out, &err), DT_OK);
    for (int64_t i = 0; i < (MANY - BEGIN) * WIDE; i++)
        if (out[i] != (float)(BEGIN * WIDE + i))
            fail_msg("value %lld is wrong", (long long)i);
    assert_int_equal(dt_data_file_chunks_read(source), (MANY - BEGIN + CHUNK - 1) / CHUNK);
    dt_data_file_close(source);
    free(out);
}

/* Labels are read in pieces that may be smaller than a chunk, and through HDF5, which keeps it. */
static void labels_once(void **state)
{
    (void)state;
    enum { N = 200000, CHUNK = 150000 };
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), file = new_file("d.h5");
    int32_t *label = malloc(N * sizeof *label);
    dt_error err = {0};
    install_counting();
    put(file, "x", H5T_STD_U8LE, N, 1, H5P_DEFAULT);
    H5Pset_chunk(plist, 2, (hsize_t[]){CHUNK, 1});
    H5Pset_filter(plist, COUNTING, 0, 0, NULL);
    put(file, "y", H5T_STD_I32LE, N, 1, plist);
    H5Fclose(file);
    H5Pclose(plist);
    dt_data_file *source = open_source("y");
    decoded = 0;
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, 0, N, label, &err), DT_OK);
    assert_int_equal(decoded, 2);
    for (int i = 0; i < N; i++)
        assert_int_equal(label[i], i);
    dt_data_file_close(source);
    free(label);
}

/* A search for a chunk must not go through all of them: with a chunk a row that took minutes. */
static void many_chunks(void **state)
{
    (void)state;
    enum { N = 60000 };
    static float out[N];
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), file = new_file("d.h5");
    dt_error err = {0};
    H5Pset_chunk(plist, 2, (hsize_t[]){1, 1});
    H5Pset_deflate(plist, 1);
    put(file, "x", H5T_IEEE_F32LE, N, 1, plist);
    H5Fclose(file);
    H5Pclose(plist);
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, 0, N, out, &err), DT_OK);
    assert_true(out[N - 1] == N - 1);
    assert_int_equal(dt_data_file_chunks_read(source), N);
    dt_data_file_close(source);
}

/* ---- Beyond 2^31 ---------------------------------------------------------------------------- */

static const hsize_t far = 3000000000u; /* rows */

/* A dataset of so many rows, of which only those at the end are written. */
static void put_far(const char *name, hid_t type, hsize_t width, hsize_t chunk)
{
    hsize_t dim[2] = {far, width}, begin[2] = {far - 3, 0}, count[2] = {3, width};
    hid_t file = new_file("d.h5"), plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, dim, NULL), small = H5Screate_simple(2, count, NULL);
    uint8_t values[3 * 8];
    for (int i = 0; i < 24; i++)
        values[i] = (uint8_t)(i + 1);
    if (chunk)
        H5Pset_chunk(plist, 2, (hsize_t[]){chunk, width});
    else
        H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER); /* a hole in the file */
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, begin, NULL, count, NULL);
    assert_true(H5Dwrite(set, H5T_NATIVE_UINT8, small, space, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(small);
    H5Sclose(space);
    H5Pclose(plist);
    H5Fclose(file);
}

static void check_far_bytes(hsize_t chunk)
{
    uint8_t out[16];
    dt_error err = {0};
    put_far("x", H5T_STD_U8LE, 1, chunk);
    dt_data_file *source = open_source(NULL);
    assert_true(dt_data_file_get_info(source)->rows == (int64_t)far);
    assert_int_equal(dt_data_file_read_x(source, (int64_t)far - 2, 2, out, &err), DT_OK);
    assert_memory_equal(out, ((uint8_t[]){2, 3}), 2);
    assert_int_equal(dt_data_file_read_x(source, (int64_t)far - 4, 3, out, &err), DT_OK);
    assert_memory_equal(out, ((uint8_t[]){0, 1, 2}), 3);
    assert_int_equal(dt_data_file_read_x(source, ((int64_t)1 << 31) - 1, 3, out, &err), DT_OK);
    assert_memory_equal(out, ((uint8_t[]){0, 0, 0}), 3);
    dt_data_file_close(source);
}

static void far_rows(void **state)
{
    (void)state;
    check_far_bytes(0);
    check_far_bytes(1 << 20);
}

static void check_far_floats(hid_t type, hsize_t chunk)
{
    float out[16];
    dt_error err = {0};
    put_far("x", type, 8, chunk);
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, (int64_t)far - 2, 2, out, &err), DT_OK);
    for (int i = 0; i < 16; i++)
        assert_true(out[i] == (float)(9 + i));
    dt_data_file_close(source);
}

/* 96 GB and more into the file. */
static void far_bytes(void **state)
{
    (void)state;
    check_far_floats(H5T_IEEE_F32LE, 0);
    check_far_floats(H5T_IEEE_F64BE, 0);
    check_far_floats(H5T_STD_I16BE, 0);
    check_far_floats(H5T_IEEE_F32LE, 4096);
}

static void far_labels(void **state)
{
    (void)state;
    int32_t label[3];
    dt_error err = {0};
    dt_data_file *source;
    put_far("y", H5T_STD_I64LE, 1, 0);
    hid_t file = H5Fopen("d.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &far, NULL); /* x: never written */
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(file);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", "y", &err), DT_OK);
    assert_int_equal(dt_data_file_read_y(source, DT_Y_LABELS, (int64_t)far - 3, 3, label, &err),
                     DT_OK);
    assert_memory_equal(label, ((int32_t[]){1, 2, 3}), sizeof label);
    float x[3];
    assert_int_equal(dt_data_file_read_x(source, (int64_t)far - 3, 3, x, &err), DT_OK);
    assert_true(x[2] == 0);
    dt_data_file_close(source);
}

/* ---- Values in other files ------------------------------------------------------------------ */

/* A virtual x of [6,2] in d.h5, from "part" (rows 0 to 2) and another dataset "part" (3 to 5). */
static void put_virtual(const char *first, const char *second)
{
    const char *const names[] = {first, second};
    hsize_t dim[2] = {6, 2}, part[2] = {3, 2};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dim, NULL);
    hid_t from = H5Screate_simple(2, part, NULL), file = new_file("d.h5");
    for (hsize_t i = 0; i < 2; i++) {
        H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){i * 3, 0}, NULL, part, NULL);
        H5Pset_virtual(plist, space, names[i], "part", from);
    }
    H5Sselect_all(space);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Fclose(file);
    H5Sclose(from);
    H5Sclose(space);
    H5Pclose(plist);
}

static void put_part(const char *path, const char *name)
{
    hid_t file = new_file(path);
    put(file, name, H5T_IEEE_F32LE, 3, 2, H5P_DEFAULT);
    H5Fclose(file);
}

static void check_refused(const char *path, const char *text)
{
    dt_data_file *source;
    dt_error err = {0};
    assert_int_equal(dt_data_file_open(&source, path, "x", NULL, &err), DT_ERR_DATA);
    assert_string_equal(err.text, text);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

static void virtual_parts(void **state)
{
    (void)state;
    float out[12];
    dt_error err = {0};
    put_virtual("a.h5", "b.h5");
    put_part("a.h5", "part");
    check_refused("d.h5", "d.h5: dataset \"x\" is virtual, and the file \"b.h5\" with a part of it "
                          "is missing; it belongs beside d.h5");
    put_part("b.h5", "other");
    check_refused("d.h5", "d.h5: dataset \"x\" is virtual, and the file \"b.h5\" with a part of it "
                          "has no dataset \"part\"");
    put_part("b.h5", "part");
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, 0, 6, out, &err), DT_OK);
    for (int i = 0; i < 12; i++)
        assert_true(out[i] == (float)(i % 6));
    dt_data_file_close(source);
}

/* Parts are found where HDF5 finds them: beside the file, and where the environment says. */
static void virtual_folders(void **state)
{
    (void)state;
    float out[12];
    dt_error err = {0};
    dt_data_file *source;
    put_virtual("a.h5", "/nowhere/b.h5"); /* the last part of its name is looked for as well */
    put_part("a.h5", "part");
    put_part("b.h5", "part");
    assert_int_equal(system("mkdir data parts && mv d.h5 a.h5 data && mv b.h5 parts"), 0);
    check_refused("data/d.h5",
                  "data/d.h5: dataset \"x\" is virtual, and the file \"/nowhere/b.h5\" with a part "
                  "of it is missing; it belongs beside data/d.h5");
    setenv("HDF5_VDS_PREFIX", "/nowhere:${ORIGIN}/../parts", 1);
    assert_int_equal(dt_data_file_open(&source, "data/d.h5", "x", NULL, &err), DT_OK);
    assert_int_equal(dt_data_file_read_x(source, 0, 6, out, &err), DT_OK);
    unsetenv("HDF5_VDS_PREFIX");
    assert_true(out[5] == 5);
    dt_data_file_close(source);
    assert_int_equal(system("rm -r data parts"), 0);
}

static void check_read(dt_data_file *source, int64_t row, int64_t n, const char *problem)
{
    float out[64];
    dt_error err = {0};
    if (dt_data_file_read_x(source, row, n, out, &err) != DT_ERR_DATA)
        fail_msg("rows %d to %d were read", (int)row, (int)(row + n - 1));
    assert_non_null(strstr(err.text, problem));
}

/* A part that is virtual itself. */
static void virtual_of_virtual(void **state)
{
    (void)state;
    put_virtual("a.h5", "gone.h5");
    put_part("a.h5", "part");
    rename("d.h5", "inner.h5");
    hid_t file = H5Fopen("inner.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    H5Lcreate_hard(file, "x", file, "part", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    put_virtual("a.h5", "inner.h5");
    check_refused("d.h5", "d.h5: dataset \"x\" is virtual, and the file \"gone.h5\" with a part of "
                          "it is missing; it belongs beside d.h5");
}

/* What happens to a part after the dataset was looked at is no fill value. */
static void virtual_part_goes(void **state)
{
    (void)state;
    float out[6];
    dt_error err = {0};
    put_virtual("a.h5", "b.h5");
    put_part("a.h5", "part");
    put_part("b.h5", "part");
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_read_x(source, 0, 3, out, &err), DT_OK);
    assert_int_equal(rename("b.h5", "away.h5"), 0);
    check_read(source, 0, 6, "the file \"b.h5\" with a part of it is missing");
    assert_int_equal(rename("away.h5", "b.h5"), 0); /* a new file might have another inode */
    put_part("b.h5", "other");
    check_read(source, 2, 2, "the file \"b.h5\" with a part of it has no dataset \"part\"");
    assert_int_equal(truncate("b.h5", 100), 0);
    check_read(source, 5, 1, "the file \"b.h5\" with a part of it cannot be opened: ");
    hid_t file = new_file("b.h5"); /* with fewer rows than it had */
    put(file, "part", H5T_IEEE_F32LE, 2, 2, H5P_DEFAULT);
    H5Fclose(file);
    check_read(source, 3, 3, "the file \"b.h5\" with a part of it cannot be read: ");
    assert_int_equal(dt_data_file_read_x(source, 1, 2, out, &err), DT_OK);
    assert_true(out[0] == 2 && out[3] == 5);
    dt_data_file_close(source);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

/* A virtual x in d.h5 of FILES files of two rows each, the columns of each the other way round:
 * part k has rows k and k + FILES. */
enum { FILES = 60, FEW = 40 };

static void put_interleaved(void)
{
    hsize_t dim[2] = {2 * FILES, 3}, stride[2] = {FILES, 1}, part[2] = {2, 2}, from_dim[2] = {2, 2};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dim, NULL);
    hid_t from = H5Screate_simple(2, from_dim, NULL);
    const float fill = -7;
    H5Pset_fill_value(plist, H5T_NATIVE_FLOAT, &fill);
    for (hsize_t i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d.h5", (int)i);
        hid_t file = new_file(name);
        put(file, "part", H5T_IEEE_F64LE, 2, 2, H5P_DEFAULT);
        H5Fclose(file);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){i, 0}, stride, part, NULL);
        H5Pset_virtual(plist, space, name, "part", from);
    }
    H5Sselect_all(space);
    hid_t file = new_file("d.h5");
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Fclose(file);
    H5Sclose(from);
    H5Sclose(space);
    H5Pclose(plist);
}

/* More parts than files may be open, in stripes, and a column that no part has. */
static void virtual_of_many(void **state)
{
    (void)state;
    float out[2 * FILES][3];
    dt_error err = {0};
    struct rlimit limit, few;
    put_interleaved();
    getrlimit(RLIMIT_NOFILE, &limit);
    few = limit;
    few.rlim_cur = FEW;
    setrlimit(RLIMIT_NOFILE, &few);
    dt_data_file *source = open_source(NULL);
    dt_code code = dt_data_file_read_x(source, 0, 2 * FILES, out, &err);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(code, DT_OK);
    for (int i = 0; i < 2 * FILES; i++) {
        float first = i < FILES ? 0 : 2;
        assert_true(out[i][0] == first && out[i][1] == first + 1 && out[i][2] == -7);
    }
    dt_data_file_close(source);
}

/* Parts whose names are numbers are opened by HDF5, all at a time. */
static void virtual_by_number(void **state)
{
    (void)state;
    float out[6];
    dt_error err = {0};
    struct rlimit limit, few;
    hsize_t dim[2] = {0, 2}, max_dim[2] = {H5S_UNLIMITED, 2}, part[2] = {3, 2};
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dim, max_dim);
    hid_t from = H5Screate_simple(2, part, NULL), file = new_file("d.h5");
    H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){0, 0}, part,
                        (hsize_t[]){H5S_UNLIMITED, 1}, part);
    H5Pset_virtual(plist, space, "b%b.h5", "part", from);
    H5Sselect_all(space);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Fclose(file);
    H5Sclose(from);
    H5Sclose(space);
    H5Pclose(plist);
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "b%d.h5", i);
        put_part(name, "part");
    }
    dt_data_file *source = open_source(NULL);
    assert_int_equal(dt_data_file_get_info(source)->rows, 12);
    assert_int_equal(dt_data_file_read_x(source, 9, 3, out, &err), DT_OK);
    assert_true(out[0] == 0 && out[5] == 5);
    dt_data_file_close(source);
    assert_int_equal(truncate("b2.h5", 100), 0);
    assert_int_equal(dt_data_file_open(&source, "d.h5", "x", NULL, &err), DT_ERR_DATA);
    assert_non_null(strstr(err.text, "the file \"b2.h5\" with a part of it cannot be opened: "));
    put_part("b2.h5", "part");
    getrlimit(RLIMIT_NOFILE, &limit);
    few = limit;
    few.rlim_cur = 67;
    setrlimit(RLIMIT_NOFILE, &few);
    err.code = DT_OK;
    dt_code code = dt_data_file_open(&source, "d.h5", "x", NULL, &err);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(code, DT_ERR_DATA);
    assert_non_null(strstr(err.text, "more files than may be open at a time (67)"));
}

static void external_files(void **state)
{
    (void)state;
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE), file = new_file("d.h5");
    H5Pset_external(plist, "a.raw", 8, 16);
    H5Pset_external(plist, "b.raw", 0, H5F_UNLIMITED);
    put(file, "x", H5T_IEEE_F32LE, 6, 2, plist);
    H5Fclose(file);
    H5Pclose(plist);
    dt_data_file_close(open_source(NULL));
    assert_int_equal(truncate("b.raw", 31), 0);
    check_refused("d.h5", "d.h5: dataset \"x\" lies in the external file \"b.raw\", which is "
                          "truncated: 31 bytes of 32");
    assert_int_equal(unlink("a.raw"), 0);
    check_refused("d.h5",
                  "d.h5: dataset \"x\" lies in the external file \"a.raw\": no such file (HDF5 "
                  "looks for it in the working folder; HDF5_EXTFILE_PREFIX='${ORIGIN}' in the "
                  "environment makes that the folder of the HDF5 file)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(chunks_once),       TEST(chunks_once_converted),
        TEST(labels_once),       TEST(many_chunks),
        TEST(far_rows),          TEST(far_bytes),
        TEST(far_labels),        TEST(virtual_parts),
        TEST(virtual_folders),   TEST(virtual_of_virtual),
        TEST(virtual_part_goes), TEST(virtual_of_many),
        TEST(virtual_by_number), TEST(external_files),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
