/* Recognises the formats of other programs' files by their first bytes. Not collective. */
#ifndef DT_FILE_FORMAT_H
#define DT_FILE_FORMAT_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *is;     /* "is a Parquet file" */
    const char *advice; /* what the user can do; NULL: nothing */
} dt_file_format;

/* Return the format of a file that begins with these n bytes; NULL: unknown, or text. */
const dt_file_format *dt_file_format_find(const unsigned char *bytes, size_t n);

/* Return whether a file that begins with these n bytes is NPY. */
bool dt_file_format_is_npy(const unsigned char *bytes, size_t n);

/* Fail with DT_ERR_FILE for a file that is not HDF5. The message names its format, and tells how to
 * make a data set from it. Returns err->code. */
dt_code dt_file_format_refuse(const char *path, dt_error *err);

#endif
