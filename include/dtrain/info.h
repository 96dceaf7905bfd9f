/* Say what a file holds. */
#ifndef DTRAIN_INFO_H
#define DTRAIN_INFO_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *x, *y; /* names of the datasets; NULL: "x" and "y", without an error if they are not
                          there */
    bool no_values;    /* do not read the values: only what needs none of them */
} dt_info_options;

/* Print, in plain words, what a data set or a checkpoint holds, and what about its layout will be
 * slow to read; of the values of x and y their range, classes, NaN and infinite values, and how
 * long reading them took. Not collective: one process calls it.
 *   to  [in] stream for the text; the caller checks and flushes it
 * Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE or DT_ERR_MEMORY. */
DT_API dt_code dt_info(const char *file, const dt_info_options *options, FILE *to, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
