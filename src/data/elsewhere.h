/* Datasets whose values lie in other files: virtual ones, and those with external storage. Where
 * such a file is missing or too short, HDF5 gives fill values and says nothing. Not collective. */
#ifndef DT_DATA_ELSEWHERE_H
#define DT_DATA_ELSEWHERE_H

#include <dtrain/status.h>
#include <hdf5.h>

/* See that the files and datasets that an open dataset is made of are there.
 *   path, name  of the dataset, for messages
 * DT_ERR_DATA names the file that is missing. */
dt_code dt_elsewhere_check(hid_t set, const char *path, const char *name, dt_error *err);

#endif
