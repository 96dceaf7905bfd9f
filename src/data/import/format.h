/* Refuses files that are neither a table nor an array, by their first bytes. Not collective. */
#ifndef DT_DATA_IMPORT_FORMAT_H
#define DT_DATA_IMPORT_FORMAT_H

#include <dtrain/status.h>

#include <stdbool.h>
#include <stddef.h>

/* DT_ERR_DATA if a file that begins with these n bytes, after gzip is unpacked, has another known
 * format; the message says which, and what to do. DT_OK means no more than that. */
dt_code dt_input_check_format(const char *path, const unsigned char *bytes, size_t n,
                              dt_error *err);

/* The same, and DT_ERR_DATA for bytes that are 0 and for other kinds of text, such as JSON. */
dt_code dt_input_check_text(const char *path, const unsigned char *bytes, size_t n, dt_error *err);

#endif
