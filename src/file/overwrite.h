/* Whether a file that a user names as an output may be written over. Not collective. */
#ifndef DT_FILE_OVERWRITE_H
#define DT_FILE_OVERWRITE_H

#include <dtrain/status.h>

/* DT_ERR_USAGE if the end of the name is that of another format: what is written is HDF5, and other
 * programs go by the name. */
dt_code dt_overwrite_check_name(const char *path, dt_error *err);

/* DT_ERR_FILE if a file is there that the same command cannot have written: one that is not empty
 * and not an HDF5 file with this dataset. What is not a regular file is left to dt_output_create.
 *   dataset  in the root group */
dt_code dt_overwrite_check(const char *path, const char *dataset, dt_error *err);

#endif
