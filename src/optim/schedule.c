#include "optim/schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "EVERY:FACTOR" */
static bool parse_step(const char *text, dt_schedule *s)
{
    static const char digits[] = "0123456789";
    size_t length = strspn(text, digits);
    char *end;
    if (length == 0 || length > 15 || text[length] != ':' || !text[length + 1] ||
        strspn(text + length + 1, "0123456789.eE+-") < strlen(text + length + 1))
        return false;
    s->every = strtoll(text, NULL, 10);
    s->factor = strtod(text + length + 1, &end);
    return !*end && s->every > 0 && isfinite(s->factor) && s->factor >= 0;
}

dt_code dt_schedule_parse(const char *text, dt_schedule *s, dt_error *err)
{
    static const char *const name[] = {"constant", "linear", "cosine"}; /* as dt_schedule_kind */
    for (int i = 0; i < DT_SCHEDULE_STEP; i++)
        if (strcmp(text, name[i]) == 0) {
            s->kind = (dt_schedule_kind)i;
            return DT_OK;
        }
    s->kind = DT_SCHEDULE_STEP;
    if (strncmp(text, "step:", 5) == 0 && parse_step(text + 5, s))
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE,
                   "--schedule %s: expected constant, linear, cosine, or step:EVERY:FACTOR as in "
                   "step:1000:0.5",
                   text);
}

double dt_schedule_lr(const dt_schedule *s, int64_t step)
{
    static const double pi = 3.14159265358979323846;
    double done = (double)(step - 1 - s->warmup), of = (double)(s->total - s->warmup);
    if (step <= s->warmup)
        return s->lr * (double)step / (double)s->warmup;
    switch (s->kind) {
    case DT_SCHEDULE_LINEAR:
        return s->lr * (1 - done / of);
    case DT_SCHEDULE_COSINE:
        return s->lr * (1 + cos(pi * done / of)) / 2;
    case DT_SCHEDULE_STEP:
        return s->lr * pow(s->factor, (double)((step - 1 - s->warmup) / s->every));
    default:
        return s->lr;
    }
}
