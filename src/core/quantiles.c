#include "core/quantiles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dt_quantiles_parse(const char *text, dt_quantiles *q)
{
    *q = (dt_quantiles){0};
    for (const char *item = text;; item++) {
        size_t length = strcspn(item, ",");
        char *end;
        if (q->n == DT_MAX_QUANTILES || strspn(item, "0123456789+-.eE") < length)
            return false;
        q->level[q->n++] = strtod(item, &end);
        if (length == 0 || end != item + length)
            return false;
        item = end;
        if (!*item)
            return dt_quantiles_are_good(q);
    }
}

bool dt_quantiles_are_good(const dt_quantiles *q)
{
    if (q->n < 1 || q->n > DT_MAX_QUANTILES)
        return false;
    for (int i = 0; i < q->n; i++)
        if (!(q->level[i] > (i == 0 ? 0 : q->level[i - 1]) && q->level[i] < 1))
            return false;
    return true;
}

const char *dt_quantile_format(char out[DT_QUANTILE_TEXT], double level)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, DT_QUANTILE_TEXT, "%.*g", digits, level);
        if (strtod(out, NULL) == level)
            break;
    }
    return out;
}

const char *dt_quantiles_format(char out[DT_QUANTILES_TEXT], const dt_quantiles *q)
{
    size_t used = 0;
    char text[DT_QUANTILE_TEXT];
    out[0] = '\0';
    for (int i = 0; i < q->n; i++)
        used += (size_t)snprintf(out + used, DT_QUANTILES_TEXT - used, "%s%s", i ? "," : "",
                                 dt_quantile_format(text, q->level[i]));
    return out;
}

int dt_quantiles_median(const dt_quantiles *q)
{
    int nearest = 0;
    for (int i = 1; i < q->n; i++)
        if (fabs(q->level[i] - 0.5) < fabs(q->level[nearest] - 0.5))
            nearest = i;
    return nearest;
}
