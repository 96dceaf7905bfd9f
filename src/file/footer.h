/* A footer with checksums of the whole file. It stands behind the end of HDF5's part of the file,
 * where HDF5 does not look. HDF5 1.10 can loop or crash on a file with a flipped bit (its heap of
 * texts has no checksum), so damage must be found before HDF5 opens the file. There is a checksum
 * for each part of the file; that of a dataset is also in the dataset's attribute, so that values
 * are hashed once. Not collective. */
#ifndef DT_FILE_FOOTER_H
#define DT_FILE_FOOTER_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* A part of the file: some bytes, behind those of the part before. */
typedef struct {
    int64_t size;
    uint64_t hash; /* XXH3, 64 bits */
} dt_footer_part;

/* Make the footer of a file of n parts.
 *   footer  [out] [dt_footer_bytes(n)] */
void dt_footer_make(const dt_footer_part *parts, int n, char *footer);
int64_t dt_footer_bytes(int n);

/* DT_ERR_DATA if the file has a footer and is not as the footer says. A file without one is
 * accepted. */
dt_code dt_footer_check(const char *path, dt_error *err);

/* Whether the file has a footer, right or wrong. */
bool dt_footer_exists(const char *path);

#endif
