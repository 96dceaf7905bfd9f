#include <dtrain/info.h>
dt_code dt_info(const char *file, FILE *to, dt_error *err)
{
    (void)to;
    return dt_fail(err, DT_ERR_FILE, "%s", file);
}
