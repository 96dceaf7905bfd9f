/* dt_convert_arrays: every fixture is written here byte by byte, every expected number by hand. */
#include "unit/convert_fixture.h"

/* ---- Arrays --------------------------------------------------------------------------------- */

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
        {"|b1", BYTES("\1\0\1"), &H5T_STD_I8LE_g, {1, 0, 1}},
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

/* ---- Arrays: what is refused ---------------------------------------------------------------- */

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

static size_t get_bytes(const char *name, char *bytes, size_t room)
{
    FILE *f = fopen(name, "rb");
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    return n;
}

static void check_array_fails(const char *x, const char *part)
{
    dt_error err = {0};
    assert_int_equal(dt_convert_arrays(x, "y", "out.h5", &err), DT_ERR_DATA);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" has no \"%s\"", err.text, part);
}

static void bad_gzip(void **state)
{
    (void)state;
    char bytes[256];
    put_labels();
    put_packed("x", "\0\0\x08\x01\0\0\0\x03\1\2\3", 11);
    size_t n = get_bytes("x", bytes, sizeof bytes);
    put_bytes("x", bytes, n - 6);
    arrays_refused("x", "y", DT_ERR_DATA, "x: cut short: its gzip stream ends early");
    bytes[n - 8] ^= 1; /* of the checksum */
    put_bytes("x", bytes, n);
    arrays_refused("x", "y", DT_ERR_DATA, "x: its gzip stream is damaged");
}

/* A member by itself is a good gzip file: what is wrong with the next one, at each of its bytes,
 * must show; zeros at the end are no fault. */
static void gzip_members(void **state)
{
    (void)state;
    enum { ZEROS = 300000 /* more than is read at a time */ };
    static char file[ZEROS + 512], member[256];
    put_labels();
    put_packed("x", "\0\0\x08\x01\0\0\0\x03\1", 9);
    size_t first = get_bytes("x", file, 256);
    put_packed("x", "\2\3", 2);
    size_t second = get_bytes("x", member, sizeof member);
    memcpy(file + first, member, second);
    put_bytes("x", file, first + second);
    arrays_ok("x", "y");
    CHECK("x", 1, 2, 3);
    put_bytes("x", file, first + second + ZEROS);
    arrays_ok("x", "y");
    file[first + second + ZEROS - 1] = 'j';
    put_bytes("x", file, first + second + ZEROS);
    check_array_fails("x", "its gzip stream is damaged: other bytes follow");
    for (size_t n = 1; n < second; n++) {
        put_bytes("x", file, first + n);
        check_array_fails("x", n == 1 ? "its gzip stream is damaged: other bytes follow"
                                      : "cut short: its gzip stream ends early");
    }
    for (size_t i = 0; i < second;
         i++) { /* some bits mean nothing: the time, the last byte's rest */
        dt_error err = {0};
        file[first + i] ^= 0x40;
        put_bytes("x", file, first + second);
        if (dt_convert_arrays("x", "y", "out.h5", &err) == DT_OK)
            CHECK("x", 1, 2, 3);
        file[first + i] ^= 0x40;
    }
}

/* x alone, for predictions; and a file that numpy.savez wrote. */
static void without_y(void **state)
{
    (void)state;
    dt_error err = {0};
    PUT("x", "\0\0\x08\x01\0\0\0\x03\x02\x00\x01");
    arrays_ok("x", NULL);
    CHECK("x", 2, 0, 1);
    hid_t file = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Lexists(file, "y", H5P_DEFAULT) == 0);
    H5Fclose(file);
    PUT("x", "PK\3\4\24\0\0\0x.npy");
    assert_int_equal(dt_convert_arrays("x", NULL, "out.h5", &err), DT_ERR_DATA);
    assert_non_null(strstr(err.text, "ZIP archive"));
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

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(idx_types),        TEST(idx_rank_and_packing),
        TEST(npy_types),        TEST(npy_half),
        TEST(npy_order),        TEST(npy_versions),
        TEST(array_slabs),      TEST(bad_idx),
        TEST(bad_kind_of_file), TEST(bad_gzip),
        TEST(gzip_members),     TEST(without_y),
        TEST(bad_npy),
    };
    H5open(); /* H5T_STD_..._g have their values from here on */
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
