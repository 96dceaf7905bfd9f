/* Describes the contents of a file. */
#ifndef DTRAIN_INFO_H
#define DTRAIN_INFO_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *x, *y;  /* the datasets, as in dt_train_options; NULL: "x" and "y", which need not
                        * exist */
    const char *y_data; /* the files that have y; NULL: those that have x */
    bool transpose;     /* the datasets are stored [features, rows] */
    bool no_values;     /* do not read the values of x and y; print only what needs none of them */
} dt_info_options;

/* Print what a data set or a checkpoint holds, and what about its layout is slow to read. For the
 * values of x and y, print their range, by column, classes, NaN and infinite values, and how long
 * it took to read them. Of several files, the layout of the first is described. Not collective:
 * one process calls it.
 *   to  [in] gets the text; the caller checks and flushes it
 * Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE or DT_ERR_MEMORY. */
DT_API dt_code dt_info(const char *file, const dt_info_options *options, FILE *to, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
