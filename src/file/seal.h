/* A checksum of a whole file, behind its end, where HDF5 does not look. HDF5 1.10 can loop or crash
 * on a file with a flipped bit (its store of texts has no checksum of its own), so damage has to be
 * found before HDF5 opens the file. Not collective. */
#ifndef DT_FILE_SEAL_H
#define DT_FILE_SEAL_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_SEAL_BYTES = 16 };

/* The seal of a file in the making, whose bytes are added in their order. */
typedef struct dt_sealing dt_sealing;

dt_sealing *dt_seal_begin(void); /* NULL when memory runs out */
void dt_seal_add(dt_sealing *sealing, const void *bytes, int64_t n);

/* What stands at the end of the file. Frees; takes NULL, and no seal. */
void dt_seal_end(dt_sealing *sealing, char seal[DT_SEAL_BYTES]);

/* DT_ERR_DATA if the file has a seal that does not hold. One without a seal is not judged. */
dt_code dt_seal_check(const char *path, dt_error *err);

/* Whether the file has a seal, good or not. */
bool dt_seal_is_there(const char *path);

#endif
