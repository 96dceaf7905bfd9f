/* Status codes and error messages. Every function that can fail for a reason outside the program (a
 * file, an option, memory, a disk) returns a dt_code and puts one line of text into a dt_error. */
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
    DT_ERR_MEMORY,    /* there is not enough memory */
    DT_ERR_SPACE,     /* no space on the disk */
    DT_ERR_NONFINITE, /* a loss or a weight became NaN or infinite */
    DT_ERR_TIME,      /* the time limit is too short for the first step */
    DT_STOPPED, /* no failure: a signal or the time limit stopped the run, which can be resumed */
} dt_code;

enum { DT_ERROR_TEXT = 1024 };

typedef struct {
    dt_code code;
    char text[DT_ERROR_TEXT]; /* one line, without "dtrain: error:" and without a newline */
} dt_error;

/* Put a code and a printf-style message into err, unless err already has an error: only the first
 * cause is reported. Control characters become spaces, so that the message is one line. In a
 * message that is too long, paths are shortened. Not collective. Returns err->code, so that a
 * function can `return dt_fail(...)`. */
DT_API __attribute__((format(printf, 3, 4))) dt_code dt_fail(dt_error *err, dt_code code,
                                                             const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
