/* One HDF5 file's x and y, read in pieces of rows: what they are, and their values. Not collective:
 * every rank opens the file for itself. */
#ifndef DT_DATA_SOURCE_H
#define DT_DATA_SOURCE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_source dt_source;

typedef struct {
    const char *path, *y_name; /* for messages; the source's; y_name NULL: y was not asked for */
    int64_t rows;              /* of x, and of y if it is there */
    int64_t features;          /* values in a row of x */
    bool x_is_bytes;           /* x is uint8: its values stand for value / 255 */
    int64_t y_width;           /* values in a row of y; 0: y was not asked for */
    bool y_is_integer;
    int64_t chunk_rows; /* rows of x that share a chunk of the file; 1 where it is contiguous */
} dt_source_facts;

/* Open a file and look at x and y. Their sizes, types and filters are checked, no value is read.
 *   x, y       names of the datasets; y may be NULL
 *   *source    to be closed with dt_source_close; NULL after an error */
dt_code dt_source_open(dt_source **source, const char *path, const char *x, const char *y,
                       dt_error *err);

const dt_source_facts *dt_source_look(const dt_source *source);

/* Read rows [row, row + n) of x.
 *   out  [n,features] uint8_t where x_is_bytes, else float
 * DT_ERR_DATA if it cannot be read, or has a NaN or an infinite value; the message names the row.
 */
dt_code dt_source_read_x(dt_source *source, int64_t row, int64_t n, void *out, dt_error *err);

/* Read rows [row, row + n) of y as numbers, out [n,y_width], or as labels of classes, out [n]:
 * these must be whole numbers from 0 to 2^31 - 2. */
dt_code dt_source_read_targets(dt_source *source, int64_t row, int64_t n, float *out,
                               dt_error *err);
dt_code dt_source_read_labels(dt_source *source, int64_t row, int64_t n, int32_t *out,
                              dt_error *err);

/* How many chunks of x have been read and unpacked, other than by HDF5 itself. */
int64_t dt_source_chunks_read(const dt_source *source);

/* uint8 values as the model sees them: value / 255 (torchvision's ToTensor). out [n]. */
void dt_unit_from_bytes(const uint8_t *bytes, int64_t n, float *out);

/* Takes NULL. */
void dt_source_close(dt_source *source);

#endif
