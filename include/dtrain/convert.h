/* Make an HDF5 data set from a table or from arrays. */
#ifndef DTRAIN_CONVERT_H
#define DTRAIN_CONVERT_H

#include <dtrain/status.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversion says besides its error. A part that is NULL is not said. */
typedef struct {
    FILE *to;                       /* what was taken of the table, in words */
    void (*warn)(const char *text); /* of what may have been meant otherwise, a line a call */
} dt_convert_notes;

/* Read a CSV file into datasets x [N,F] float32 and y [N]. Not collective: one process calls it.
 *   table   [in] plain or gzipped; the separator (comma, semicolon or tab) is found out, and so is
 *                a header: a first row with a word over a number. Read twice, so no pipe
 *   out     [in] the HDF5 file; it appears under its name only when complete and on the disk, and
 *                replaces an older one only then. After an error nothing is left
 *   target  [in] the column that becomes y: its name, or its number counted from 1, negative from
 *                the end. A name that looks like a number wins over the number. NULL: every column
 *                becomes one of x, and there is no y
 *   err     [out] names the file, the column and the line
 * y is int32 (int64 where needed) if every cell of the target is written as a whole number, float32
 * if all are numbers, and int32 classes 0..C-1 if all are words: of the distinct words in the order
 * of their bytes, which stand in y's attribute "classes". The names of the other columns, where
 * there is a header, stand in x's attribute "columns", and the target's in y's. Missing, NaN and
 * infinite cells are errors, and so is a first row that may be a header of numbers or a row, and a
 * target of words that are hardly classes. Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA, DT_ERR_MEMORY,
 * DT_ERR_SPACE, or DT_ERR_USAGE if out is the table itself. */
DT_API dt_code dt_convert_csv(const char *table, const char *out, const char *target,
                              dt_error *err);

/* The same, and say what was taken of the table.
 *   notes  [in] borrowed; NULL: say nothing */
DT_API dt_code dt_convert_table(const char *table, const char *out, const char *target,
                                const dt_convert_notes *notes, dt_error *err);

/* Read two arrays into datasets x and y of the same shapes and element types (a bool becomes
 * uint8), in C order and little-endian. Not collective: one process calls it.
 *   x, y  [in]  each IDX or NPY, plain or gzipped, told apart by its contents; y NULL: there is
 *               none
 *   out   [in]  as above
 *   err   [out] names the file
 * Returns as above, and DT_ERR_SHAPE if the first dimensions differ. */
DT_API dt_code dt_convert_arrays(const char *x, const char *y, const char *out, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
