/* Turns a failed write into an error, and prints warnings. Not collective. */
#ifndef DT_REPORT_FAILURE_H
#define DT_REPORT_FAILURE_H

#include <dtrain/status.h>

/* Put the error of a failed write to a file, which is in errno, into err. Returns err->code. */
dt_code dt_write_failed(dt_error *err, const char *file);

/* Print a warning on standard error. This works without a report. */
void dt_report_warn(const char *text);

#endif
