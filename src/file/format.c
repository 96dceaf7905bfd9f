#include "file/format.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 512 };

typedef struct {
    const char *magic;
    size_t n;
    dt_file_format format;
} entry;

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const entry entries[] = {
    {MAGIC("\xfd"
           "7zXZ\0"),
     {"is compressed with xz", "unpack it first (unxz)"}},
    {MAGIC("BZh"), {"is compressed with bzip2", "unpack it first (bunzip2)"}},
    {MAGIC("\x28\xb5\x2f\xfd"), {"is compressed with Zstandard", "unpack it first (unzstd)"}},
    {MAGIC("\x04\x22\x4d\x18"), {"is compressed with LZ4", "unpack it first (unlz4)"}},
    {MAGIC("\x1f\x9d"), {"is compressed with compress", "unpack it first (uncompress)"}},
    {MAGIC("7z\xbc\xaf\x27\x1c"), {"is a 7z archive", "unpack it first"}},
    {MAGIC("PK\3\4"),
     {"is a ZIP archive, as are NPZ and XLSX files",
      "unpack it first (unzip), or save the sheet as CSV"}},
    {MAGIC("PK\5\6"), {"is an empty ZIP archive", "NPY, IDX and CSV files can be converted"}},
    {MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), {"is an old Excel file", "save the sheet as CSV"}},
    {MAGIC("PAR1"),
     {"is a Parquet file",
      "save it as CSV (in Python: pandas.read_parquet(...).to_csv(..., index=False))"}},
    {MAGIC("ARROW1"),
     {"is an Arrow or Feather file",
      "save it as CSV (in Python: pandas.read_feather(...).to_csv(..., index=False))"}},
    {MAGIC("CDF\1"), {"is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"}},
    {MAGIC("CDF\2"), {"is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"}},
    {MAGIC("CDF\5"), {"is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"}},
    {MAGIC("MATLAB 5.0"), {"is a MATLAB file", "save it with -v7.3, which is HDF5"}},
    {MAGIC("\x80\2"), {"is a Python pickle", "save it with numpy.save"}},
    {MAGIC("\x80\3"), {"is a Python pickle", "save it with numpy.save"}},
    {MAGIC("\x80\4"), {"is a Python pickle", "save it with numpy.save"}},
    {MAGIC("\x80\5"), {"is a Python pickle", "save it with numpy.save"}},
    {MAGIC("\x89PNG"), {"is a picture", "save its values with numpy.save"}},
    {MAGIC("\xff\xd8\xff"), {"is a picture", "save its values with numpy.save"}},
    {MAGIC("%PDF"), {"is a PDF file", "save the table as CSV"}},
    {MAGIC("\x0e\x03\x13\x01"), {"is an HDF4 file", "make it HDF5 first (h4toh5)"}},
};

/* Bytes that no text has. */
static bool is_binary(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < '\t' || (bytes[i] > '\r' && bytes[i] < ' ' && bytes[i] != 27))
            return true;
    return false;
}

/* A table's first column may be called like a magic number of letters. */
static bool has_magic(const entry *e, const unsigned char *bytes, size_t n)
{
    return n >= e->n && memcmp(bytes, e->magic, e->n) == 0 &&
           (bytes[0] > '~' || is_binary(bytes, n));
}

const dt_file_format *dt_file_format_find(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (has_magic(&entries[i], bytes, n))
            return &entries[i].format;
    return NULL;
}

/* ---- What convert takes --------------------------------------------------------------------- */

bool dt_file_format_is_npy(const unsigned char *bytes, size_t n)
{
    return n >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

/* Two zeros, a type from 8 to 14, and the number of dimensions. */
static bool is_idx(const unsigned char *bytes, size_t n)
{
    return n > 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 8 && bytes[2] <= 14 &&
           bytes[3] >= 1 && bytes[3] <= 8;
}

static const dt_file_format *find_convertible(const unsigned char *bytes, size_t n)
{
    static const char arrays[] =
        "dtrain convert --x FILE --y FILE OUT.h5 makes a data set of arrays";
    static const dt_file_format npy = {"is an NPY file", arrays}, idx = {"is an IDX file", arrays};
    static const dt_file_format gzip = {
        "is compressed with gzip",
        "unpack it, or, if a table, an IDX or an NPY file is inside, give "
        "it to dtrain convert as it is"};
    static const dt_file_format table = {
        "is text, perhaps a table",
        "dtrain convert TABLE.csv OUT.h5 --target COLUMN makes a data set of a table"};
    static const dt_file_format text = {"is text", NULL}, empty = {"is empty", NULL};
    if (dt_file_format_is_npy(bytes, n))
        return &npy;
    if (is_idx(bytes, n))
        return &idx;
    if (n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return &gzip;
    if (is_binary(bytes, n))
        return NULL;
    return n == 0 ? &empty : strpbrk((const char *)bytes, ",;\t") ? &table : &text;
}

dt_code dt_file_format_refuse(const char *path, dt_error *err)
{
    unsigned char head[HEAD + 1] = {0};
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(head, 1, HEAD, file) : 0;
    if (file)
        fclose(file);
    const dt_file_format *format = dt_file_format_find(head, n);
    if (!format)
        format = find_convertible(head, n);
    return dt_fail(err, DT_ERR_FILE, "%s: %s%snot an HDF5 file%s%s", path, format ? format->is : "",
                   format ? ", " : "", format && format->advice ? "; " : "",
                   format && format->advice ? format->advice : "");
}
