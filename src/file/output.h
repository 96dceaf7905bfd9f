/* An HDF5 file in the making: it appears under its name only when it is complete and on the disk,
 * so a crash or a full disk never leaves half a file, nor harms one that was there. Not collective:
 * one process makes a file. */
#ifndef DT_FILE_OUTPUT_H
#define DT_FILE_OUTPUT_H

#include <dtrain/status.h>
#include <hdf5.h>

typedef struct {
    char *path, *temporary; /* owned */
    hid_t file;             /* to be filled; whatever is opened in it is closed by the commit */
} dt_output;

/* DT_ERR_USAGE if out is the same file as in, which is never meant. */
dt_code dt_output_refuse(const char *out, const char *in, dt_error *err);

/* Create path.tmp.PID. After success or an error: to be ended with dt_output_close. */
dt_code dt_output_create(dt_output *output, const char *path, dt_error *err);

/* What HDF5 said last, as an error of ours: DT_ERR_SPACE, DT_ERR_MEMORY or DT_ERR_FILE, which names
 * the file and the cause. Returns err->code. */
dt_code dt_output_failed(const dt_output *output, dt_error *err);

/* The same of an errno that is known; 0 stands for a failure of HDF5 without one. */
dt_code dt_output_errno(const dt_output *output, int number, dt_error *err);

/* Take the disk space of all that the file's datasets have been given so far (early allocation), so
 * that a disk too small is found out before the work. */
dt_code dt_output_reserve(dt_output *output, dt_error *err);

/* Flush to the disk and rename to path. */
dt_code dt_output_commit(dt_output *output, dt_error *err);

/* Remove what has not been committed, and free. */
void dt_output_close(dt_output *output);

#endif
