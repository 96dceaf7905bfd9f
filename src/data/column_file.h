/* One file of a data set, with the datasets in it that columns are taken from. Not collective. */
#ifndef DT_DATA_COLUMN_FILE_H
#define DT_DATA_COLUMN_FILE_H

#include "data/columns.h"
#include "data/selection.h"

typedef struct {
    const char *path; /* borrowed */
    hid_t file;       /* negative: closed */
    int arrays;
    dt_h5_array **array; /* [arrays]; owned. A dataset is there once */
    int views;
    dt_column_view *view; /* [views]; owned. Views of one array stand together */
    char **label;         /* [views] the dataset, or "dataset/member"; owned */
    int64_t rows, width, chunk_rows;
    bool is_integer, is_bytes, is_text, has_missing;
} dt_column_file;

typedef struct {
    const dt_columns_spec *columns;
    const dt_selection *selection;
    bool trusted;  /* as in dt_h5_open_trusted */
    bool detached; /* as in dt_h5_array_options */
} dt_column_file_spec;

/* Whether a file has a dataset of this name. */
bool dt_column_file_has(hid_t file, const char *name);

/* Open a file. To be ended with dt_column_file_close, also after an error. */
dt_code dt_column_file_open(dt_column_file *file, const char *path, const dt_column_file_spec *spec,
                            dt_error *err);

/* Close the file, but keep what is known of it; and open it again. */
void dt_column_file_suspend(dt_column_file *file);
dt_code dt_column_file_resume(dt_column_file *file, dt_error *err);

/* As dt_columns_read, of rows of this file. */
dt_code dt_column_file_read(const dt_column_file *file, int64_t row, int64_t n, dt_values values,
                            void *out, dt_error *err);

/* Also for a file that is all zero. */
void dt_column_file_close(dt_column_file *file);

#endif
