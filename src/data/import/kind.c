#include "data/import/kind.h"

#include <ctype.h>
#include <string.h>

typedef struct {
    const char *magic;
    size_t n;
    const char *is, *advice;
} kind;

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const kind kinds[] = {
    {MAGIC("\xfd"
           "7zXZ\0"),
     "is compressed with xz", "unpack it first (unxz)"},
    {MAGIC("BZh"), "is compressed with bzip2", "unpack it first (bunzip2)"},
    {MAGIC("\x28\xb5\x2f\xfd"), "is compressed with Zstandard", "unpack it first (unzstd)"},
    {MAGIC("\x04\x22\x4d\x18"), "is compressed with LZ4", "unpack it first (unlz4)"},
    {MAGIC("\x1f\x9d"), "is compressed with compress", "unpack it first (uncompress)"},
    {MAGIC("\x1f\x8b"), "is compressed with gzip twice", "unpack it once (gunzip)"},
    {MAGIC("7z\xbc\xaf\x27\x1c"), "is a 7z archive", "unpack it first"},
    {MAGIC("PK\3\4"), "is a ZIP archive, as are NPZ and XLSX files",
     "unpack it first (unzip), or save the sheet as CSV"},
    {MAGIC("PK\5\6"), "is an empty ZIP archive", "NPY, IDX and CSV files can be converted"},
    {MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "is an old Excel file", "save the sheet as CSV"},
    {MAGIC("PAR1"), "is a Parquet file",
     "save it as CSV (in Python: pandas.read_parquet(...).to_csv(..., index=False))"},
    {MAGIC("ARROW1"), "is an Arrow or Feather file",
     "save it as CSV (in Python: pandas.read_feather(...).to_csv(..., index=False))"},
    {MAGIC("\x89HDF\r\n\x1a\n"), "is an HDF5 file", "it needs no conversion: give it to --data"},
    {MAGIC("CDF\1"), "is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"},
    {MAGIC("CDF\2"), "is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"},
    {MAGIC("CDF\5"), "is a netCDF-3 file", "make it netCDF-4 first (nccopy -k nc4)"},
    {MAGIC("MATLAB 5.0"), "is a MATLAB file", "save it with -v7.3, which is HDF5"},
    {MAGIC("\x80\2"), "is a Python pickle", "save it with numpy.save"},
    {MAGIC("\x80\3"), "is a Python pickle", "save it with numpy.save"},
    {MAGIC("\x80\4"), "is a Python pickle", "save it with numpy.save"},
    {MAGIC("\x80\5"), "is a Python pickle", "save it with numpy.save"},
    {MAGIC("\x89PNG"), "is a picture", "save its values with numpy.save"},
    {MAGIC("\xff\xd8\xff"), "is a picture", "save its values with numpy.save"},
    {MAGIC("%PDF"), "is a PDF file", "save the table as CSV"},
};

static dt_code told(const char *path, const char *is, const char *advice, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: %s; %s", path, is, advice);
}

/* Bytes that no text has. */
static bool is_binary(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < '\t' || (bytes[i] > '\r' && bytes[i] < ' ' && bytes[i] != 27))
            return true;
    return false;
}

/* A table's first column may be called like a magic number of letters. */
static bool is_kind(const kind *k, const unsigned char *bytes, size_t n)
{
    return n >= k->n && memcmp(bytes, k->magic, k->n) == 0 &&
           (bytes[0] > '~' || is_binary(bytes, n));
}

dt_code dt_kind_check(const char *path, const unsigned char *bytes, size_t n, dt_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_kind(&kinds[i], bytes, n))
            return told(path, kinds[i].is, kinds[i].advice, err);
    return DT_OK;
}

/* The first byte that is no space, from one on; 0 at the end. */
static unsigned char next_sign(const unsigned char *bytes, size_t n, size_t *at)
{
    while (*at < n && isspace(bytes[*at]))
        ++*at;
    return *at < n ? bytes[(*at)++] : '\0';
}

dt_code dt_kind_check_text(const char *path, const unsigned char *bytes, size_t n, dt_error *err)
{
    static const char is_table[] = "a table is text with a row in each line, like CSV";
    size_t at = 0;
    if (dt_kind_check(path, bytes, n, err))
        return err->code;
    if (n >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        return told(path, "is an NPY file", "give it to --x or --y", err);
    if (n >= 4 && bytes[0] == 0 && bytes[1] == 0)
        return told(path, "is not text, but perhaps an IDX file", "give that to --x or --y", err);
    if (memchr(bytes, 0, n))
        return told(path, "is not text: it has bytes that are 0",
                    "a table is UTF-8 text with a row in each line, like CSV", err);
    unsigned char first = next_sign(bytes, n, &at), second = next_sign(bytes, n, &at);
    if ((first == '{' && strchr("\"}", second)) || (first == '[' && strchr("{[\"", second)))
        return told(path, "looks like JSON", is_table, err);
    if (first == '<' && (second == '!' || second == '?' || isalpha(second)))
        return told(path, "looks like HTML or XML", is_table, err);
    return DT_OK;
}
