/* x and y of a data set: their properties, and their values, which are read some rows at a time.
 * They lie in one HDF5 file or in many, whose rows count as those of one (data/columns.h). Not
 * collective, unless a comment says otherwise: every rank opens files for itself. */
#ifndef DT_DATA_DATA_FILE_H
#define DT_DATA_DATA_FILE_H

#include "data/sample_map.h"
#include "data/schema.h"

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct dt_data_file dt_data_file;

/* What is to be opened. */
typedef struct {
    const char *path;         /* DATA, as data/file_list.h has it */
    const char *x, *y;        /* NAMES, as data/selection.h has them; y may be NULL */
    const char *y_path;       /* the files that have y; NULL: those of x */
    const char *weights;      /* one weight a row, in the files of y; NULL: none */
    bool mask_y;              /* a missing value in y does not count; else it is an error */
    bool drop_x, drop_y;      /* rows with a missing value in x, or in y, are left out; only for
                                 dt_data_file_open_all */
    const char *ignore_label; /* nor does this label; NULL: none */
    dt_x_scale x_scale;       /* whether x is divided by 255 */
    dt_sequence sequence;     /* a sample is several rows; only for dt_data_file_open_all */
    bool transposed;          /* the datasets are stored [features, rows] */
} dt_data_spec;

typedef struct {
    const char *path,
        *y_name;        /* for messages; owned by the dt_data_file; y_name NULL: y is not read */
    const char *y_path; /* of the files of y */
    int64_t rows;       /* samples: rows of x, and of y if it is read, without those left out; or as
                           many as dt_sequence makes of them */
    int64_t dropped;    /* samples that are left out, since they have missing values */
    int64_t features;   /* values of x in a sample */
    int64_t length;     /* rows of x in a sample: 1, or as dt_sequence says */
    int64_t stride;     /* rows from a sample to the next: 1, or as dt_sequence says */
    bool x_is_bytes;    /* x is uint8; a value means value / 255 */
    int64_t y_width;    /* values in a row of y; 0: y is not read */
    bool y_is_integer;  /* integers, or strings, which are the names of classes */
    bool y_is_text;
    bool weighted;      /* rows of y that are read end with a weight */
    bool masked;        /* y may have values that do not count: NaN, and negative labels */
    int64_t classes;    /* classes of the model that have names; 0: none */
    int64_t chunk_rows; /* rows of a chunk of x; 1 if x is contiguous */
} dt_data_file_info;

/* Open a file with x and y. Their sizes, types and filters are checked; no value is read.
 *   x, y       names of the datasets; y may be NULL
 *   *file    to be closed with dt_data_file_close; NULL after an error */
dt_code dt_data_file_open(dt_data_file **file, const char *path, const char *x, const char *y,
                          dt_error *err);

/* The same, of what a spec names. */
dt_code dt_data_file_open_alone(dt_data_file **file, const dt_data_spec *spec, dt_error *err);

/* Open a file on all ranks. Rank 0 checks, for all, that the file exists, is whole and undamaged;
 * then each other rank opens it once. Collective. After an error, which is the same on every rank,
 * *file is NULL or to be closed. */
dt_code dt_data_file_open_all(dt_data_file **file, const dt_world *world, const dt_data_spec *spec,
                              dt_error *err);

/* From now on, read rows in the order that a model takes: columns and classes that have names in
 * both are matched by name. Collective; to be called before the first row is read. DT_ERR_SHAPE
 * names what does not fit.
 *   model  rank 0: the schema of the data that the model was trained on; NULL: there is no model
 *   whose  rank 0: the name of the model in messages, as in "the model in run/best.h5"
 *   own    [out] rank 0: the schema of this file, to be ended with dt_schema_free in any case;
 *          NULL: not wanted */
dt_code dt_data_file_fit(dt_data_file *file, const dt_world *world, const dt_schema *model,
                         const char *whose, dt_schema *own, dt_error *err);

