/* dt_convert_csv and dt_convert_arrays: every fixture is written here byte by byte, every expected
 * number by hand. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dtrain/convert.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* ---- A disk that fills up ---------------------------------------------------------------------
 */

/* These stand before the C library's own, also in HDF5's eyes. The disk is the one of the folder.
 */
static long writes_left = LONG_MAX; /* until the disk is full */
static int reserve_error;           /* errno of fallocate; 0: it works */

static bool disk_is_full(int fd)
{
    struct stat disk, file;
    if (stat(".", &disk) < 0 || fstat(fd, &file) < 0 || file.st_dev != disk.st_dev)
        return false;
    return writes_left-- <= 0;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    if (disk_is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, n, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t n)
{
    if (reserve_error) {
        errno = reserve_error;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, n);
}

int fsync(int fd)
{
    if (disk_is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* ---- Fixtures ---------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/test_convert.XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_files(void **state)
{
    (void)state;
    writes_left = LONG_MAX;
    reserve_error = 0;
    DIR *dir = opendir(".");
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            remove(entry->d_name);
    closedir(dir);
    return 0;
}

static int leave_folder(void **state)
{
    remove_files(state);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void put_bytes(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void put_packed(const char *name, const void *data, size_t n)
{
    gzFile f = gzopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, data, (unsigned)n), n);
    assert_int_equal(gzclose(f), Z_OK);
}

static void put_text(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* Bytes of a string literal, without its NUL. */
#define PUT(name, literal) put_bytes(name, literal, sizeof(literal) - 1)

static int count_files(void)
{
    int n = 0;
    DIR *dir = opendir(".");
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* An NPY file of version 1: the header's length is the dictionary's here, unpadded. */
static void put_npy(const char *name, const char *dict, const void *values, size_t n)
{
    char file[4096] = "\x93NUMPY\x01\x00";
    size_t length = strlen(dict);
    file[8] = (char)length;
    file[9] = 0;
    memcpy(file + 10, dict, length);
    memcpy(file + 10 + length, values, n);
    put_bytes(name, file, 10 + length + n);
}

#define PUT_NPY(name, dict, literal) put_npy(name, dict, literal, sizeof(literal) - 1)

/* ---- Looking into the result ------------------------------------------------------------------
 */

static hid_t open_set(const char *set, hid_t *file)
{
    *file = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(*file >= 0);
    hid_t data = H5Dopen2(*file, set, H5P_DEFAULT);
    assert_true(data >= 0);
    return data;
}

/* Check the shape ("4x2"), the type and the layout of a dataset; a half is recognised by its size.
 */
static void check_set(const char *set, const char *shape, hid_t type)
{
    hid_t file, data = open_set(set, &file);
    hid_t space = H5Dget_space(data), have = H5Dget_type(data), create = H5Dget_create_plist(data);
    hsize_t dims[32];
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    char text[256] = "";
    for (int i = 0; i < rank; i++)
        sprintf(text + strlen(text), "%s%d", i ? "x" : "", (int)dims[i]);
    assert_string_equal(text, shape);
    assert_true(H5Tequal(have, type));
    assert_int_equal(H5Pget_layout(create), H5D_CONTIGUOUS);
    H5Pclose(create);
    H5Tclose(have);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
}

static void check_values(const char *set, const double *expected, int n)
{
    double values[64];
    hid_t file, data = open_set(set, &file);
    hid_t space = H5Dget_space(data);
    assert_int_equal(H5Sget_simple_extent_npoints(space), n);
    assert_true(H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    for (int i = 0; i < n; i++)
        if (values[i] != expected[i])
            fail_msg("%s[%d] is %.17g, not %.17g", set, i, values[i], expected[i]);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
}

#define CHECK(set, ...)                                                                            \
    check_values(set, (const double[]){__VA_ARGS__},                                               \
                 (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

/* The strings of an attribute, joined by |; NULL: there is no such attribute. */
static void check_strings(const char *set, const char *name, const char *expected)
{
    hid_t file, data = open_set(set, &file);
    assert_int_equal(H5Aexists(data, name) > 0, expected != NULL);
    if (expected) {
        hid_t attribute = H5Aopen(data, name, H5P_DEFAULT);
        hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
        char *strings[64], text[1024] = "";
        hssize_t n = H5Sget_simple_extent_npoints(space);
        assert_true(H5Tis_variable_str(type));
        assert_true(n <= 64 && H5Aread(attribute, type, strings) >= 0);
        for (int i = 0; i < n; i++)
            sprintf(text + strlen(text), "%s%s", i ? "|" : "", strings[i]);
        assert_string_equal(text, expected);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
        H5Sclose(space);
        H5Tclose(type);
        H5Aclose(attribute);
    }
    H5Dclose(data);
    H5Fclose(file);
}

/* ---- Calling ----------------------------------------------------------------------------------
 */

static void convert_ok(const char *table, const char *target)
{
    dt_error err = {0};
    int files = count_files() + (access("out.h5", F_OK) != 0);
    if (dt_convert_csv(table, "out.h5", target, &err) != DT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(count_files(), files);
}

static void convert_text(const char *text, const char *target)
{
    put_text("t.csv", text);
    convert_ok("t.csv", target);
}

static void arrays_ok(const char *x, const char *y)
{
    dt_error err = {0};
    if (dt_convert_arrays(x, y, "out.h5", &err) != DT_OK)
        fail_msg("%s", err.text);
}

/* It fails so, leaves nothing, and an older file under the name stays as it was. */
static void check_failed(dt_code code, const dt_error *err, dt_code expected, const char *text,
                         int files)
{
    assert_string_equal(err->text, text);
    assert_int_equal(code, expected);
    assert_int_equal(err->code, expected);
    assert_int_equal(count_files(), files);
}

static void refused(const char *text, const char *target, const char *message)
{
    dt_error err = {0};
    put_text("t.csv", text);
    int files = count_files();
    dt_code code = dt_convert_csv("t.csv", "out.h5", target, &err);
    check_failed(code, &err, DT_ERR_DATA, message, files);
}

static void arrays_refused(const char *x, const char *y, dt_code expected, const char *message)
{
    dt_error err = {0};
    int files = count_files();
    dt_code code = dt_convert_arrays(x, y, "out.h5", &err);
    check_failed(code, &err, expected, message, files);
}

/* ---- Tables: what is read ---------------------------------------------------------------------
 */

static void table_with_header(void **state)
{
    (void)state;
    convert_text("a,b,y\n1,2,0.5\n-3.25,4e2,1\n", "y");
    check_set("x", "2x2", H5T_IEEE_F32LE);
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("x", 1, 2, -3.25, 400);
    CHECK("y", 0.5, 1);
    check_strings("x", "columns", "a|b");
    check_strings("y", "classes", NULL);
}

static void table_without_header(void **state)
{
    (void)state;
    convert_text("1,2,3\n4,5,6\n", "1");
    CHECK("x", 2, 3, 5, 6);
    CHECK("y", 1, 4);
    check_set("y", "2", H5T_STD_I32LE);
    check_strings("x", "columns", NULL);
    convert_text("1,2,3\n4,5,6\n", "-2");
    CHECK("x", 1, 3, 4, 6);
    CHECK("y", 2, 5);
    convert_text("7,8\n", "2"); /* one row */
    CHECK("x", 7);
    CHECK("y", 8);
}

static void table_separators(void **state)
{
    (void)state;
    convert_text("a;b;y\n1;2;3\n", "y");
    CHECK("x", 1, 2);
    convert_text("a\tb\ty\n1\t2\t3\n", "y");
    CHECK("x", 1, 2);
    convert_text("a;k;y\n1;2;one, two\n3;4;three, four\n", "y"); /* as many commas in each row */
    check_strings("y", "classes", "one, two|three, four");
    convert_text("1 , 2 ,3\n", "3"); /* space around cells is none of theirs */
    CHECK("x", 1, 2);
    convert_text("\"1\",\" 2 \",3\n", "3");
    CHECK("x", 1, 2);
}

static void table_lines(void **state)
{
    (void)state;
    convert_text("\xEF\xBB\xBFy,a\r\n1,2\r\n\r\n  \r\n3,4", "y"); /* mark, CRLF, blanks, no end */
    CHECK("x", 2, 4);
    CHECK("y", 1, 3);
    check_strings("x", "columns", "a");
    convert_text("y,a\r1,2\r3,4\r", "y");
    CHECK("x", 2, 4);
    convert_text("\n\ny,a\n1,2\n", "y");
    CHECK("x", 2);
}

static void table_quotes(void **state)
{
    (void)state;
    convert_text("\"a, \"\"b\"\"\",\"k\nl\",y\n1,2,\"red, \"\"or\"\" so\"\n3,4,blue\n", "y");
    check_strings("x", "columns", "a, \"b\"|k\nl");
    check_strings("y", "classes", "blue|red, \"or\" so");
    CHECK("y", 1, 0);
}

static void table_packed(void **state)
{
    (void)state;
    static const char text[] = "a,y\n1,2\n3,4\n";
    put_packed("t.csv", text, sizeof text - 1); /* known by its contents */
    convert_ok("t.csv", "a");
    CHECK("x", 2, 4);
    CHECK("y", 1, 3);
}

/* More than one slab of 8 MiB and more than one buffer of 1 MiB: row r is r, r/2, ..., class r
 * mod 3. */
static void table_long(void **state)
{
    (void)state;
    enum { ROWS = 700000, COLUMNS = 4 };
    FILE *f = fopen("t.csv", "w");
    for (int r = 0; r < ROWS; r++)
        fprintf(f, "%d,%d.5,-%d,%de1,%s\r\n", r, r, r, r, &"zero\0one\0\0two\0"[r % 3 * 5]);
    fclose(f);
    convert_ok("t.csv", "5");
    check_set("x", "700000x4", H5T_IEEE_F32LE);
    check_strings("y", "classes", "one|two|zero");
    float *x = malloc(sizeof *x * ROWS * COLUMNS);
    int *y = malloc(sizeof *y * ROWS);
    hid_t file, data = open_set("x", &file);
    H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
    H5Dclose(data);
    data = H5Dopen2(file, "y", H5P_DEFAULT);
    H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, y);
    H5Dclose(data);
    H5Fclose(file);
    int wrong = 0;
    for (int r = 0; r < ROWS; r++) {
        const float *row = x + (size_t)r * COLUMNS;
        wrong += row[0] != (float)r || row[1] != (float)(r + 0.5) || row[2] != (float)-r ||
                 row[3] != (float)(r * 10.0) || y[r] != (r + 2) % 3;
    }
    assert_int_equal(wrong, 0);
    free(x);
    free(y);
}

/* More names than an attribute of HDF5's older format can hold. */
static void table_wide(void **state)
{
    (void)state;
    enum { COLUMNS = 5000 };
    FILE *f = fopen("t.csv", "w");
    for (int c = 0; c < COLUMNS; c++)
        fprintf(f, "column%d,", c);
    fprintf(f, "y\n");
    for (int c = 0; c < COLUMNS; c++)
        fprintf(f, "%d,", c);
    fprintf(f, "1\n");
    fclose(f);
    convert_ok("t.csv", "y");
    check_set("x", "1x5000", H5T_IEEE_F32LE);
    hid_t file, data = open_set("x", &file);
    hid_t attribute = H5Aopen(data, "columns", H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    char **names = calloc(COLUMNS, sizeof *names);
    assert_int_equal(H5Sget_simple_extent_npoints(space), COLUMNS);
    assert_true(H5Aread(attribute, type, names) >= 0);
    assert_string_equal(names[4999], "column4999");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, names);
    free(names);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Dclose(data);
    H5Fclose(file);
}

/* ---- Tables: header, target, its type ---------------------------------------------------------
 */

static void header_found(void **state)
{
    (void)state;
    convert_text("width,kind\n1,a\n2,b\n", "2"); /* words below words: the other column tells */
    check_strings("x", "columns", "width");
    check_strings("y", "classes", "a|b");
    convert_text("1,a\n2,b\n", "2"); /* no header, though a word stands in the first row */
    check_strings("x", "columns", NULL);
    CHECK("x", 1, 2);
    CHECK("y", 0, 1);
    convert_text("0,1,label\n1,2,x\n3,4,y\n", "label"); /* numbers as names */
    check_strings("x", "columns", "0|1");
    CHECK("y", 0, 1);
    convert_text("0,1,label\n1,2,5\n3,4,6\n", "3"); /* only over the target */
    check_strings("x", "columns", "0|1");
    CHECK("y", 5, 6);
    convert_text("0,1,cat\n1,2,dog\n3,4,owl\n", "3"); /* the same with words below is data */
    check_strings("x", "columns", NULL);
    CHECK("x", 0, 1, 1, 2, 3, 4);
    convert_text(",a,y\n0,1,2\n", "y"); /* a frame's index has no name */
    check_strings("x", "columns", "|a");
}

static void target_chosen(void **state)
{
    (void)state;
    convert_text("2,1,a\n5,6,7\n", "1"); /* the name wins over the number */
    CHECK("y", 6);
    convert_text("2,1,a\n5,6,7\n", "3");
    CHECK("y", 7);
    convert_text("b,c,a\n5,6,7\n", "-3");
    CHECK("y", 5);
    check_strings("x", "columns", "c|a");
    convert_text("1,2\n1,3\n", "1"); /* two cells that equal the number are no names */
    CHECK("y", 1, 1);
}

static void target_types(void **state)
{
    (void)state;
    convert_text("1,2147483647\n1,-2147483648\n1,+7\n", "2");
    check_set("y", "3", H5T_STD_I32LE);
    CHECK("y", 2147483647.0, -2147483648.0, 7);
    convert_text("1,2147483648\n1,0\n", "2");
    check_set("y", "2", H5T_STD_I64LE);
    CHECK("y", 2147483648.0, 0);
    convert_text("1,1.0\n1,0\n", "2"); /* not written as a whole number */
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("y", 1, 0);
    convert_text("1,99999999999999999999\n1,0\n", "2"); /* beyond int64 */
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("y", 99999999999999999999.0f, 0);
    convert_text("1,0.1\n", "2"); /* rounded to float32 */
    CHECK("y", 0.1f);
    convert_text("1,b\n1,\xC3\xA4\n1,B\n1,b\n1,NA\n1,nan\n", "2"); /* sorted by bytes */
    check_set("y", "6", H5T_STD_I32LE);
    check_strings("y", "classes", "B|NA|b|nan|\xC3\xA4");
    CHECK("y", 2, 4, 0, 2, 1, 3);
}

static void other_locale(void **state)
{
    (void)state;
    /* Where the machine has such a locale, 1.5 must still be 1.5, and the locale must come back. */
    const char *set = setlocale(LC_ALL, "de_DE.UTF-8");
    convert_text("a,y\n1.5,2.5\n", "y");
    CHECK("x", 1.5);
    if (set) {
        char text[8];
        snprintf(text, sizeof text, "%.1f", 1.5);
        assert_string_equal(text, "1,5");
    }
    setlocale(LC_ALL, "C");
}

/* ---- Tables: what is refused ------------------------------------------------------------------
 */

static void bad_rows(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n\n1,2\n", "y", "t.csv: line 4 has 2 columns, line 1 has 3");
    refused("\na,b,y\r\n1,2,3,4\r\n", "y", "t.csv: line 3 has 4 columns, line 2 has 3");
    refused("", "y", "t.csv: no rows");
    refused("\n \n", "y", "t.csv: no rows");
    refused("a,b,y\n", "y", "t.csv: no rows");
    refused("a,b,y\n", "3", "t.csv: no rows");
    refused("a\n1\n2\n", "a",
            "t.csv: only one column (cells are separated by a comma, a semicolon or a tab)");
    refused("a,y\n1,2\n\"3,4\n5,6\n", "y", "t.csv: a quote in the row of line 3 is not closed");
    refused("\xFF\xFE"
            "a",
            "y", "t.csv: is UTF-16 text; save it as UTF-8");
}

static void bad_cells(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n4,x1,6\n", "y", "t.csv: column 2 (b): line 3: \"x1\" is not a number");
    refused("a,b,y\n1,2,3\n,5,6\n", "y", "t.csv: column 1 (a): line 3: the cell is empty");
    refused("1,2,3\n4,5x,6\n", "1", "t.csv: column 2: line 2: \"5x\" is not a number");
    refused("1,NA,3\n4,5,6\n", "1", "t.csv: column 2: line 1: \"NA\" is not a number");
}

static void bad_numbers(void **state)
{
    (void)state;
    refused("a,y\n1,2\nnan,3\n", "y",
            "t.csv: column 1 (a): line 3: \"nan\" is not a finite float32 number");
    refused("a,y\n1,2\n-inf,3\n", "y",
            "t.csv: column 1 (a): line 3: \"-inf\" is not a finite float32 number");
    refused("a,y\n1,2\n1e39,3\n", "y",
            "t.csv: column 1 (a): line 3: \"1e39\" is not a finite float32 number");
    refused("a,y\n1,2\n0x10,3\n", "y", "t.csv: column 1 (a): line 3: \"0x10\" is not a number");
    refused("a,y\n\"a\nb\",2\n1,3\n", "y", "t.csv: column 1 (a): line 2: \"a b\" is not a number");
    refused("a,b,y\n1,\"k\n\",3\n4,5,6\n", "y",
            "t.csv: column 2 (b): line 2: \"k \" is not a number");
}

static void bad_line_after_quotes(void **state)
{
    (void)state; /* a row of two lines: the next one is line 4 of the file, not row 3 */
    refused("a,y\n1,\"p\nq\"\nz,r\n", "y", "t.csv: column 1 (a): line 4: \"z\" is not a number");
    static const char nul[] = "a,y\n1\0002,3\n5,6\n";
    put_bytes("t.csv", nul, sizeof nul - 1);
    dt_error err = {0};
    assert_int_equal(dt_convert_csv("t.csv", "out.h5", "y", &err), DT_ERR_DATA);
    assert_string_equal(err.text, "t.csv: column 1 (a): line 2: \"1 2\" is not a number");
}

static void bad_target(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n", "z", "t.csv: no column \"z\" (it has 3: \"a\", \"b\", \"y\")");
    refused("a,b,y\n1,2,3\n", "4", "t.csv: no column \"4\" (it has 3: \"a\", \"b\", \"y\")");
    refused("a,b,y\n1,2,3\n", "0", "t.csv: no column \"0\" (it has 3: \"a\", \"b\", \"y\")");
    refused("1,2,3\n", "-4",
            "t.csv: no column \"-4\" (it has no header, and 3 columns, numbered from 1)");
    refused("1,2,3\n", "y",
            "t.csv: no column \"y\" (it has no header, and 3 columns, numbered from 1)");
    refused("y,y,b\n1,2,3\n", "y",
            "t.csv: several columns are called \"y\"; give the column's number");
    refused("a,y\n1,2\n3,\n", "y", "t.csv: column 2 (y): line 3: the cell is empty");
    refused("a,y\n1,inf\n3,1\n", "y",
            "t.csv: column 2 (y): line 2: \"inf\" is not a finite number");
    refused("a,y\n1,2\n3,NA\n", "y",
            "t.csv: column 2 (y): line 3: \"NA\" is not a number, but line 2 has one; a target is "
            "all numbers or all words");
    refused("a,y\n1,1e39\n3,1\n", "y",
            "t.csv: column 2 (y): line 2: \"1e39\" is not a finite float32 number");
}

/* ---- Arrays -----------------------------------------------------------------------------------
 */

/* y of three rows for the tests of x. */
static void put_labels(void)
{
    PUT("y", "\0\0\x08\x01\0\0\0\x03\x02\x00\x01");
}

static void idx_types(void **state)
{
    (void)state;
    put_labels();
    PUT("x", "\0\0\x08\x02\0\0\0\x03\0\0\0\x02\x00\x01\x7F\x80\xFE\xFF");
    arrays_ok("x", "y");
    check_set("x", "3x2", H5T_STD_U8LE);
    CHECK("x", 0, 1, 127, 128, 254, 255);
    check_set("y", "3", H5T_STD_U8LE);
    CHECK("y", 2, 0, 1);
    PUT("x", "\0\0\x09\x01\0\0\0\x03\x7F\x80\xFF");
    arrays_ok("x", "y");
    check_set("x", "3", H5T_STD_I8LE);
    CHECK("x", 127, -128, -1);
    PUT("x", "\0\0\x0B\x01\0\0\0\x03\x01\x02\xFF\xFE\x80\x00");
    arrays_ok("x", "y");
    check_set("x", "3", H5T_STD_I16LE);
    CHECK("x", 258, -2, -32768);
    PUT("x", "\0\0\x0C\x01\0\0\0\x03\x01\x02\x03\x04\xFF\xFF\xFF\xFE\0\0\0\0");
    arrays_ok("x", "y");
    check_set("x", "3", H5T_STD_I32LE);
    CHECK("x", 16909060, -2, 0);
    PUT("x", "\0\0\x0D\x01\0\0\0\x03\x3F\x80\0\0\xC0\x20\0\0\0\0\0\0"); /* 1, -2.5, 0 */
    arrays_ok("x", "y");
    check_set("x", "3", H5T_IEEE_F32LE);
    CHECK("x", 1, -2.5, 0);
    PUT("x", "\0\0\x0E\x01\0\0\0\x03\x3F\xF0\0\0\0\0\0\0\xC0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    arrays_ok("x", "y");
    check_set("x", "3", H5T_IEEE_F64LE);
    CHECK("x", 1, -2.5, 0);
}

static void idx_rank_and_packing(void **state)
{
    (void)state;
    static const char x[] = "\0\0\x08\x04\0\0\0\x03\0\0\0\x01\0\0\0\x02\0\0\0\x01\1\2\3\4\5\6";
    put_packed("x", x, sizeof x - 1); /* known by its contents */
    put_labels();
    arrays_ok("x", "y");
    check_set("x", "3x1x2x1", H5T_STD_U8LE);
    CHECK("x", 1, 2, 3, 4, 5, 6);
}

static void npy_types(void **state)
{
    (void)state;
    static const struct {
        const char *descr, *bytes;
        size_t n;
        const hid_t *type;
        double expected[3];
    } cases[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
        {"|b1", BYTES("\1\0\1"), &H5T_STD_U8LE_g, {1, 0, 1}},
        {"|u1", BYTES("\xFF\0\1"), &H5T_STD_U8LE_g, {255, 0, 1}},
        {"<u2", BYTES("\1\2\xFF\xFF\0\0"), &H5T_STD_U16LE_g, {513, 65535, 0}},
        {">u4",
         BYTES("\1\2\3\4\xFF\xFF\xFF\xFF\0\0\0\1"),
         &H5T_STD_U32LE_g,
         {16909060, 4294967295.0, 1}},
        {"<u8",
         BYTES("\0\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80"),
         &H5T_STD_U64LE_g,
         {4294967296.0, 2, 9223372036854775808.0}},
        {"|i1", BYTES("\xFF\x80\1"), &H5T_STD_I8LE_g, {-1, -128, 1}},
        {">i2", BYTES("\1\2\xFF\xFE\0\0"), &H5T_STD_I16LE_g, {258, -2, 0}},
        {"<i4", BYTES("\1\0\0\0\xFE\xFF\xFF\xFF\0\1\0\0"), &H5T_STD_I32LE_g, {1, -2, 256}},
        {">i8",
         BYTES("\0\0\0\1\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\2"),
         &H5T_STD_I64LE_g,
         {4294967296.0, -1, 2}},
        {"<f4", BYTES("\0\0\x80\x3F\0\0\x20\xC0\0\0\0\0"), &H5T_IEEE_F32LE_g, {1, -2.5, 0}},
        {">f4", BYTES("\x3F\x80\0\0\xC0\x20\0\0\0\0\0\0"), &H5T_IEEE_F32LE_g, {1, -2.5, 0}},
        {"<f8",
         BYTES("\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\x04\xC0\0\0\0\0\0\0\0\0"),
         &H5T_IEEE_F64LE_g,
         {1, -2.5, 0}},
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        {"=i2", BYTES("\1\2\xFF\xFF\0\0"), &H5T_STD_I16LE_g, {513, -1, 0}},
#endif
#undef BYTES
    };
    put_labels();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char dict[128];
        sprintf(dict, "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }  \n",
                cases[i].descr);
        put_npy("x", dict, cases[i].bytes, cases[i].n);
        arrays_ok("x", "y");
        check_set("x", "3", *cases[i].type);
        check_values("x", cases[i].expected, 3);
    }
}

static void npy_half(void **state)
{
    (void)state;
    hid_t half = H5Tcopy(H5T_IEEE_F32LE); /* as h5py makes it */
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    put_labels();
    PUT_NPY("x", "{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }", "\0\x3C\0\xC1\1\0");
    arrays_ok("x", "y");
    check_set("x", "3", half);
    CHECK("x", 1, -2.5, 5.9604644775390625e-8); /* the smallest is 2^-24 */
    PUT_NPY("x", "{'descr': '>f2', 'fortran_order': False, 'shape': (3,), }", "\x3C\0\xC1\0\0\1");
    arrays_ok("x", "y");
    check_set("x", "3", half);
    CHECK("x", 1, -2.5, 5.9604644775390625e-8);
    H5Tclose(half);
}

static void npy_order(void **state)
{
    (void)state;
    put_labels();
    PUT_NPY("x", "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }", "\1\2\3\4\5\6");
    arrays_ok("x", "y");
    CHECK("x", 1, 2, 3, 4, 5, 6);
    PUT_NPY("x", "{'descr': '|u1', 'fortran_order': True, 'shape': (3, 2), }", "\1\3\5\2\4\6");
    arrays_ok("x", "y");
    CHECK("x", 1, 2, 3, 4, 5, 6);
    /* a[i][j][k] = 100 i + 10 j + k, the first index fastest */
    PUT_NPY("x", "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2, 2), }",
            "\0\0\0\x64\0\xC8\0\x0A\0\x6E\0\xD2\0\1\0\x65\0\xC9\0\x0B\0\x6F\0\xD3");
    arrays_ok("x", "y");
    check_set("x", "3x2x2", H5T_STD_I16LE);
    CHECK("x", 0, 1, 10, 11, 100, 101, 110, 111, 200, 201, 210, 211);
    PUT_NPY("x", "{'descr': '<i4', 'fortran_order': True, 'shape': (3, 1), }",
            "\1\0\0\0\2\0\0\0\3\0\0\0");
    arrays_ok("x", "y");
    CHECK("x", 1, 2, 3);
}

static void npy_versions(void **state)
{
    (void)state;
    put_labels();
#define DICT "{\"shape\": (3L, 1L), \"fortran_order\" : False,\"descr\":'|u1'}"
    _Static_assert(sizeof DICT - 1 == 0x3A, "the length below");
    PUT("x", "\x93NUMPY\2\0\x3A\0\0\0" DICT "\1\2\3");
    arrays_ok("x", "y");
    check_set("x", "3x1", H5T_STD_U8LE);
    CHECK("x", 1, 2, 3);
    static const char x[] = "\x93NUMPY\3\0\x3A\0\0\0" DICT "\4\5\6";
    put_packed("x", x, sizeof x - 1);
    arrays_ok("x", "y");
    CHECK("x", 4, 5, 6);
    PUT("x", "\x93NUMPY\4\0\x3A\0\0\0" DICT "\4\5\6");
    arrays_refused("x", "y", DT_ERR_DATA, "x: NPY version 4 is unknown (1, 2 and 3 are known)");
#undef DICT
}

/* 9 MiB: more than one slab. */
static void array_slabs(void **state)
{
    (void)state;
    enum { ROWS = 9 << 10, ROW = 1 << 10 };
    unsigned char *x = malloc(ROWS * ROW + 12), *back = malloc(ROWS * ROW);
    memcpy(x, "\0\0\x08\x02\0\0\x24\0\0\0\x04\0", 12);
    for (int i = 0; i < ROWS * ROW; i++)
        x[12 + i] = (unsigned char)(i * 7 + (i >> 10));
    put_packed("x", x, ROWS * ROW + 12);
    memcpy(x, "\0\0\x08\x02\0\0\x24\0\0\0\0\x01", 12);
    put_bytes("y", x, ROWS + 12);
    arrays_ok("x", "y");
    check_set("x", "9216x1024", H5T_STD_U8LE);
    check_set("y", "9216x1", H5T_STD_U8LE);
    hid_t file, data = open_set("x", &file);
    H5Dread(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, back);
    assert_memory_equal(back, x + 12, ROWS * ROW);
    H5Dclose(data);
    H5Fclose(file);
    free(x);
    free(back);
}

/* ---- Arrays: what is refused ------------------------------------------------------------------
 */

static void bad_idx(void **state)
{
    (void)state;
    put_labels();
    PUT("x", "\0\0\x08\x01\0\0\0\x03\1\2");
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: cut short: its header promises 3 bytes of values, it ends after 2");
    put_packed("x", "\0\0\x0C\x01\0\0\0\x03\0\0\0\1\0", 13);
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: cut short: its header promises 12 bytes of values, it ends after 5");
    PUT("x", "\0\0\x08\x02\0\0\0\x03");
    arrays_refused("x", "y", DT_ERR_DATA, "x: cut short: it ends within its header");
    PUT("x", "\0\0\x08\x01\0\0\0\x03\1\2\3\4");
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: goes on behind the last value that its header promises");
    put_packed("x", "\0\0\x08\x01\0\0\0\x03\1\2\3\4", 12);
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: goes on behind the last value that its header promises");
    PUT("x", "\0\0\x0A\x01\0\0\0\x03\1\2\3");
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: IDX type code 0x0A is unknown (08, 09, 0B, 0C, 0D and 0E are known)");
    PUT("x", "\0\0\x08\x21\0\0\0\x03\1\2\3");
    arrays_refused("x", "y", DT_ERR_DATA, "x: 33 dimensions; HDF5 has at most 32");
    PUT("x", "\0\0\x08\x01\0\0\0\0");
    arrays_refused("x", "y", DT_ERR_DATA, "x: no rows");
    PUT("x", "\0\0\x08\x00");
    arrays_refused("x", "y", DT_ERR_DATA, "x: no rows");
    PUT("x", "\0\0\x08\x02\0\0\0\x03\0\0\0\0");
    arrays_refused("x", "y", DT_ERR_DATA, "x: no values in a row: one of its dimensions is 0");
    PUT("x", "\0\0\x0E\x03\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: its header is damaged: no file is as large as its shape");
    PUT("x", "\0\0\x0E\x02\0\0\0\x03\xFF\xFF\xFF\xFF"); /* 96 GiB: no disk space asked for */
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: cut short: its header promises 103079215080 bytes of values, it ends after "
                   "0");
}

static void bad_kind_of_file(void **state)
{
    (void)state;
    put_labels();
    PUT("x", "a,b\n1,2\n");
    arrays_refused("x", "y", DT_ERR_DATA,
                   "x: is neither an IDX nor an NPY file (it begins with the bytes 61 2c 62 0a)");
    arrays_refused("y", "x", DT_ERR_DATA,
                   "x: is neither an IDX nor an NPY file (it begins with the bytes 61 2c 62 0a)");
    PUT("x", "");
    arrays_refused("x", "y", DT_ERR_DATA, "x: is empty");
    PUT("x", "\0\0\x08\x01\0\0\0\x04\1\2\3\4");
    arrays_refused("x", "y", DT_ERR_SHAPE, "x has 4 rows, but y has 3");
    arrays_refused("no/x", "y", DT_ERR_FILE, "no/x: No such file or directory");
    arrays_refused("x", ".", DT_ERR_FILE, ".: is a folder, not a file");
}

static void bad_gzip(void **state)
{
    (void)state;
    char bytes[256];
    put_labels();
    put_packed("x", "\0\0\x08\x01\0\0\0\x03\1\2\3", 11);
    FILE *f = fopen("x", "rb");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    put_bytes("x", bytes, n - 6);
    arrays_refused("x", "y", DT_ERR_DATA, "x: cut short: its gzip stream ends early");
    bytes[n - 8] ^= 1; /* of the checksum */
    put_bytes("x", bytes, n);
    arrays_refused("x", "y", DT_ERR_DATA, "x: its gzip stream is damaged");
}

static void bad_npy(void **state)
{
    (void)state;
    static const struct {
        const char *dict, *message;
    } cases[] = {
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }",
         "x: element type \"<c8\" cannot be converted (bool, integers and floats of up to 8 bytes "
         "can)"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
         "x: element type \"|O\" cannot be converted (bool, integers and floats of up to 8 bytes "
         "can)"},
        {"{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }",
         "x: element type \"<U5\" cannot be converted (bool, integers and floats of up to 8 bytes "
         "can)"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (3,), }",
         "x: element type \"<f16\" cannot be converted (bool, integers and floats of up to 8 bytes "
         "can)"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
         "x: its elements are structures; only plain numbers can be converted"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3), }", "x: no rows"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "x: no rows"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 0), }",
         "x: no values in a row: one of its dimensions is 0"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }",
         "x: cut short: its header promises 4 bytes of values, it ends after 3"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }",
         "x: cut short: its header promises 4 bytes of values, it ends after 3"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }",
         "x: goes on behind the last value that its header promises"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }",
         "x: its NPY header is damaged"},
        {"{'descr': '|u1', 'fortran_order': Maybe, 'shape': (3,), }",
         "x: its NPY header is damaged"},
        {"{'descr': '|u1', 'fortran_order': False, }", "x: its NPY header is damaged"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }",
         "x: its NPY header is damaged"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,", "x: its NPY header is damaged"},
        {"{'descr': '|u1", "x: its NPY header is damaged"},
        {"{'other': 1}", "x: its NPY header is damaged"},
        {"", "x: its NPY header is damaged"},
    };
    put_labels();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PUT_NPY("x", cases[i].dict, "\1\2\3");
        arrays_refused("x", "y", DT_ERR_DATA, cases[i].message);
    }
    PUT("x", "\x93NUMPY\1\0\x60\0{'descr'");
    arrays_refused("x", "y", DT_ERR_DATA, "x: cut short: it ends within its header");
    PUT("x", "\x93NUMPY\2\0\xFF\xFF\xFF\xFF{'descr'");
    arrays_refused("x", "y", DT_ERR_DATA, "x: its NPY header is damaged");
    PUT("x", "\x93NUMBER\1\0");
    arrays_refused("x", "y", DT_ERR_DATA, "x: its NPY header is damaged");
}

