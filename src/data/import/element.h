/* The type of a number in a file, without HDF5's types. */
#ifndef DT_DATA_IMPORT_ELEMENT_H
#define DT_DATA_IMPORT_ELEMENT_H

#include <stdbool.h>

enum { DT_ELEMENT_RANK = 32 /* dimensions of an HDF5 dataset, at most */ };

typedef struct {
    char kind; /* 'u' unsigned, 'i' signed, 'f' IEEE float */
    int size;  /* bytes: 1, 2, 4, 8; 2, 4, 8 for floats */
    bool big;  /* big-endian */
} dt_element;

#define DT_ELEMENT_HOST_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

#endif
