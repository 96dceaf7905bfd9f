#include "data/schema.h"

#include "core/line.h"
#include "core/wrap.h"
#include "file/strings.h"

#include <stdio.h>
#include <string.h>

/* Read a list of names.
 *   expected  how many there must be; -1: any number
 *   unused    [out] why it is not used; "" if it is, or is not there */
static dt_code read_names(const dt_schema_set *set, const char *attribute, int64_t expected,
                          dt_names *names, char unused[DT_SCHEMA_TEXT], dt_error *err)
{
    if (dt_strings_read_attribute(set->id, attribute, names, err) ||
        H5Aexists(set->id, attribute) <= 0)
        return err->code;
    int path = dt_line_cut(set->path, 300), name = dt_line_cut(set->name, 60);
    if (names->n == 0)
        snprintf(unused, DT_SCHEMA_TEXT,
                 "%.*s: the attribute \"%s\" of \"%.*s\" is not a list of strings: it is not "
                 "used",
                 path, set->path, attribute, name, set->name);
    else if (expected >= 0 && names->n != expected)
        snprintf(unused, DT_SCHEMA_TEXT,
                 "%.*s: the attribute \"%s\" of \"%.*s\" has %lld name%s for %lld column%s: it is "
                 "not used, and columns are taken by their place",
                 path, set->path, attribute, name, set->name, (long long)names->n,
                 dt_plural(names->n), (long long)expected, dt_plural(expected));
    if (unused[0])
        dt_names_free(names);
    return err->code;
}

dt_code dt_schema_read(dt_schema *s, const dt_schema_set *x, const dt_schema_set *y,
                       dt_schema_unused *unused, dt_error *err)
{
    *s = (dt_schema){0};
    *unused = (dt_schema_unused){0};
    if (read_names(x, "columns", x->width, &s->columns, unused->line[0], err) || y->id < 0)
        return err->code;
    if (!read_names(y, "columns", y->width, &s->targets, unused->line[1], err) && y->width == 1)
        read_names(y, "classes", -1, &s->classes, unused->line[2], err);
    return err->code;
}

static dt_code complete_names(dt_names *names, const dt_names *from, dt_error *err)
{
    return names->n == 0 && from->n > 0 ? dt_names_copy(names, from, err) : DT_OK;
}

dt_code dt_schema_complete(dt_schema *s, const dt_schema *from, dt_error *err)
{
    if (s->units == DT_X_UNKNOWN)
        s->units = from->units;
    if (!complete_names(&s->columns, &from->columns, err) &&
        !complete_names(&s->targets, &from->targets, err))
        complete_names(&s->classes, &from->classes, err);
    return err->code;
}

/* column: where the names begin, at least a blank behind the colon */
static void print_names(const char *what, int column, const dt_names *names, FILE *to)
{
    char text[DT_NAMES_TEXT];
    int blanks = column - (int)strlen(what) - 1;
    if (names->n > 0) {
        int at = fprintf(to, "%s:%*s", what, blanks > 1 ? blanks : 1, "");
        dt_print_wrapped(dt_names_list(names, text), ",", at, at, DT_WRAP_COLUMNS, to);
        fputc('\n', to);
    }
}

void dt_schema_print(const dt_schema *s, int column, FILE *to)
{
    print_names("Columns", column, &s->columns, to);
    print_names("Targets", column, &s->targets, to);
    print_names("Classes", column, &s->classes, to);
}

void dt_schema_free(dt_schema *s)
{
    dt_names_free(&s->columns);
    dt_names_free(&s->targets);
    dt_names_free(&s->classes);
    s->units = DT_X_UNKNOWN;
}
