/* How the numbers of a dataset are encoded, by the attributes that netCDF's conventions give it:
 *
 *   _FillValue, missing_value   numbers that stand for a missing value
 *   scale_factor, add_offset    the value is the number * scale_factor + add_offset
 *   _Unsigned                   a signed type holds unsigned integers
 *
 * netCDF's own fill value of a type also stands for a missing value, if the dataset was made with
 * it, as the netCDF library does where nothing else is asked for. See
 * https://docs.unidata.ucar.edu/netcdf-c/current/attribute_conventions.html. Not collective. */
#ifndef DT_DATA_ENCODING_H
#define DT_DATA_ENCODING_H

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
    int n_missing;
    double *missing; /* [n_missing] numbers that stand for a missing value; owned */
    bool is_packed;  /* there is a scale or an offset */
    double scale, offset;
    bool is_unsigned;
} dt_encoding;

/* Read the attributes of an open dataset. An attribute that is not a number is an error, which
 * names path and name. To be ended with dt_encoding_free, also after an error. */
dt_code dt_encoding_read(dt_encoding *encoding, hid_t set, const char *path, const char *name,
                         dt_error *err);

/* Whether the numbers of the dataset are not its values. */
bool dt_encoding_is_used(const dt_encoding *encoding);

/* Turn numbers into values, in place; a missing value becomes NaN. */
void dt_encoding_decode(const dt_encoding *encoding, int64_t n, double *values);

/* The same for floats that are not packed. */
void dt_encoding_mask(const dt_encoding *encoding, int64_t n, float *values);

/* Print ", missing: -9999, value: number * 0.01 + 280", as far as it is so. */
void dt_encoding_print(const dt_encoding *encoding, FILE *to);

/* Also for an encoding that is all zero. */
void dt_encoding_free(dt_encoding *encoding);

#endif
