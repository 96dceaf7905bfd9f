/* A footer with checksums of the whole file. It comes after the end of HDF5's part of the file,
 * which HDF5 does not read. If a bit of a file is wrong, HDF5 1.10 can loop or crash, since its
 * heap of texts has no checksum. So damage must be found before HDF5 opens the file. There is a
 * checksum for each part of the file. The checksum of a dataset is also in the dataset's attribute,
 * so its values are hashed only once. Not collective. */
#ifndef DT_FILE_FOOTER_H
#define DT_FILE_FOOTER_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* A part of the file: the bytes that follow the part before. */
typedef struct {
    int64_t size;
    uint64_t hash; /* XXH3, 64 bits */
} dt_footer_part;

/* Make the footer of a file of n parts.
 *   parts   [n]
 *   footer  [out] [dt_footer_bytes(n)] */
void dt_footer_make(const dt_footer_part *parts, int n, char *footer);
int64_t dt_footer_bytes(int n);

/* Check a file: DT_ERR_DATA if it has a footer whose checksums do not match. A file without a
 * footer is accepted. */
dt_code dt_footer_check(const char *path, dt_error *err);

/* Return whether the file has a footer, right or wrong. */
bool dt_footer_exists(const char *path);

#endif
