/* What the model's inputs and outputs mean, in a checkpoint: the group /data, with the datasets of
 * strings "columns" [inputs], "targets" [outputs] and "classes", each where it is known, and the
 * attributes "x_divisor" (255: inputs were uint8, divided by it; 1: they were not) and
 * "x_above_one" (of uint8: whether any was above 1). Not collective. */
#ifndef DT_CHECKPOINT_SCHEMA_H
#define DT_CHECKPOINT_SCHEMA_H

#include "data/schema.h"

/* Put it into a new file; NULL: nothing. A negative number is HDF5's failure. */
herr_t dt_schema_put(hid_t file, const dt_schema *schema);

/* Read it; all zero where an older program has left none. To be ended with dt_schema_free, also
 * after an error.
 *   inputs, outputs  of the model
 *   labels           its outputs are classes, one each */
dt_code dt_schema_load(dt_schema *schema, hid_t file, const char *path, int64_t inputs,
                       int64_t outputs, bool labels, dt_error *err);

#endif
