#include "report/failure.h"

#include "core/file_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

dt_code dt_write_failed(dt_error *err, const char *file)
{
    return dt_fail(err, dt_file_error(errno), "%s: cannot be written: %s", file, strerror(errno));
}

void dt_report_warn(const char *text)
{
    fprintf(stderr, "dtrain: warning: %s\n", text);
}
