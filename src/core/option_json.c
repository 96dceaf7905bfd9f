#include "core/option.h"

#include "core/json.h"
#include "core/option_value.h"
#include "core/quantiles.h"

#include <stdio.h>
#include <string.h>

static json_t *widths_json(const dt_widths *widths)
{
    json_t *list = json_array();
    for (int i = 0; list && i < widths->n; i++)
        if (json_array_append_new(list, json_integer(widths->width[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* As it was given: "50", "2e" or "600s". */
static json_t *every_json(const dt_every *every)
{
    static const char *const unit[] = {"", "e", "s"};
    char text[32];
    snprintf(text, sizeof text, "%lld%s", (long long)every->n, unit[every->unit]);
    return json_string(text);
}

/* A number without a default holds 0 until it is given, and 0 is then below its range. */
static bool not_given(const dt_option *option, double value)
{
    return !option->fallback && value == 0 && !dt_option_is_within(option, value);
}

/* The word, and the quantiles behind its colon. */
static json_t *choice_json(const dt_option *option, const void *from)
{
    int choice = *(const int *)from;
    const char *word = option->choices[choice], *colon = strchr(word, ':');
    char list[DT_QUANTILES_TEXT];
    if (!colon)
        return json_string(word);
    const char *options = (const char *)from - option->offset;
    const dt_quantiles *quantiles = (const void *)(options + option->list);
    return json_sprintf("%.*s%s", (int)(colon + 1 - word), word,
                        dt_quantiles_format(list, quantiles));
}

static json_t *value_json(const dt_option *option, const void *from)
{
    switch (option->type) {
    case DT_OPTION_FLAG:
        return json_boolean(*(const bool *)from);
    case DT_OPTION_TEXT:
        return dt_json_text(*(char *const *)from);
    case DT_OPTION_SIZE:
    case DT_OPTION_TIME:
        return *(const int64_t *)from > 0 ? json_integer(*(const int64_t *)from) : json_null();
    case DT_OPTION_COUNT: {
        int64_t count = *(const int64_t *)from;
        return not_given(option, (double)count) ? json_null() : json_integer(count);
    }
    case DT_OPTION_REAL: {
        double real = *(const double *)from;
        return not_given(option, real) ? json_null() : dt_json_real(real);
    }
    case DT_OPTION_CHOICE:
        return choice_json(option, from);
    case DT_OPTION_EVERY:
        return every_json(from);
    default:
        return widths_json(from);
    }
}

json_t *dt_options_json(const dt_option *table, const void *options)
{
    json_t *json = json_object();
    for (const dt_option *option = table; json && option->name; option++) {
        json_t *value = value_json(option, (const char *)options + option->offset);
        if (json_object_set_new(json, option->name, value) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}
