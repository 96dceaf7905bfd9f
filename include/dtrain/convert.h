/* Makes an HDF5 data set from a table or from arrays. */
#ifndef DTRAIN_CONVERT_H
#define DTRAIN_CONVERT_H

#include <dtrain/status.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a conversion reports about the table, apart from errors. A member may be NULL. */
typedef struct {
    FILE *to;                       /* gets a description of the rows and columns that were read */
    void (*warn)(const char *text); /* called for each warning */
} dt_convert_notes;

/* Read a CSV file into datasets x [N,F] float32 and y [N]. Not collective: one process calls it.
 *   table   [in] the CSV file, plain or gzipped. The function detects the separator (comma,
 *           semicolon or tab) and a header, which is a first row with a word above a number. The
 *           table is read twice, so it cannot be a pipe
 *   out     [in] the HDF5 file. It gets its name, and replaces an older file, only when it is
 *           complete and on the disk. After an error no new file is left
 *   target  [in] the column that becomes y. It is a name, or a number counted from 1; a negative
 *           number counts from the last column. If a column's name looks like a number, the name is
 *           preferred. NULL: all columns become x, and there is no y
 *   err     [out] names the file, the column and the line
 * The type of y depends on the cells of the target. It is int32 (or int64 if needed) if all cells
 * are whole numbers, float32 if all are numbers, and int32 classes 0..C-1 if all are words. The
 * classes are the distinct words in the order of their bytes; y's attribute "classes" lists them.
 * If there is a header, x's attribute "columns" has the names of its columns, and y's attribute
 * "columns" has the name of the target.
 *
 * These are errors: cells that are missing, NaN or infinite; a first row of numbers that may be a
 * header or data; a target with too many different words to be classes. Returns DT_OK, DT_ERR_FILE,
 * DT_ERR_DATA, DT_ERR_MEMORY, DT_ERR_SPACE, or DT_ERR_USAGE if out is the table itself. */
DT_API dt_code dt_convert_csv(const char *table, const char *out, const char *target,
                              dt_error *err);

/* The same as dt_convert_csv, with a report about the table.
 *   notes  [in] borrowed; NULL: no report */
DT_API dt_code dt_convert_table(const char *table, const char *out, const char *target,
                                const dt_convert_notes *notes, dt_error *err);

/* Read two arrays into datasets x and y of the same shapes and element types, in C order and
 * little-endian. A bool becomes uint8. Not collective: one process calls it.
 *   x, y  [in]  files in IDX or NPY format, plain or gzipped; the format is detected from the
 *               contents. y NULL: there is no y
 *   out   [in]  the HDF5 file, as in dt_convert_csv
 *   err   [out] names the file
 * Returns the codes of dt_convert_csv, or DT_ERR_SHAPE if the first dimensions differ. */
DT_API dt_code dt_convert_arrays(const char *x, const char *y, const char *out, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
