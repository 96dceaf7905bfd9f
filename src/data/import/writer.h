/* A new HDF5 data set: datasets x and y in one file, which appears under its name only when it is
 * complete and on the disk. The only file of this room that knows HDF5. Nothing here is collective.
 */
#ifndef DT_DATA_IMPORT_WRITER_H
#define DT_DATA_IMPORT_WRITER_H

#include "element.h"

#include <dtrain/status.h>

#include <stdint.h>

enum { DT_WRITER_X, DT_WRITER_Y, DT_WRITER_SETS };

typedef struct dt_writer dt_writer;

/* Begin a file that will be called out (borrowed). Nothing of that name is touched before
 * dt_writer_commit; until then the file is out.tmp.PID. */
dt_code dt_writer_create(dt_writer **writer, const char *out, dt_error *err);

/* Give dataset set (DT_WRITER_X or _Y) its type and shape; the file has it in little-endian. */
dt_code dt_writer_shape(dt_writer *writer, int set, dt_element element, int rank,
                        const int64_t *dims, dt_error *err);

/* Attach an array of strings to a dataset. */
dt_code dt_writer_strings(dt_writer *writer, int set, const char *name, const char *const *strings,
                          int64_t n, dt_error *err);

/* Once both datasets have their shapes and attributes, and before the first row: write everything
 * but the values, and take the disk space for those, so that a disk too small is found out here. */
dt_code dt_writer_layout(dt_writer *writer, dt_error *err);

/* Write rows [first, first + count), given in the byte order of from; data may be changed. */
dt_code dt_writer_rows(dt_writer *writer, int set, dt_element from, int64_t first, int64_t count,
                       void *data, dt_error *err);

/* Bring everything onto the disk and give the file its name. On an error call destroy as usual. */
dt_code dt_writer_commit(dt_writer *writer, dt_error *err);

/* Takes NULL. Removes what was written unless it was committed. */
void dt_writer_destroy(dt_writer *writer);

#endif
