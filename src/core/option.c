#include "core/option.h"

#include "core/line.h"
#include "core/option_value.h"

#include <stdlib.h>
#include <string.h>

static void *get_field(const dt_option *option, void *options)
{
    return (char *)options + option->offset;
}

dt_code dt_options_defaults(const dt_option *table, void *options, dt_error *err)
{
    for (const dt_option *option = table; option->name; option++)
        if (option->fallback &&
            dt_option_parse(option, option->fallback, get_field(option, options), err) != DT_OK)
            return err->code;
    return DT_OK;
}

const dt_option *dt_options_find(const dt_option *table, const char *name)
{
    for (const dt_option *option = table; option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

dt_code dt_options_set(const dt_option *table, void *options, const char *name, const char *value,
                       dt_error *err)
{
    const dt_option *option = dt_options_find(table, name);
    if (!option)
        return dt_fail(err, DT_ERR_USAGE, "unknown option --%.*s",
                       dt_line_cut(name, DT_OPTION_SHOWN), name);
    if (!dt_option_parse(option, value, get_field(option, options), err) && option->given)
        *((bool *)((char *)options + option->given)) = true;
    return err->code;
}

void dt_options_free(const dt_option *table, void *options)
{
    for (const dt_option *option = table; option->name; option++) {
        void *owner = get_field(option, options);
        if (option->type == DT_OPTION_TEXT) {
            free(*(char **)owner);
            *(char **)owner = NULL;
        } else if (option->type == DT_OPTION_WIDTHS) {
            free(((dt_widths *)owner)->width);
            *(dt_widths *)owner = (dt_widths){0};
        }
    }
}
