/* A tensor of numbers as an HDF5 dataset with its checksum. Not collective. */
#ifndef DT_CHECKPOINT_TENSOR_H
#define DT_CHECKPOINT_TENSOR_H

#include "file/output.h"
#include "model/model.h"

/* Write the checksum of an extent's values to its dataset, once they are written. */
herr_t dt_tensor_write_hash(const dt_extent *extent);

/* Lay out a dataset under the tensor's name in a group, with room for the checksum of its values,
 * which are written later and borrowed till then. A negative number is HDF5's failure. */
herr_t dt_tensor_add(dt_output *output, hid_t group, const dt_tensor *tensor, const float *values);

/* Read them; a checksum, where there is one, must hold. path names the file in messages. */
dt_code dt_tensor_read(hid_t group, const char *path, const dt_tensor *tensor, float *values,
                       dt_error *err);

/* All tensors of a model, which are all that the group holds, into a flat vector [P]. */
dt_code dt_tensors_read(hid_t group, const char *path, const dt_model *model, float *values,
                        dt_error *err);

/* The same for a vector [n] of doubles. */
herr_t dt_vector_add(dt_output *output, hid_t group, const char *name, int64_t n,
                     const double *values);
dt_code dt_vector_read(hid_t group, const char *path, const char *name, int64_t n, double *values,
                       dt_error *err);

#endif
