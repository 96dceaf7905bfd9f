/* What a data set's file holds, in words. Not collective. */
#ifndef DT_DATA_DESCRIBE_H
#define DT_DATA_DESCRIBE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdio.h>

/* A line for each dataset of the file: shape, type, layout, filters; then what of it will be slow
 * to read in training, and the h5repack line that mends it.
 *   path  of the file, for the messages */
dt_code dt_describe_data(hid_t file, const char *path, FILE *to, dt_error *err);

#endif
