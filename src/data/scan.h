/* What the values of a dataset are, found by reading all of them once. Not collective. */
#ifndef DT_DATA_SCAN_H
#define DT_DATA_SCAN_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rows, values, nan, infinite; /* values: rows times columns; infinite as float32 */
    double low, high;                    /* of the finite ones; low > high: there are none */
    bool never_written;                  /* the file has none of its values: they were not read */
    bool is_bytes;                       /* uint8 */
    bool is_labels;  /* integers, one a row, that can be labels of classes: then counts is there */
    int64_t classes; /* largest label + 1 */
    int64_t *count;  /* [classes] rows of each; owned */
    int64_t file_bytes; /* that they take up in the file */
    int64_t bytes;      /* unpacked, as the file's type */
    double seconds;     /* that reading took */
} dt_scan;

/* Read a dataset through, in pieces.
 *   labels  its values may be labels of classes
 * To be ended with dt_scan_free, also after an error. */
dt_code dt_scan_dataset(dt_scan *scan, hid_t file, const char *path, const char *name, bool labels,
                        dt_error *err);

void dt_scan_free(dt_scan *scan);

#endif
