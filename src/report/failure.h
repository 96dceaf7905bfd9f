/* A failed write, as an error, and a warning. */
#ifndef DT_REPORT_FAILURE_H
#define DT_REPORT_FAILURE_H

#include <dtrain/status.h>

/* Put errno, after a failed write to a file, into err. Returns err->code. */
dt_code dt_write_failed(dt_error *err, const char *file);

/* Print a warning on standard error. Needs no report. */
void dt_report_warn(const char *text);

#endif
