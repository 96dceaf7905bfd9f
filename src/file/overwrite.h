/* Whether a file that a user names as an output may be overwritten. Not collective. */
#ifndef DT_FILE_OVERWRITE_H
#define DT_FILE_OVERWRITE_H

#include <dtrain/status.h>

/* DT_ERR_USAGE if the name ends as that of another format. The file will be HDF5, and other
 * programs go by the name. */
dt_code dt_overwrite_check_name(const char *path, dt_error *err);

/* DT_ERR_FILE if a file exists that the same command cannot have written: it is not empty, and not
 * an HDF5 file with this dataset. dt_output_create refuses what is not a regular file.
 *   dataset  in the root group */
dt_code dt_overwrite_check(const char *path, const char *dataset, dt_error *err);

#endif
