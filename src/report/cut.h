/* The log of a run that was cut, made ready to be continued. Not collective. */
#ifndef DT_REPORT_CUT_H
#define DT_REPORT_CUT_H

#include <dtrain/status.h>
#include <stdint.h>

/* Take out of a log what the run, which goes on behind so many steps and whole epochs, will do
 * again: later steps, epochs and checkpoints; also how it ended, and lines that are not whole. The
 * new file replaces the old one at once, so that a crash costs nothing. No file is no error, and
 * what is no regular file is left alone.
 *   last  [out] the last epoch that it has; -1: not even a start; of no regular file `epochs` */
dt_code dt_log_cut(const char *path, int64_t steps, int64_t epochs, int64_t *last, dt_error *err);

#endif
