/* Checksums of a whole file, behind its end, where HDF5 does not look. HDF5 1.10 can loop or crash
 * on a file with a flipped bit (its store of texts has no checksum of its own), so damage has to be
 * found before HDF5 opens the file. There is one for each part of the file: a dataset's is the one
 * that its attribute has, so that values are gone through once. Not collective. */
#ifndef DT_FILE_FOOTER_H
#define DT_FILE_FOOTER_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Some bytes of the file, behind those of the part before. */
typedef struct {
    int64_t size;
    uint64_t hash; /* XXH3, 64 bits */
} dt_footer_part;

/* What stands behind all parts.
 *   footer  [dt_footer_bytes(n)] */
void dt_footer_make(const dt_footer_part *parts, int n, char *footer);
int64_t dt_footer_bytes(int n);

/* DT_ERR_DATA if the file has a footer that does not hold. One without a footer is not judged. */
dt_code dt_footer_check(const char *path, dt_error *err);

/* Whether the file has a footer, good or not. */
bool dt_footer_exists(const char *path);

#endif
