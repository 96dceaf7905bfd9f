/* Reads and writes attributes of an HDF5 object: numbers and texts. Not collective. */
#ifndef DT_CHECKPOINT_ATTRIBUTE_H
#define DT_CHECKPOINT_ATTRIBUTE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Write an attribute. An attribute that is a number may exist already, and is then overwritten.
 * Returns a negative number if HDF5 fails. */
herr_t dt_attribute_put_integer(hid_t object, const char *name, int64_t value);
herr_t dt_attribute_put_real(hid_t object, const char *name, double value);
herr_t dt_attribute_put_hash(hid_t object, const char *name, uint64_t hash);
herr_t dt_attribute_put_text(hid_t object, const char *name, const char *text);

/* Return the value, or `missing` if the attribute does not exist or is not a single number (for the
 * first function, a whole number). */
int64_t dt_attribute_integer(hid_t object, const char *name, int64_t missing);
double dt_attribute_real(hid_t object, const char *name, double missing);

/* Return whether the attribute exists and is one whole number, one real number, or one hash.
 *   value, hash  [out] unchanged if the result is false */
bool dt_attribute_get_integer(hid_t object, const char *name, int64_t *value);
bool dt_attribute_get_real(hid_t object, const char *name, double *value);
bool dt_attribute_hash(hid_t object, const char *name, uint64_t *hash);

/* Return the text, which the caller frees. NULL if the attribute does not exist, if it is not a
 * single text, or after an error. */
char *dt_attribute_text(hid_t object, const char *name, dt_error *err);

/* Return whether the attribute exists and is this text. */
bool dt_attribute_equals(hid_t object, const char *name, const char *text);

#endif