/* Read the schema of the file. Not collective. To be ended with dt_schema_free, also after an
 * error. */
dt_code dt_data_file_schema(dt_data_file *file, dt_schema *schema, dt_error *err);

/* After either of these calls, on rank 0: a line about an attribute of the file that should be a
 * list of names and is not; "": none.
 *   i  below DT_SCHEMA_LISTS */
const char *dt_data_file_unused(const dt_data_file *file, int i);

const dt_data_file_info *dt_data_file_get_info(const dt_data_file *file);

/* From now on, accept NaN and missing values in x. */
void dt_data_file_accept_gaps(dt_data_file *file);

/* Read rows [row, row + n) of x.
 *   out  [n,features] uint8_t where x_is_bytes, else float
 * DT_ERR_DATA if it cannot be read, or has a NaN or an infinite value; the message names the row.
 */
dt_code dt_data_file_read_x(dt_data_file *file, int64_t row, int64_t n, void *out, dt_error *err);

/* Read rows [row, row + n) of x of the files, where samples are several rows.
 *   out  [n,features / length] as dt_data_file_read_x. A row that belongs to no sample may be zeros */
dt_code dt_data_file_read_x_rows(dt_data_file *file, int64_t row, int64_t n, void *out,
                                 dt_error *err);

/* Which rows the samples begin with; all zero if every row is a sample. */
const dt_sample_map *dt_data_file_samples(const dt_data_file *file);

/* The meaning of y. */
typedef enum {
    DT_Y_TARGETS,       /* numbers */
    DT_Y_LABELS,        /* classes: whole numbers from 0 to 2^31 - 2 */
    DT_Y_PROBABILITIES, /* numbers from 0 to 1: the probability of "yes" in each column */
    DT_Y_DISTRIBUTIONS, /* the probabilities of the classes, which add up to 1 */
} dt_y_kind;

dt_y_kind dt_y_kind_of(dt_loss loss);

/* Read rows [row, row + n) of y.
 *   out  [n] int32_t for labels, else [n,y_width] float; where info->weighted, each row is followed
 *        by its weight, a float. What does not count is -1, or NaN
 * DT_ERR_DATA as for x, and for a value that y of this kind cannot have. */
dt_code dt_data_file_read_y(dt_data_file *file, dt_y_kind kind, int64_t row, int64_t n, void *out,
                            dt_error *err);

/* y of the first row, to be freed by the caller; NULL after an error. */
void *dt_data_file_first_y(dt_data_file *file, dt_y_kind kind, dt_error *err);

/* A file that has x of both; NULL: there is none. */
const char *dt_data_file_find_common(const dt_data_file *a, const dt_data_file *b);

/* Whether the names of x of both have a column in common. */
bool dt_data_file_share_columns(const dt_data_file *a, const dt_data_file *b);

/* The files that are read; for each of x, then of y if these are others. NULL behind the last. */
const char *dt_data_file_path(const dt_data_file *file, int64_t i);

/* Where the rows of each file of x begin, as dt_columns_begin, without those left out. */
const int64_t *dt_data_file_begin(const dt_data_file *file, int64_t *files);

/* Where the rows of each file begin, of all rows. */
const int64_t *dt_data_file_row_begin(const dt_data_file *file, int64_t *files);

/* The columns themselves, and the words that are the classes where y is strings. y may be NULL. */
struct dt_columns *dt_data_file_x(dt_data_file *file);
struct dt_columns *dt_data_file_y(dt_data_file *file);
const dt_names *dt_data_file_words(const dt_data_file *file);

/* The number of chunks of x that were read and unpacked without HDF5. */
int64_t dt_data_file_chunks_read(const dt_data_file *file);

/* Convert uint8 values to value / 255, as torchvision's ToTensor does.
 *   out  [n] */
void dt_unit_from_bytes(const uint8_t *bytes, int64_t n, float *out);

/* Takes NULL. */
void dt_data_file_close(dt_data_file *file);

#endif
