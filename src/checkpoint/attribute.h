/* Attributes of an HDF5 object: numbers and texts. Not collective. */
#ifndef DT_CHECKPOINT_ATTRIBUTE_H
#define DT_CHECKPOINT_ATTRIBUTE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Write an attribute; a number may be there already. A negative result is a failure of HDF5. */
herr_t dt_attribute_put_integer(hid_t object, const char *name, int64_t value);
herr_t dt_attribute_put_real(hid_t object, const char *name, double value);
herr_t dt_attribute_put_hash(hid_t object, const char *name, uint64_t hash);
herr_t dt_attribute_put_text(hid_t object, const char *name, const char *text);

/* The value; `missing` if there is no such attribute, or if it is not one whole number. */
int64_t dt_attribute_integer(hid_t object, const char *name, int64_t missing);

double dt_attribute_real(hid_t object, const char *name, double missing);

/* Whether the attribute exists and is one whole number, or one real number.
 *   value  [out] changed only if so */
bool dt_attribute_get_integer(hid_t object, const char *name, int64_t *value);
bool dt_attribute_get_real(hid_t object, const char *name, double *value);
bool dt_attribute_hash(hid_t object, const char *name, uint64_t *hash);

/* The text, to be freed; NULL if there is no such attribute, if it is not one text, or after an
 * error. */
char *dt_attribute_text(hid_t object, const char *name, dt_error *err);

/* Whether the attribute exists and is this text. */
bool dt_attribute_equals(hid_t object, const char *name, const char *text);

#endif
