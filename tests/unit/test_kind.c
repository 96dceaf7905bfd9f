/* Files that are no HDF5, by their first bytes. */
#include "file/kind.h"

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
        {"", 0, "empty,"},
        {"\x93NUMPY\1\0", 8, "an NPY array, not an HDF5 file; dtrain convert --x"},
        {"\0\0\x08\3\0\0\0\1", 8, "an IDX array, not an HDF5 file; dtrain convert --x"},
        {"\0\0\x07\3\0\0\0\1", 8, "not an HDF5 file"},
        {"a,b\n1,2\n", 8, "text, perhaps a table (CSV), not an HDF5 file; dtrain convert TABLE"},
        {"a;b\r\n1;2\r\n", 10, "text, perhaps a table"},
        {"\xc3\xa4\tb\n", 5, "text, perhaps a table"},
        {"words\n", 6, "text, not"},
        {"a,b\0", 4, "not an HDF5 file"},
        {"\x1f\x8b\x08", 3, "compressed with gzip"},
        {"PK\3\4", 4, "a ZIP archive"},
        {"CDF\1", 4, "a netCDF-3 file"},
        {"PAR1", 4, "a Parquet file"},
        {"MATLAB 5.0 MAT-file", 19, "a MATLAB file"},
        {"\xff\xfe\x01", 3, "not an HDF5 file"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen("kind", "w");
        assert_non_null(file);
        fwrite(files[i].bytes, 1, files[i].n, file);
        fclose(file);
        const char *kind = dt_file_kind("kind");
        if (strncmp(kind, files[i].kind, strlen(files[i].kind)) != 0 ||
            !strstr(kind, "not an HDF5"))
            fail_msg("%s: expected %s", kind, files[i].kind);
    }
    assert_string_equal(dt_file_kind("none"), "empty, not an HDF5 file");
    remove("kind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
