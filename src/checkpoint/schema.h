/* The schema of a model's inputs and outputs, in a checkpoint's group /data: the datasets of
 * strings "columns" [inputs], "targets" and "classes", where they are known, and two
 * attributes. "x_divisor" is 255 if inputs were uint8 and divided by 255, else 1. "x_above_one"
 * says, for uint8, whether any value was above 1. "window", "horizon" and "stride" are there if a
 * sample is several rows (dt_sequence). Not collective. */
#ifndef DT_CHECKPOINT_SCHEMA_H
#define DT_CHECKPOINT_SCHEMA_H

#include "data/schema.h"
#include <hdf5.h>

/* Write a schema into a new file; NULL: write nothing. Returns a negative number if HDF5 fails. */
herr_t dt_schema_put(hid_t file, const dt_schema *schema);

/* Read a schema; it is all zero if an older program wrote none. To be ended with dt_schema_free,
 * also after an error.
 *   inputs, targets  of the model
 *   labels           whether each output is a class */
dt_code dt_schema_load(dt_schema *schema, hid_t file, const char *path, int64_t inputs,
                       int64_t targets, bool labels, dt_error *err);

#endif
