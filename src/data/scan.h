/* What the values of the columns of a data set are like: found by reading all of them once. Not
 * collective. */
#ifndef DT_DATA_SCAN_H
#define DT_DATA_SCAN_H

#include "data/columns.h"

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_SCAN_COLUMNS = 1024 /* of more columns there are no values of each */ };

typedef struct {
    double low, high, sum; /* of the finite values; low > high: there are none */
    int64_t n, missing;    /* finite values; NaN */
} dt_scan_column;

typedef struct {
    int64_t rows, values, nan, infinite; /* values: rows times columns; infinite: as float32 */
    double low, high;                    /* of the finite values; low > high: there are none */
    int64_t columns;                     /* 0: more than DT_SCAN_COLUMNS */
    dt_scan_column *column;              /* [columns]; owned */
    bool never_written;                  /* the file has no values of it; none was read */
    bool is_bytes;                       /* uint8 */
    bool is_labels;  /* integers, one a row, that can be labels of classes; then `count` is there */
    int64_t classes; /* largest label + 1 */
    int64_t *count;  /* [classes] rows of each class; owned */
    int64_t file_bytes; /* that the values take in the files */
    int64_t bytes;      /* that they take unpacked, in the file's type */
    double seconds;     /* that the reading took */
} dt_scan;

/* Read the columns, some rows at a time.
 *   labels  whether its values may be labels of classes
 *   words   the distinct strings, if it is a column of strings; they count as labels
 * To be ended with dt_scan_free, also after an error. */
dt_code dt_scan_columns(dt_scan *scan, dt_columns *columns, bool labels, const dt_names *words,
                        dt_error *err);

void dt_scan_free(dt_scan *scan);

#endif