/* ---- The output -------------------------------------------------------------------------------
 */

static void output_is_input(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    assert_int_equal(symlink("t.csv", "link"), 0);
    dt_code code = dt_convert_csv("t.csv", "./link", "y", &err);
    check_failed(code, &err, DT_ERR_USAGE, "./link: the output would replace the input t.csv", 2);
    put_labels();
    PUT("x", "\0\0\x08\x01\0\0\0\x03\1\2\3");
    err = (dt_error){0};
    code = dt_convert_arrays("x", "y", "y", &err);
    check_failed(code, &err, DT_ERR_USAGE, "y: the output would replace the input y", 4);
    err = (dt_error){0};
    code = dt_convert_arrays("x", "y", "x", &err);
    check_failed(code, &err, DT_ERR_USAGE, "x: the output would replace the input x", 4);
}

static void output_kept_on_error(void **state)
{
    (void)state;
    convert_text("a,y\n1,2\n", "y");
    refused("a,y\n1,2\nu,3\n", "y", "t.csv: column 1 (a): line 3: \"u\" is not a number");
    CHECK("x", 1);
    convert_text("a,y\n5,6\n", "y"); /* and replaced on success */
    CHECK("x", 5);
}

static void output_unwritable(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    dt_code code = dt_convert_csv("t.csv", "no/out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_FILE,
                 "no/out.h5: cannot be written (No such file or directory)", 1);
    err = (dt_error){0};
    code = dt_convert_csv("t.csv", ".", "y", &err);
    check_failed(code, &err, DT_ERR_FILE, ".: exists and is not a file that could be replaced", 1);
    err = (dt_error){0};
    code = dt_convert_csv("none.csv", "out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_FILE, "none.csv: No such file or directory", 1);
}

static size_t get_bytes(const char *name, char *bytes, size_t room)
{
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    return n;
}

static void output_reproducible(void **state)
{
    (void)state;
    static char first[8192], second[8192];
    convert_text("a,y\n1,red\n2,blue\n", "y");
    size_t n = get_bytes("out.h5", first, sizeof first);
    struct timespec next_second = {1, 50000000}; /* HDF5 would count time in seconds */
    nanosleep(&next_second, NULL);
    convert_text("a,y\n1,red\n2,blue\n", "y");
    assert_int_equal(get_bytes("out.h5", second, sizeof second), n);
    assert_memory_equal(first, second, n);
}

static void disk_full_at_once(void **state)
{
    (void)state;
    dt_error err = {0};
    put_text("t.csv", "a,y\n1,2\n");
    reserve_error = ENOSPC;
    dt_code code = dt_convert_csv("t.csv", "out.h5", "y", &err);
    check_failed(code, &err, DT_ERR_SPACE, "out.h5: no space left on the disk", 1);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

/* A process that converts while only n writes succeed, up to and including HDF5's clean-up at its
 * end. Returns its exit status; what it prints is in the file "printed". */
static int convert_in_child(int n)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        assert_non_null(freopen("printed", "w", stderr));
        alarm(20);
        dt_error err = {0};
        writes_left = n;
        dt_code code = dt_convert_csv("t.csv", "out.h5", "y", &err);
        if (code != DT_OK && strcmp(err.text, "out.h5: no space left on the disk") != 0)
            fprintf(stderr, "%s", err.text);
        exit((int)code);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* On a file system that cannot reserve, every write in turn is the first that fails. */
static void disk_full_at_any_write(void **state)
{
    (void)state;
    convert_text("a,y\n1,2\n", "y");
    put_text("t.csv", "a,y\n3,red\n5,blue\n");
    reserve_error = EOPNOTSUPP;
    int n = 0, code = DT_ERR_SPACE;
    for (; code == DT_ERR_SPACE && n < 100; n++) {
        struct stat printed;
        code = convert_in_child(n);
        assert_int_equal(stat("printed", &printed), 0);
        assert_int_equal(printed.st_size, 0);
        assert_int_equal(count_files(), 3);
        if (code == DT_ERR_SPACE)
            CHECK("x", 1); /* the old file */
    }
    assert_int_equal(code, DT_OK);
    assert_in_range(n, 3, 99);
    CHECK("x", 3, 5);
    check_strings("y", "classes", "blue|red");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, remove_files)
    const struct CMUnitTest tests[] = {
        TEST(table_with_header),
        TEST(table_without_header),
        TEST(table_separators),
        TEST(table_lines),
        TEST(table_quotes),
        TEST(table_packed),
        TEST(table_long),
        TEST(table_wide),
        TEST(header_found),
        TEST(target_chosen),
        TEST(target_types),
        TEST(other_locale),
        TEST(bad_rows),
        TEST(bad_cells),
        TEST(bad_numbers),
        TEST(bad_line_after_quotes),
        TEST(bad_target),
        TEST(idx_types),
        TEST(idx_rank_and_packing),
        TEST(npy_types),
        TEST(npy_half),
        TEST(npy_order),
        TEST(npy_versions),
        TEST(array_slabs),
        TEST(bad_idx),
        TEST(bad_kind_of_file),
        TEST(bad_gzip),
        TEST(bad_npy),
        TEST(output_is_input),
        TEST(output_kept_on_error),
        TEST(output_unwritable),
        TEST(output_reproducible),
        TEST(disk_full_at_once),
        TEST(disk_full_at_any_write),
    };
    H5open(); /* H5T_STD_..._g have their values from here on */
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
