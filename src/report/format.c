#include "report/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *dt_format_loss(char out[DT_LOSS_TEXT], double loss)
{
    double size = fabs(loss);
    const char *format = size == 0 || (size >= 0.001 && size < 1e6) ? "%.4f" : "%.4g";
    snprintf(out, DT_LOSS_TEXT, format, loss);
    return out;
}

const char *dt_format_float(char out[DT_LOSS_TEXT], float value)
{
    enum { MIN_DIGITS = 6, MAX_DIGITS = 9 };
    for (int digits = MIN_DIGITS; digits <= MAX_DIGITS; digits++) {
        snprintf(out, DT_LOSS_TEXT, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            break;
    }
    return out;
}

const char *dt_format_count(char out[DT_COUNT_TEXT], int64_t n, const char *noun)
{
    snprintf(out, DT_COUNT_TEXT, "%" PRId64 " %s%s", n, noun, n == 1 ? "" : "s");
    return out;
}

const char *dt_format_duration(char out[DT_COUNT_TEXT], double seconds)
{
    int64_t whole = (int64_t)(seconds + 0.5);
    if (seconds < 0.00995)
        snprintf(out, DT_COUNT_TEXT, "%.1f ms", 1e3 * seconds);
    else if (seconds < 9.995)
        snprintf(out, DT_COUNT_TEXT, "%.2f s", seconds);
    else if (seconds < 99.95)
        snprintf(out, DT_COUNT_TEXT, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(out, DT_COUNT_TEXT, "%" PRId64 ":%02" PRId64 " min", whole / 60, whole % 60);
    else
        snprintf(out, DT_COUNT_TEXT, "%" PRId64 ":%02" PRId64 ":%02" PRId64 " h", whole / 3600,
                 whole / 60 % 60, whole % 60);
    return out;
}
