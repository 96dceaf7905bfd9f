/* Writes an HDF5 data set: datasets x and y in one file, which appears under its name only when it
 * is complete and on the disk. Only this file and like.h of import/ know HDF5. Not collective. */
#ifndef DT_DATA_IMPORT_WRITER_H
#define DT_DATA_IMPORT_WRITER_H

#include "data/import/element.h"
#include "file/output.h"

#include <dtrain/status.h>
#include <stdint.h>

enum { DT_WRITER_X, DT_WRITER_Y, DT_WRITER_SETS };

typedef struct {
    dt_output output;
    hid_t handle[DT_WRITER_SETS]; /* while the layout is made */
    int set[DT_WRITER_SETS];      /* numbers of the datasets in the output */
    int64_t row_bytes[DT_WRITER_SETS];
} dt_writer;

/* Begin a file that will be called out. To be ended with dt_writer_close, also after an error. */
dt_code dt_writer_create(dt_writer *writer, const char *out, dt_error *err);

/* Set type and shape of the dataset DT_WRITER_X or _Y. The file has it in little-endian. */
dt_code dt_writer_shape(dt_writer *writer, int set, dt_element element, int rank,
                        const int64_t *dims, dt_error *err);

/* Add an attribute with a list of strings to a dataset. */
dt_code dt_writer_strings(dt_writer *writer, int set, const char *name, const char *const *strings,
                          int64_t n, dt_error *err);

/* End the layout: after the shapes and attributes of both datasets, and before the first row. */
dt_code dt_writer_layout(dt_writer *writer, dt_error *err);

/* Write rows [first, first + count), in the byte order of `from`; data may be changed. */
dt_code dt_writer_rows(dt_writer *writer, int set, dt_element from, int64_t first, int64_t count,
                       void *data, dt_error *err);

/* Flush the file to the disk and give it its name. */
dt_code dt_writer_commit(dt_writer *writer, dt_error *err);

/* Remove the file unless it was committed. Also for a writer that is all zero. */
void dt_writer_close(dt_writer *writer);

#endif
