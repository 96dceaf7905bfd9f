/* Checks whether a file that a user names as an output may be overwritten. Not collective. */
#ifndef DT_FILE_OVERWRITE_H
#define DT_FILE_OVERWRITE_H

#include <dtrain/status.h>

/* Check the name: DT_ERR_USAGE if it has the ending of another format. The file will be HDF5, and
 * other programs trust the ending. */
dt_code dt_overwrite_check_name(const char *path, dt_error *err);

/* Check an existing file: DT_ERR_FILE if the same command cannot have written it, because it is
 * neither empty nor an HDF5 file with this dataset. dt_output_create refuses files that are not
 * regular.
 *   dataset  a name in the root group */
dt_code dt_overwrite_check(const char *path, const char *dataset, dt_error *err);

#endif
