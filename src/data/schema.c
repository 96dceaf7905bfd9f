#include "data/schema.h"

#include "file/strings.h"

/* Names of something that there is so much of; of anything else they are another's. */
static dt_code read_names(hid_t set, const char *attribute, int64_t expected, dt_names *names,
                          dt_error *err)
{
    if (!dt_strings_read_attribute(set, attribute, names, err) && names->n != expected)
        dt_names_free(names);
    return err->code;
}

dt_code dt_schema_read(dt_schema *s, hid_t x, int64_t width, hid_t y, int64_t y_width,
                       dt_error *err)
{
    *s = (dt_schema){0};
    if (read_names(x, "columns", width, &s->columns, err) || y < 0)
        return err->code;
    if (!read_names(y, "columns", y_width, &s->targets, err) && y_width == 1)
        dt_strings_read_attribute(y, "classes", &s->classes, err);
    return err->code;
}

static dt_code complete(dt_names *names, const dt_names *from, dt_error *err)
{
    return names->n == 0 && from->n > 0 ? dt_names_copy(names, from, err) : DT_OK;
}

dt_code dt_schema_complete(dt_schema *s, const dt_schema *from, dt_error *err)
{
    if (s->units == DT_X_UNKNOWN)
        s->units = from->units;
    if (!complete(&s->columns, &from->columns, err) && !complete(&s->targets, &from->targets, err))
        complete(&s->classes, &from->classes, err);
    return err->code;
}

static void print(const char *what, const dt_names *names, FILE *to)
{
    char text[DT_NAMES_TEXT];
    if (names->n > 0)
        fprintf(to, "%s: %s\n", what, dt_names_list(names, text));
}

void dt_schema_print(const dt_schema *s, FILE *to)
{
    print("Columns", &s->columns, to);
    print("Targets", &s->targets, to);
    print("Classes", &s->classes, to);
}

void dt_schema_free(dt_schema *s)
{
    dt_names_free(&s->columns);
    dt_names_free(&s->targets);
    dt_names_free(&s->classes);
    s->units = DT_X_UNKNOWN;
}
