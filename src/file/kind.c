#include "file/kind.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 512 };

#define ARRAY                                                                                      \
    ", not an HDF5 file; dtrain convert --x FILE --y FILE OUT.h5 makes a data set of arrays"
#define TABLE                                                                                      \
    ", not an HDF5 file; dtrain convert TABLE.csv OUT.h5 --target COLUMN makes a data set of a "   \
    "table"

static const struct {
    const char *bytes;
    int n;
    const char *kind;
} kinds[] = {
    {"\x93NUMPY", 6, "an NPY array" ARRAY},
    {"\x1f\x8b", 2,
     "compressed with gzip, not an HDF5 file; unpack it, or if it is a table, IDX or NPY inside, "
     "dtrain convert takes it as it is"},
    {"PK\3\4", 4, "a ZIP archive (NPZ, XLSX, a model of PyTorch), not an HDF5 file"},
    {"CDF\1", 4, "a netCDF-3 file, not an HDF5 file; nccopy -k nc4 IN OUT makes one of it"},
    {"CDF\2", 4, "a netCDF-3 file, not an HDF5 file; nccopy -k nc4 IN OUT makes one of it"},
    {"CDF\5", 4, "a netCDF-3 file, not an HDF5 file; nccopy -k nc4 IN OUT makes one of it"},
    {"MATLAB 5.0 MAT", 14, "a MATLAB file of version 5, not an HDF5 file; save it with -v7.3"},
    {"PAR1", 4, "a Parquet file, not an HDF5 file; save it as CSV, and see dtrain convert"},
    {"ARROW1", 6, "an Arrow file, not an HDF5 file; save it as CSV, and see dtrain convert"},
    {"\xfd"
     "7zXZ",
     5, "compressed with xz, not an HDF5 file; unpack it first"},
    {"BZh", 3, "compressed with bzip2, not an HDF5 file; unpack it first"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd, not an HDF5 file; unpack it first"},
    {"\x80\2", 2, "a pickle of Python, not an HDF5 file"},
    {"\x80\3", 2, "a pickle of Python, not an HDF5 file"},
    {"\x80\4", 2, "a pickle of Python, not an HDF5 file"},
    {"\x80\5", 2, "a pickle of Python, not an HDF5 file"},
    {"\x0e\x03\x13\x01", 4, "an HDF4 file, not an HDF5 file; h4toh5 IN OUT makes one of it"},
};

/* Two zeros, a type from 8 to 14, and the number of dimensions. */
static bool is_idx(const unsigned char *head, size_t n)
{
    return n > 4 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 && head[3] >= 1 &&
           head[3] <= 8;
}

static bool is_text(const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (head[i] == 127 || (head[i] < ' ' && !strchr("\t\r\n\f", head[i])) || !head[i])
            return false;
    return n > 0;
}

const char *dt_file_kind(const char *path)
{
    unsigned char head[HEAD + 1] = {0};
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(head, 1, HEAD, file) : 0;
    if (file)
        fclose(file);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (n >= (size_t)kinds[k].n && memcmp(head, kinds[k].bytes, (size_t)kinds[k].n) == 0)
            return kinds[k].kind;
    if (is_idx(head, n))
        return "an IDX array" ARRAY;
    if (is_text(head, n) && strpbrk((const char *)head, ",;\t"))
        return "text, perhaps a table (CSV)" TABLE;
    if (is_text(head, n))
        return "text, not an HDF5 file";
    return n == 0 ? "empty, not an HDF5 file" : "not an HDF5 file";
}
