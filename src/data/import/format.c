#include "data/import/format.h"

#include "file/format.h"

#include <ctype.h>
#include <string.h>

static dt_code fail_format(const char *path, const char *is, const char *advice, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: %s; %s", path, is, advice);
}

dt_code dt_input_check_format(const char *path, const unsigned char *bytes, size_t n, dt_error *err)
{
    const dt_file_format *format = dt_file_format_find(bytes, n);
    if (format)
        return fail_format(path, format->is, format->advice, err);
    if (n >= 8 && memcmp(bytes, "\x89HDF\r\n\x1a\n", 8) == 0)
        return fail_format(path, "is an HDF5 file", "it needs no conversion: give it to --data",
                           err);
    if (n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return fail_format(path, "is compressed with gzip twice", "unpack it once (gunzip)", err);
    return DT_OK;
}

/* The first byte that is no space, from one on; 0 at the end. */
static unsigned char next_sign(const unsigned char *bytes, size_t n, size_t *at)
{
    while (*at < n && isspace(bytes[*at]))
        ++*at;
    return *at < n ? bytes[(*at)++] : '\0';
}

dt_code dt_input_check_text(const char *path, const unsigned char *bytes, size_t n, dt_error *err)
{
    static const char is_table[] = "a table is text with a row in each line, like CSV";
    size_t at = 0;
    if (dt_input_check_format(path, bytes, n, err))
        return err->code;
    if (dt_file_format_is_npy(bytes, n))
        return fail_format(path, "is an NPY file", "give it to --x or --y", err);
    if (n >= 4 && bytes[0] == 0 && bytes[1] == 0)
        return fail_format(path, "is not text, but perhaps an IDX file", "give that to --x or --y",
                           err);
    if (memchr(bytes, 0, n))
        return fail_format(path, "is not text: it has bytes that are 0",
                           "a table is UTF-8 text with a row in each line, like CSV", err);
    unsigned char first = next_sign(bytes, n, &at), second = next_sign(bytes, n, &at);
    if ((first == '{' && strchr("\"}", second)) || (first == '[' && strchr("{[\"", second)))
        return fail_format(path, "looks like JSON", is_table, err);
    if (first == '<' && (second == '!' || second == '?' || isalpha(second)))
        return fail_format(path, "looks like HTML or XML", is_table, err);
    return DT_OK;
}
