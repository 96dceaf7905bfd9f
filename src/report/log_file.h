/* The file of a log: whole lines, written by one process. What is buffered is ours, not C's, so
 * that nothing but dt_log_file_flush writes it, and always whole lines in one call. A path may also
 * lead to a device, a pipe, or the program's own output. Not collective. */
#ifndef DT_REPORT_LOG_FILE_H
#define DT_REPORT_LOG_FILE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: there is none. */
typedef struct {
    bool open;
    const char *path; /* borrowed */
    int file;         /* a file descriptor */
    bool regular;     /* a file of its own, with an end, and locked */
    bool made;        /* it was not there before: if no line comes into it, it goes again */
    int64_t end;      /* bytes in a regular file */
    char *buffer;     /* whole lines */
    size_t used;
} dt_log_file;

/* Open a file to append to, and make it if it is not there. DT_ERR_FILE where another run has it
 * open, where it is no log, or where no process reads a pipe. */
dt_code dt_log_file_open(dt_log_file *file, const char *path, dt_error *err);

/* Whether there are lines in it already. */
bool dt_log_file_has_lines(const dt_log_file *file);

/* The same of a path, without opening it for writing; DT_ERR_FILE where it is no log. */
dt_code dt_log_file_inspect(const char *path, bool *has_lines, dt_error *err);

/* Remove all its lines. */
dt_code dt_log_file_empty(dt_log_file *file, dt_error *err);

/* Append a line of n bytes, with its end. It may wait in the buffer. */
dt_code dt_log_file_append(dt_log_file *file, const char *line, size_t n, dt_error *err);

/* Hand what waits to the system. Where that fails, the file ends with its last whole line. */
dt_code dt_log_file_flush(dt_log_file *file, dt_error *err);

/* Bring it onto the disk. In any thread. */
dt_code dt_log_file_sync(const dt_log_file *file, dt_error *err);

/* Flush, unless err has an error, and close; a file that was made for nothing is removed. */
dt_code dt_log_file_close(dt_log_file *file, dt_error *err);

#endif
