/* The type of the numbers in a dataset, or in a member of a compound dataset.
 *
 *   integers and floats    as they are, in any byte order
 *   an enumeration         its integers (h5py's bool, netCDF's flags)
 *   a bit field            an unsigned integer (PyTables' bool)
 *   an array type          several numbers in an element of the dataset
 *   strings                names of classes, not numbers
 *
 * Not collective. */
#ifndef DT_DATA_NUMBER_TYPE_H
#define DT_DATA_NUMBER_TYPE_H

#include "data/encoding.h"

#include <dtrain/status.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    hid_t type;      /* of one number, or of one string; owned */
    int64_t bytes;   /* of one number in the file */
    int64_t offset;  /* bytes of an element of the dataset before its first number */
    int64_t count;   /* numbers in an element */
    bool is_integer; /* the values are whole numbers */
    bool is_bytes;   /* uint8, as pictures are: neither flags nor encoded */
    bool is_text;    /* strings */
    bool is_native_float, is_native_double, is_native_byte; /* it is that type of memory */
    dt_encoding encoding;
} dt_number_type;

/* A dataset, or a member of it. */
typedef struct {
    hid_t id;
    const char *path, *name; /* for messages */
    const char *member;      /* of a compound dataset; NULL: the dataset itself */
} dt_number_place;

/* Read the type, and the attributes that say how its numbers are encoded.
 *   text  whether strings are accepted
 * DT_ERR_DATA if it holds anything else than numbers. To be ended with dt_number_type_free, also
 * after an error. */
dt_code dt_number_type_read(dt_number_type *number, const dt_number_place *place, bool text,
                            dt_error *err);

/* Also for a type that is all zero except for a negative `type`. */
void dt_number_type_free(dt_number_type *number);

#endif
