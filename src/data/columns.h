/* The columns that an option names, over all files of a data set: the rows of x, of y, or of the
 * weights. The rows of the files count as the rows of one file, and the columns of several datasets
 * stand side by side.
 *
 *             a.h5            b.h5            c.h5
 *   rows      0 .. 199        200 .. 499      500 .. 699
 *   columns   t | qv | qc     t | qv | qc     t | qv | qc
 *
 * Each rank inspects a part of the files, and learns the numbers of rows from the others. A file is
 * opened when its rows are read. Only so many are open at a time as the process may open; where the
 * places of a file's values are known, no HDF5 is needed to read them again. */
#ifndef DT_DATA_COLUMNS_H
#define DT_DATA_COLUMNS_H

#include "data/column_view.h"
#include "data/file_list.h"
#include "data/schema.h"

typedef struct dt_columns dt_columns;

typedef struct {
    const char *option; /* for messages: "--x" */
    const char *names;  /* as data/selection.h has them */
    bool large;         /* as in dt_h5_array_options */
    bool text;          /* a single column may hold strings */
    bool transposed;    /* the datasets are stored [features, rows] */
} dt_columns_spec;

typedef struct {
    const char *name; /* NAMES, for messages; owned by the columns */
    int64_t rows, width;
    bool is_integer, is_bytes; /* all of them are */
    bool is_text;              /* it is a column of strings */
    bool has_missing;          /* a value stands for a missing one */
    int64_t chunk_rows; /* rows that are best read together: of a chunk; 1 if there are none */
} dt_columns_info;

/* Open the columns of a list of files, which is borrowed.
 *   world    NULL: by this process alone. Else collective; an error is the same on every rank
 *   columns  [out] to be closed with dt_columns_close; NULL after an error
 * DT_ERR_SHAPE names the two files whose columns differ. */
dt_code dt_columns_open(dt_columns **columns, const dt_world *world, const dt_file_list *files,
                        const dt_columns_spec *spec, dt_error *err);

/* Not collective, as is all below, unless the comment says otherwise. Takes NULL. */
void dt_columns_close(dt_columns *columns);

const dt_columns_info *dt_columns_get_info(const dt_columns *columns);

/* Read rows [row, row + n), as dt_column_views_read does.
 *   out  [n,width] */
dt_code dt_columns_read(dt_columns *columns, int64_t row, int64_t n, dt_values values, void *out,
                        dt_error *err);

/* Visit the strings of rows [row, row + n). */
dt_code dt_columns_visit(dt_columns *columns, int64_t row, int64_t n, dt_text_visitor *visit,
                         void *data, dt_error *err);

/* Whether x and y have the same rows: where they lie in the same files, in each of them. */
dt_code dt_columns_check_rows(const dt_columns *x, const dt_columns *y, dt_error *err);

/* Where the rows of each file begin: [files + 1]; the last is the number of rows. */
const int64_t *dt_columns_begin(const dt_columns *columns, int64_t *files);

/* Whether the names of x and y have a column in common, in their first files. */
bool dt_columns_overlap(const dt_columns *x, const dt_columns *y);

/* Where a value is, for messages. */
typedef struct {
    const char *path, *name; /* the file, and the dataset in it or its member */
    long long row, column;   /* in it */
} dt_columns_place;
dt_columns_place dt_columns_find(const dt_columns *columns, int64_t row, int64_t column);

/* The names of the columns: from the attribute "columns" of the datasets, or, of several datasets,
 * from their own names. None, if it is one dataset without this attribute.
 *   unused  [out] a line about an attribute that is not a list of names; "": none */
dt_code dt_columns_names(dt_columns *columns, dt_names *names, char unused[DT_SCHEMA_TEXT],
                         dt_error *err);

/* The names of the classes, from the attribute "classes"; as above. */
dt_code dt_columns_classes(dt_columns *columns, dt_names *names, char unused[DT_SCHEMA_TEXT],
                           dt_error *err);

/* The distinct strings of a column of strings, without the empty one, in the order of their bytes.
 * Every rank gets them.
 * Collective, unless world is NULL. */
dt_code dt_columns_words(dt_columns *columns, const dt_world *world, dt_names *words,
                         dt_error *err);

/* Whether a dataset was written by MATLAB, whose dimensions are reversed in the file. */
bool dt_columns_are_from_matlab(dt_columns *columns);

/* What the values take up in the files. */
typedef struct {
    int64_t file_bytes, bytes; /* in the files; unpacked, in the type that they have there */
    bool never_written;        /* no file has values of any of the columns */
} dt_columns_storage;
dt_code dt_columns_measure(dt_columns *columns, dt_columns_storage *storage, dt_error *err);

/* The number of chunks that were read and unpacked without HDF5. */
int64_t dt_columns_chunks_read(const dt_columns *columns);

#endif
