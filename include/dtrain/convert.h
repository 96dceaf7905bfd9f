/* Makes an HDF5 data set from a table or from arrays. */
#ifndef DTRAIN_CONVERT_H
#define DTRAIN_CONVERT_H

#include <dtrain/status.h>

#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversion reports besides an error. A member that is NULL is not used. */
typedef struct {
    FILE *to;                       /* gets a description of what was taken from the table */
    void (*warn)(const char *text); /* called for each warning */
} dt_convert_notes;

typedef enum {
    DT_CONVERT_HEADER_AUTO, /* a first row with a word above a number is a header */
    DT_CONVERT_HEADER_YES,
    DT_CONVERT_HEADER_NO,
} dt_convert_header;

/* How to read a table. All zero: every column becomes x, and all is found automatically. A list is
 * columns separated by commas: each a name, or a number from 1, or negative from the end. A name
 * that looks like a number is preferred to the number, and a name with a comma stands in double
 * quotes. All is borrowed. */
typedef struct {
    const char *target;  /* list of the columns that become y; NULL: there is no y */
    const char *drop;    /* list of columns that are left out */
    const char *columns; /* list of the columns that become x, in this order; NULL: all others */
    const char *like;    /* a data set that this function wrote: x gets the same columns in the same
                            order, found by their names, with the same words, and y the same
                            classes; other columns are left out. A word or a class that it does not
                            have is an error. y is that file's if the table has it and no target is
                            named. Without drop and columns. NULL: none */
    bool one_hot;        /* feature columns of words become 0/1 columns, one for each word */
    dt_convert_header header;
    char separator; /* '\0': found: comma, semicolon, tab, bar or blanks. ' ': blanks and tabs, any
                       number of which count as one */
    char decimal;   /* '.' or ','; '\0': a point */
    char thousands; /* separates thousands; '\0': nothing does */
    const char *missing_words; /* list of words that stand for a missing value, beside an empty
                                  cell, NA, NaN, null, None, N/A, ? and the like */
} dt_convert_options;

/* Read a table into datasets x [N,F] float32 and y [N]. Not collective: one process calls it.
 *   table    [in] plain or gzipped. It is read twice, so it cannot be a pipe
 *   out      [in] the HDF5 file. It appears under its name, and replaces an older file, only when
 *            it is complete and on the disk. After an error nothing is left
 *   options  [in] borrowed; NULL: the defaults
 *   notes    [in] borrowed; NULL: no report
 *   err      [out] names the file, the column and the line
 * A missing cell becomes NaN in x and in a y of numbers. True and False are 1 and 0 in x.
 * y is int32 (int64 if needed) if every cell of the target is a whole number, float32 if all cells
 * are numbers or missing, and int32 classes 0..C-1 if all cells are words. The classes are the
 * distinct words in the order of their bytes; y's attribute "classes" lists them. y of several
 * targets is [N,K] float32. If there is a header, x's attribute "columns" has the names of its
 * columns, and y's the names of the targets. A 0/1 column is called column=word. Errors are:
 * infinite cells; a missing class; a first row that may be a header of numbers or a row; and a
 * target of words that are hardly classes. Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA, DT_ERR_MEMORY,
 * DT_ERR_SPACE, or DT_ERR_USAGE if out is the table itself or options contradict each other. */
DT_API dt_code dt_convert_table_with(const char *table, const char *out,
                                     const dt_convert_options *options,
                                     const dt_convert_notes *notes, dt_error *err);

/* The same with the default options.
 *   target  [in] the one column that becomes y: its name, also with a comma, or its number. NULL:
 *           there is no y */
DT_API dt_code dt_convert_table(const char *table, const char *out, const char *target,
                                const dt_convert_notes *notes, dt_error *err);

/* The same without a report. */
DT_API dt_code dt_convert_csv(const char *table, const char *out, const char *target,
                              dt_error *err);

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
