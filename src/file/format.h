/* Formats of files other than HDF5, told by their first bytes. */
#ifndef DT_FILE_FORMAT_H
#define DT_FILE_FORMAT_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *is;     /* "is a Parquet file" */
    const char *advice; /* what the user can do; NULL: nothing */
} dt_file_format;

/* The format of a file of another program that begins with these bytes; NULL: unknown, or text. */
const dt_file_format *dt_file_format_find(const unsigned char *bytes, size_t n);

bool dt_file_format_is_npy(const unsigned char *bytes, size_t n);

/* DT_ERR_FILE for a file that should be HDF5 and is not: the message says what it is, and how it
 * becomes a data set. */
dt_code dt_file_format_refuse(const char *path, dt_error *err);

#endif
