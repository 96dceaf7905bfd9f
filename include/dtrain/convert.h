/* Makes an HDF5 data set from a table or from arrays. */
#ifndef DTRAIN_CONVERT_H
#define DTRAIN_CONVERT_H

#include <dtrain/status.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversion reports besides an error. A member that is NULL is not used. */
typedef struct {
    FILE *to;                       /* gets a description of what was taken from the table */
    void (*warn)(const char *text); /* called for each warning */
} dt_convert_notes;

/* Read a CSV file into datasets x [N,F] float32 and y [N]. Not collective: one process calls it.
 *   table   [in] plain or gzipped. The separator (comma, semicolon or tab) is found automatically,
 *           and so is a header: a first row with a word above a number. The table is read twice, so
 *           it cannot be a pipe
 *   out     [in] the HDF5 file. It appears under its name, and replaces an older file, only when it
 *           is complete and on the disk. After an error nothing is left
 *   target  [in] the column that becomes y: its name, or its number, counted from 1, or negative
 *           from the end. A name that looks like a number is preferred to the number. NULL: all
 *           columns become x, and there is no y
 *   err     [out] names the file, the column and the line
 * y is int32 (int64 if needed) if every cell of the target is a whole number, float32 if all cells
 * are numbers, and int32 classes 0..C-1 if all cells are words. The classes are the distinct words
 * in the order of their bytes; y's attribute "classes" lists them. If there is a header, x's
 * attribute "columns" has the names of the other columns, and y's the name of the target. Errors
 * are: missing, NaN and infinite cells; a first row that may be a header of numbers or a row; and a
 * target of words that are hardly classes. Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA, DT_ERR_MEMORY,
 * DT_ERR_SPACE, or DT_ERR_USAGE if out is the table itself. */
DT_API dt_code dt_convert_csv(const char *table, const char *out, const char *target,
                              dt_error *err);

/* The same, with a report of what was taken from the table.
 *   notes  [in] borrowed; NULL: no report */
DT_API dt_code dt_convert_table(const char *table, const char *out, const char *target,
                                const dt_convert_notes *notes, dt_error *err);

/* Read two arrays into datasets x and y of the same shapes and element types (a bool becomes
 * uint8), in C order and little-endian. Not collective: one process calls it.
 *   x, y  [in]  each IDX or NPY, plain or gzipped, which its contents tell; y NULL: there is no y
 *   out   [in]  as above
 *   err   [out] names the file
 * Returns as above, and DT_ERR_SHAPE if the first dimensions differ. */
DT_API dt_code dt_convert_arrays(const char *x, const char *y, const char *out, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
