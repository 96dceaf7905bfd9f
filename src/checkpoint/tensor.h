/* A tensor of numbers as an HDF5 dataset with its checksum. Not collective. */
#ifndef DT_CHECKPOINT_TENSOR_H
#define DT_CHECKPOINT_TENSOR_H

#include "model/model.h"
#include <hdf5.h>

/* Write values under the tensor's name into a group. A negative number is HDF5's failure. */
herr_t dt_tensor_write(hid_t group, const dt_tensor *tensor, const float *values);

/* Read them; a checksum, where there is one, must hold. path names the file in messages. */
dt_code dt_tensor_read(hid_t group, const char *path, const dt_tensor *tensor, float *values,
                       dt_error *err);

#endif
