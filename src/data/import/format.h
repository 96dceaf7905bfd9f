/* What a file is that was given for a table or an array and is neither: known by its first bytes.
 * Not collective. */
#ifndef DT_DATA_IMPORT_FORMAT_H
#define DT_DATA_IMPORT_FORMAT_H

#include <dtrain/status.h>

#include <stdbool.h>
#include <stddef.h>

/* DT_ERR_DATA if the first n bytes, unpacked if they are gzip, are those of another kind of file;
 * the message says of which and what to do. DT_OK says nothing. */
dt_code dt_input_check_format(const char *path, const unsigned char *bytes, size_t n,
                              dt_error *err);

/* The same of what cannot be text either: bytes that are 0, and texts of other forms. */
dt_code dt_input_check_text(const char *path, const unsigned char *bytes, size_t n, dt_error *err);

#endif
