#include "data/import/request.h"

#include <csv.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Lists ---------------------------------------------------------------------------------- */

typedef struct {
    dt_names *names;
    bool out_of_memory;
} list;

static void add_name(void *text, size_t n, void *data)
{
    list *l = data;
    char **larger = realloc(l->names->name, (size_t)(l->names->n + 1) * sizeof *larger);
    if (larger)
        l->names->name = larger;
    char *name = larger ? calloc(n + 1, 1) : NULL;
    if (!name) {
        l->out_of_memory = true;
        return;
    }
    memcpy(name, text, n);
    larger[l->names->n++] = name;
}

static void end_list(int end, void *data)
{
    (void)end;
    (void)data;
}

/* A list is a row of CSV: names with a comma stand in quotes. */
static dt_code parse_list(const char *option, const char *text, dt_names *names, dt_error *err)
{
    list l = {.names = names};
    struct csv_parser parser;
    if (!text)
        return DT_OK;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return dt_fail(err, DT_ERR_MEMORY, "--%s: out of memory", option);
    bool good = csv_parse(&parser, text, strlen(text), add_name, end_list, &l) == strlen(text) &&
                csv_fini(&parser, add_name, end_list, &l) == 0;
    csv_free(&parser);
    if (l.out_of_memory)
        return dt_fail(err, DT_ERR_MEMORY, "--%s: out of memory", option);
    if (!good || names->n == 0)
        return dt_fail(err, DT_ERR_USAGE,
                       "--%s %s: expected names, separated by commas; a name with a comma stands "
                       "in double quotes",
                       option, text);
    return DT_OK;
}

/* ---- Signs ---------------------------------------------------------------------------------- */

static dt_code check_signs(const dt_convert_options *o, dt_error *err)
{
    char decimal = o->decimal ? o->decimal : '.';
    if (decimal != '.' && decimal != ',')
        return dt_fail(err, DT_ERR_USAGE, "--decimal %c: expected a point or a comma", decimal);
    if (o->thousands && (!isprint((unsigned char)o->thousands) ||
                         isalnum((unsigned char)o->thousands) || strchr("+-\"", o->thousands)))
        return dt_fail(err, DT_ERR_USAGE,
                       "--thousands: expected a sign such as a point, a comma or a space");
    if (decimal == o->thousands)
        return dt_fail(err, DT_ERR_USAGE,
                       "--thousands %c: is the decimal sign already (see --decimal)", o->thousands);
    if (o->separator && strchr("\"\r\n", o->separator))
        return dt_fail(err, DT_ERR_USAGE,
                       "--separator: expected another sign than a quote or a line end");
    return DT_OK;
}

dt_code dt_table_request_init(dt_table_request *r, const dt_convert_options *o, dt_error *err)
{
    *r = (dt_table_request){
        .one_hot = o->one_hot,
        .header = o->header,
        .separator = o->separator,
        .style = {.decimal = o->decimal, .thousands = o->thousands},
    };
    dt_code code = check_signs(o, err);
    if (!code && o->like && (o->drop || o->columns))
        code = dt_fail(err, DT_ERR_USAGE,
                       "--like %s: the columns are those of that file, so --columns and --drop do "
                       "not go with it",
                       o->like);
    if (!code)
        code = parse_list("target", o->target, &r->target, err);
    if (!code)
        code = parse_list("drop", o->drop, &r->drop, err);
    if (!code)
        code = parse_list("columns", o->columns, &r->columns, err);
    if (!code)
        code = parse_list("missing-words", o->missing_words, &r->style.missing, err);
    if (!code && o->like)
        code = dt_like_read(&r->like, o->like, err);
    return code;
}

void dt_table_request_free(dt_table_request *r)
{
    dt_names_free(&r->target);
    dt_names_free(&r->drop);
    dt_names_free(&r->columns);
    dt_names_free(&r->style.missing);
    dt_like_free(&r->like);
    *r = (dt_table_request){0};
}
