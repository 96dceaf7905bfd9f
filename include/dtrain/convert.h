/* Make an HDF5 data set from a table or from arrays. */
#ifndef DTRAIN_CONVERT_H
#define DTRAIN_CONVERT_H

#include <dtrain/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Read a CSV file (plain or gzipped; separator , ; or tab; a header line or none: both found out)
 * into datasets x [N,F] and y [N]. target   name of the column that becomes y, or its number
 * counted from 1 (negative: from the end) y is integer (classes) if every value of the column is a
 * whole number or if the column is text, whose sorted distinct words then become classes 0..C-1 and
 * stand in y's attribute "classes"; otherwise float. x is float32 and carries the names of its
 * columns, where a header gives them, in its attribute "columns". out appears under its name only
 * when complete; on an error nothing is left. Not collective: one process calls it. An error names
 * the file, the row and the column. */
dt_code dt_convert_csv(const char *table, const char *out, const char *target, dt_error *err);

/* Read two arrays, each IDX or NPY, plain or gzipped (told apart by their contents), into datasets
 * x and y of the same element types and shapes. Not collective: one process calls it. DT_ERR_SHAPE
 * if their first dimensions differ. out as above. */
dt_code dt_convert_arrays(const char *x, const char *y, const char *out, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
