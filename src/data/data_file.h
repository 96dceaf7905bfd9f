/* One HDF5 file's x and y, read in pieces of rows: what they are, and their values. Not collective:
 * every rank opens the file for itself. */
#ifndef DT_DATA_DATA_FILE_H
#define DT_DATA_DATA_FILE_H

#include "data/schema.h"

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_data_file dt_data_file;

typedef struct {
    const char *path, *y_name; /* for messages; the source's; y_name NULL: y was not asked for */
    int64_t rows;              /* of x, and of y if it is there */
    int64_t features;          /* values in a row of x */
    bool x_is_bytes;           /* x is uint8: its values stand for value / 255 */
    int64_t y_width;           /* values in a row of y; 0: y was not asked for */
    bool y_is_integer;
    int64_t classes;    /* that have names, of the model's; 0: they have none */
    int64_t chunk_rows; /* rows of x that share a chunk of the file; 1 where it is contiguous */
} dt_data_file_info;

/* Open a file and look at x and y. Their sizes, types and filters are checked, no value is read.
 *   x, y       names of the datasets; y may be NULL
 *   *file    to be closed with dt_data_file_close; NULL after an error */
dt_code dt_data_file_open(dt_data_file **file, const char *path, const char *x, const char *y,
                          dt_error *err);

/* The same on all ranks: the first looks whether the file is there, whole and good, for all; where
 * it is, each of the others opens it once. Collective. After an error, which is every rank's,
 * *file is NULL or to be closed. */
dt_code dt_data_file_open_all(dt_data_file **file, const dt_world *world, const char *path,
                              const char *x, const char *y, dt_error *err);

/* Read rows from here on as a model takes them: columns and classes that have names in both are put
 * into the model's order. Collective; to be called before the first row is read. DT_ERR_SHAPE names
 * what does not fit.
 *   model  rank 0: of the data that the model was trained on; NULL: there is none
 *   whose  rank 0: the model in messages, as in "the model in run/best.h5"
 *   own    [out] NULL, or on rank 0 this file's; to be ended with dt_schema_free in any case */
dt_code dt_data_file_fit(dt_data_file *file, const dt_world *world, const dt_schema *model,
                         const char *whose, dt_schema *own, dt_error *err);

/* The file's own. Not collective. To be ended with dt_schema_free, also after an error. */
dt_code dt_data_file_schema(dt_data_file *file, dt_schema *schema, dt_error *err);

/* After either of these, on rank 0: an attribute of the file that should have been names, in words;
 * "": there is none.
 *   i  below DT_SCHEMA_LISTS */
const char *dt_data_file_unused(const dt_data_file *file, int i);

const dt_data_file_info *dt_data_file_get_info(const dt_data_file *file);

/* Read rows [row, row + n) of x.
 *   out  [n,features] uint8_t where x_is_bytes, else float
 * DT_ERR_DATA if it cannot be read, or has a NaN or an infinite value; the message names the row.
 */
dt_code dt_data_file_read_x(dt_data_file *file, int64_t row, int64_t n, void *out, dt_error *err);

/* What y stands for. */
typedef enum {
    DT_Y_TARGETS,       /* numbers */
    DT_Y_LABELS,        /* classes: whole numbers from 0 to 2^31 - 2 */
    DT_Y_PROBABILITIES, /* numbers from 0 to 1: what is so, 1, and what is not, 0 */
} dt_y_kind;

dt_y_kind dt_y_kind_of(dt_loss loss);

/* Read rows [row, row + n) of y.
 *   out  [n] int32_t for labels, else [n,y_width] float
 * DT_ERR_DATA as for x, or for a value that y may not have. */
dt_code dt_data_file_read_y(dt_data_file *file, dt_y_kind kind, int64_t row, int64_t n, void *out,
                            dt_error *err);

/* y of the first row, in memory of its own that the caller frees; NULL after an error. */
void *dt_data_file_first_y(dt_data_file *file, dt_y_kind kind, dt_error *err);

/* How many chunks of x have been read and unpacked, other than by HDF5 itself. */
int64_t dt_data_file_chunks_read(const dt_data_file *file);

/* uint8 values as the model sees them: value / 255 (torchvision's ToTensor).
 *   out  [n] */
void dt_unit_from_bytes(const uint8_t *bytes, int64_t n, float *out);

/* Takes NULL. */
void dt_data_file_close(dt_data_file *file);

#endif
