/* Tensors of numbers as HDF5 datasets, with their hashes. Not collective. */
#ifndef DT_CHECKPOINT_TENSOR_H
#define DT_CHECKPOINT_TENSOR_H

#include "file/output.h"
#include "model/model.h"

/* Write the hash of an extent's values as an attribute of its dataset, after the values have been
 * written. Returns a negative number if HDF5 fails. */
herr_t dt_tensor_write_hash(const dt_extent *extent);

/* Add a dataset with the tensor's name to a group of the layout, with an attribute for the hash of
 * its values. Returns a negative number if HDF5 fails.
 *   values  [tensor->count] borrowed, until they are written later */
herr_t dt_tensor_add(dt_output *output, hid_t group, const dt_tensor *tensor, const float *values);

/* Read the values of a tensor, and check their hash if there is one.
 *   path    the path of the file, for messages
 *   values  [out] [tensor->count] */
dt_code dt_tensor_read(hid_t group, const char *path, const dt_tensor *tensor, float *values,
                       dt_error *err);

/* Read all tensors of a model into a flat vector. The group must not have any other dataset.
 *   values  [out] [P] */
dt_code dt_tensors_read(hid_t group, const char *path, const dt_model *model, float *values,
                        dt_error *err);

/* Add, or read, a vector of n doubles in the same way. */
herr_t dt_vector_add(dt_output *output, hid_t group, const char *name, int64_t n,
                     const double *values);
dt_code dt_vector_read(hid_t group, const char *path, const char *name, int64_t n, double *values,
                       dt_error *err);

#endif
