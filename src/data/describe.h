/* Describes in words what the file of a data set holds. Not collective. */
#ifndef DT_DATA_DESCRIBE_H
#define DT_DATA_DESCRIBE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdio.h>

/* Print a line for each dataset of the file: shape, type, layout, filters. Then print what about
 * the layout makes reading slow, and the h5repack command that changes it.
 *   path  of the file, for messages */
dt_code dt_describe_data(hid_t file, const char *path, FILE *to, dt_error *err);

#endif
