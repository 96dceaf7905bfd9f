#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dt_loss_text(char out[DT_LOSS_TEXT], double loss)
{
    double size = fabs(loss);
    const char *format = size == 0 || (size >= 0.001 && size < 1e6) ? "%.4f" : "%.4g";
    snprintf(out, DT_LOSS_TEXT, format, loss);
    return out;
}

const char *dt_float_text(char out[DT_LOSS_TEXT], float value)
{
    enum { FEWEST = 6, MOST = 9 };
    for (int digits = FEWEST; digits <= MOST; digits++) {
        snprintf(out, DT_LOSS_TEXT, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            break;
    }
    return out;
}

const char *dt_count_text(char out[DT_COUNT_TEXT], int64_t n, const char *noun)
{
    snprintf(out, DT_COUNT_TEXT, "%" PRId64 " %s%s", n, noun, n == 1 ? "" : "s");
    return out;
}

const char *dt_duration_text(char out[DT_COUNT_TEXT], double seconds)
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

/* The columns that n bytes of a text take. */
static int count_columns(const char *text, int n)
{
    int columns = 0;
    for (int i = 0; i < n; i++)
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

/* The length of a text's beginning, without blanks, that stays in one line. */
static int measure_part(const char *text, const char *ends)
{
    int length = (int)strcspn(text, " ");
    while (ends && text[length] && !(length > 0 && strchr(ends, text[length - 1]))) {
        length += (int)strspn(text + length, " ");
        length += (int)strcspn(text + length, " ");
    }
    return length;
}

bool dt_print_wrapped(const char *text, const char *ends, int at, int indent, int width, FILE *to)
{
    bool failed = false;
    for (const char *part = text; *part;) {
        int blanks = (int)strspn(part, " "), length = measure_part(part + blanks, ends);
        int columns = count_columns(part + blanks, length);
        if (part != text && at + blanks + columns > width) {
            failed |= fprintf(to, "\n%*s", indent, "") < 0;
            at = indent;
        } else {
            failed |= fprintf(to, "%*s", blanks, "") < 0;
            at += blanks;
        }
        failed |= fprintf(to, "%.*s", length, part + blanks) < 0;
        at += columns;
        part += blanks + length;
    }
    return !failed;
}
