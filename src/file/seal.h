/* Checksums of a whole file, behind its end, where HDF5 does not look. HDF5 1.10 can loop or crash
 * on a file with a flipped bit (its store of texts has no checksum of its own), so damage has to be
 * found before HDF5 opens the file. There is one for each part of the file: a dataset's is the one
 * that its attribute has, so that values are gone through once. Not collective. */
#ifndef DT_FILE_SEAL_H
#define DT_FILE_SEAL_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Some bytes of the file, behind those of the part before. */
typedef struct {
    int64_t size;
    uint64_t hash; /* XXH3, 64 bits */
} dt_seal_part;

/* What stands behind all parts.
 *   seal  [dt_seal_bytes(n)] */
void dt_seal_make(const dt_seal_part *parts, int n, char *seal);
int64_t dt_seal_bytes(int n);

/* DT_ERR_DATA if the file has a seal that does not hold. One without a seal is not judged. */
dt_code dt_seal_check(const char *path, dt_error *err);

/* Whether the file has a seal, good or not. */
bool dt_seal_is_there(const char *path);

#endif
