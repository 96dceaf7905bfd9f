/* Attributes of an HDF5 object: numbers and texts. Not collective. */
#ifndef DT_CHECKPOINT_ATTRIBUTE_H
#define DT_CHECKPOINT_ATTRIBUTE_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Add one, or write it again, if it is a number; a negative number is HDF5's failure. */
herr_t dt_attribute_put_integer(hid_t object, const char *name, int64_t value);
herr_t dt_attribute_put_real(hid_t object, const char *name, double value);
herr_t dt_attribute_put_hash(hid_t object, const char *name, uint64_t hash);
herr_t dt_attribute_put_text(hid_t object, const char *name, const char *text);

/* The value, or missing if there is none that is one whole number. */
int64_t dt_attribute_integer(hid_t object, const char *name, int64_t missing);

double dt_attribute_real(hid_t object, const char *name, double missing);

/* Whether there is one whole number, or one real number, and which. */
bool dt_attribute_get_integer(hid_t object, const char *name, int64_t *value);
bool dt_attribute_get_real(hid_t object, const char *name, double *value);
bool dt_attribute_hash(hid_t object, const char *name, uint64_t *hash);

/* The text, which the caller frees; NULL if there is none that is one text, or after an error. */
char *dt_attribute_text(hid_t object, const char *name, dt_error *err);

/* Whether there is this text. */
bool dt_attribute_equals(hid_t object, const char *name, const char *text);

#endif
