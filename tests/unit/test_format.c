/* Files that are no HDF5, by their first bytes. */
#include "file/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *kind; /* how it begins */
    } files[] = {
        {"", 0, "f: is empty,"},
        {"\x93NUMPY\1\0", 8, "f: is an NPY file, not an HDF5 file; dtrain convert --x"},
        {"\0\0\x08\3\0\0\0\1", 8, "f: is an IDX file, not an HDF5 file; dtrain convert --x"},
        {"\0\0\x07\3\0\0\0\1", 8, "f: not an HDF5 file"},
        {"a,b\n1,2\n", 8, "f: is text, perhaps a table, not an HDF5 file; dtrain convert TABLE"},
        {"a;b\r\n1;2\r\n", 10, "f: is text, perhaps a table"},
        {"\xc3\xa4\tb\n", 5, "f: is text, perhaps a table"},
        {"words\n", 6, "f: is text, not"},
        {"a,b\0", 4, "f: not an HDF5 file"},
        {"\x1f\x8b\x08", 3, "f: is compressed with gzip"},
        {"PK\3\4\0", 5, "f: is a ZIP archive"},
        {"CDF\1\0", 5, "f: is a netCDF-3 file"},
        {"PAR1\1", 5, "f: is a Parquet file"},
        {"MATLAB 5.0 MAT-file\0", 20, "f: is a MATLAB file"},
        {"\xff\xfe\x01", 3, "f: not an HDF5 file"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen("f", "w");
        assert_non_null(file);
        fwrite(files[i].bytes, 1, files[i].n, file);
        fclose(file);
        dt_error err = {0};
        assert_int_equal(dt_file_format_refuse("f", &err), DT_ERR_FILE);
        if (strncmp(err.text, files[i].kind, strlen(files[i].kind)) != 0 ||
            !strstr(err.text, "not an HDF5"))
            fail_msg("%s: expected %s", err.text, files[i].kind);
    }
    remove("f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
