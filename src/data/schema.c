#include "data/schema.h"

#include "core/wrap.h"

#include <stdio.h>
#include <string.h>

static dt_code complete_names(dt_names *names, const dt_names *from, dt_error *err)
{
    return names->n == 0 && from->n > 0 ? dt_names_copy(names, from, err) : DT_OK;
}

dt_code dt_schema_complete(dt_schema *s, const dt_schema *from, dt_error *err)
{
    if (s->units == DT_X_UNKNOWN)
        s->units = from->units;
    if (s->sequence.length == 0)
        s->sequence = from->sequence;
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
    if (s->sequence.length > 0)
        fprintf(to, "Samples:%*s%lld rows each, every %lld, target %lld after the last\n",
                column > 9 ? column - 8 : 1, "", (long long)s->sequence.length,
                (long long)s->sequence.stride, (long long)s->sequence.horizon);
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
    s->sequence = (dt_sequence){0};
}
