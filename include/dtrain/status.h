/* Status codes and error messages. Every function that can fail for a reason outside the program
 * (a file, an option, memory, a disk) returns a dt_code and leaves one line of text in a dt_error.
 */
#ifndef DTRAIN_STATUS_H
#define DTRAIN_STATUS_H

#include <dtrain/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    DT_OK = 0,
    DT_ERR_USAGE,     /* bad command line or option value */
    DT_ERR_FILE,      /* a file is missing, unreadable, not writable, or not of the right kind */
    DT_ERR_DATA,      /* a file's contents cannot be used */
    DT_ERR_SHAPE,     /* shapes that do not fit each other */
    DT_ERR_MEMORY,    /* it does not fit into memory */
    DT_ERR_SPACE,     /* no space on the disk */
    DT_ERR_NONFINITE, /* a loss or a weight became NaN or infinite */
    DT_ERR_TIME,      /* the time that there is does not suffice for anything */
    DT_STOPPED,       /* no failure: a signal or the clock stopped the run, which can go on */
} dt_code;

enum { DT_ERROR_TEXT = 1024 };

typedef struct {
    dt_code code;
    char text[DT_ERROR_TEXT]; /* one line, without "dtrain: error:" and without a newline */
} dt_error;

/* Put code and a printf-style message into err, unless an earlier failure stands there already: the
 * first cause is the one worth reading. Control characters in the result become spaces, so that it
 * stays one line; of one that is too long the paths in it are shortened. Not collective. Returns
 * err->code, so that `return dt_fail(...)` reads well. */
DT_API __attribute__((format(printf, 3, 4))) dt_code dt_fail(dt_error *err, dt_code code,
                                                             const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
