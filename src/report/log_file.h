/* The file of a log. One process writes it, and it contains complete lines only. It does not use
 * stdio's buffer, so that only dt_log_file_flush writes, and writes complete lines in one call. The
 * path may also be that of a device, a pipe, or the program's own output. Not collective. */
#ifndef DT_REPORT_LOG_FILE_H
#define DT_REPORT_LOG_FILE_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A struct of zeros has no file. */
typedef struct {
    bool open;
    const char *path; /* borrowed */
    int file;         /* a file descriptor */
    bool regular;     /* a regular file, which is locked */
    bool made;        /* it did not exist before: if it gets no line, it is removed */
    int64_t end;      /* bytes in a regular file */
    char *buffer;     /* whole lines */
    size_t used;
} dt_log_file;

/* Open a file for appending, and make it if it does not exist. DT_ERR_FILE if another run has it
 * open, if it is not a log, or if it is a pipe that no process reads. */
dt_code dt_log_file_open(dt_log_file *file, const char *path, dt_error *err);

/* Return whether the file has lines. */
bool dt_log_file_has_lines(const dt_log_file *file);

/* Find whether the file at a path has lines, without opening it for writing. DT_ERR_FILE if it is
 * not a log. */
dt_code dt_log_file_inspect(const char *path, bool *has_lines, dt_error *err);

/* Remove all lines of the file. */
dt_code dt_log_file_empty(dt_log_file *file, dt_error *err);

/* Append a line of n bytes, which include its line end. The line may stay in the buffer. */
dt_code dt_log_file_append(dt_log_file *file, const char *line, size_t n, dt_error *err);

/* Pass the buffered lines to the system. If that fails, the file ends with its last complete line.
 */
dt_code dt_log_file_flush(dt_log_file *file, dt_error *err);

/* Make sure that the file is on the disk. Any thread may call it. */
dt_code dt_log_file_sync(const dt_log_file *file, dt_error *err);

/* Flush, unless err has an error, and close the file. If dt_log_file_open made the file and it has
 * no line, it is removed. */
dt_code dt_log_file_close(dt_log_file *file, dt_error *err);

#endif
