/* Files of other kinds than HDF5, by their first bytes. */
#ifndef DT_FILE_FORMAT_H
#define DT_FILE_FORMAT_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *is;     /* "is a Parquet file" */
    const char *advice; /* how to get on; NULL: none */
} dt_file_format;

/* That of a file of another program which begins so; NULL: none that is known, or text. */
const dt_file_format *dt_file_format_find(const unsigned char *bytes, size_t n);

bool dt_file_format_is_npy(const unsigned char *bytes, size_t n);

/* DT_ERR_FILE: what a file is that should be HDF5, and how it becomes a data set. */
dt_code dt_file_format_refuse(const char *path, dt_error *err);

#endif
