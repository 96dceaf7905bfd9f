#include <dtrain/status.h>

#include "core/line.h"

#include <stdarg.h>

dt_code dt_fail(dt_error *err, dt_code code, const char *format, ...)
{
    if (err->code != DT_OK)
        return err->code;
    va_list args;
    va_start(args, format);
    dt_line_format(err->text, sizeof err->text, format, args);
    va_end(args);
    err->code = code;
    return code;
}
