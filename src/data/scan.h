/* What the values of a dataset are like: found by reading all of them once. Not collective. */
#ifndef DT_DATA_SCAN_H
#define DT_DATA_SCAN_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t rows, values, nan, infinite; /* values: rows times columns; infinite: as float32 */
    double low, high;                    /* of the finite values; low > high: there are none */
    bool never_written;                  /* the file has no values of it; none was read */
    bool is_bytes;                       /* uint8 */
    bool is_labels;  /* integers, one a row, that can be labels of classes; then `count` is there */
    int64_t classes; /* largest label + 1 */
    int64_t *count;  /* [classes] rows of each class; owned */
    int64_t file_bytes; /* that the values take in the file */
    int64_t bytes;      /* that they take unpacked, in the file's type */
    double seconds;     /* that the reading took */
} dt_scan;

/* Read a dataset, some rows at a time.
 *   labels  whether its values may be labels of classes
 * To be ended with dt_scan_free, also after an error. */
dt_code dt_scan_dataset(dt_scan *scan, hid_t file, const char *path, const char *name, bool labels,
                        dt_error *err);

void dt_scan_free(dt_scan *scan);

#endif
