/* The version of the headers, and the mark of the functions that the library exports. */
#ifndef DTRAIN_VERSION_H
#define DTRAIN_VERSION_H

#define DTRAIN_VERSION_MAJOR 0
#define DTRAIN_VERSION_MINOR 1
#define DTRAIN_VERSION_PATCH 0

#define DTRAIN_TEXT_OF(number) #number
#define DTRAIN_VERSION_TEXT(major, minor, patch)                                                   \
    DTRAIN_TEXT_OF(major) "." DTRAIN_TEXT_OF(minor) "." DTRAIN_TEXT_OF(patch)

/* The version as text: "0.1.0". */
#define DTRAIN_VERSION                                                                             \
    DTRAIN_VERSION_TEXT(DTRAIN_VERSION_MAJOR, DTRAIN_VERSION_MINOR, DTRAIN_VERSION_PATCH)

/* The version as a number for #if: 1.2.3 is 10203. */
#define DTRAIN_VERSION_NUMBER                                                                      \
    (10000 * DTRAIN_VERSION_MAJOR + 100 * DTRAIN_VERSION_MINOR + DTRAIN_VERSION_PATCH)

/* Marks each function that programs may call. All other functions are hidden in the library. */
#define DT_API __attribute__((visibility("default")))

#endif
