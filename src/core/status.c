#include <dtrain/status.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

dt_code dt_fail(dt_error *err, dt_code code, const char *format, ...)
{
    if (err->code != DT_OK)
        return err->code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    for (char *c = err->text; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
    err->code = code;
    return code;
}
