#include "data/selection.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    dt_selection *selection;
    const char *option, *names;
    dt_error *err;
} parser;

static dt_code refuse_names(const parser *p)
{
    return dt_fail(p->err, DT_ERR_USAGE,
                   "%s %s: expected names of datasets, as x, a,b, table/column, data[0:5], "
                   "data[8] or data[:,2]",
                   p->option, p->names);
}

/* name: the first n bytes are the name; member: NULL, or [m] bytes to be added behind a slash */
static dt_selected *append_item(parser *p, const char *name, size_t n, const char *member, size_t m)
{
    dt_selection *s = p->selection;
    dt_selected *longer = realloc(s->item, (size_t)(s->n + 1) * sizeof *longer);
    char *text = malloc(n + m + 2);
    if (longer)
        s->item = longer;
    if (!longer || !text) {
        free(text);
        dt_fail(p->err, DT_ERR_MEMORY, "out of memory for the names of datasets");
        return NULL;
    }
    memcpy(text, name, n);
    if (member) {
        text[n] = '/';
        memcpy(text + n + 1, member, m);
    }
    text[n + (member ? m + 1 : 0)] = '\0';
    s->item[s->n] = (dt_selected){.name = text, .last = -1};
    return &s->item[s->n++];
}

enum { MAX_COLUMN = INT32_MAX /* beyond it sums of numbers that are typed could overflow */ };

/* strtoll gives its limits for what is beyond them. */
static bool is_column(long long number)
{
    return number >= -(long long)MAX_COLUMN && number <= MAX_COLUMN;
}

/* "3", "0:5", ":5", "-2:" or ":". False if it is none of these. */
static bool parse_range(const char *text, size_t n, dt_selected *item)
{
    char copy[64], *end = copy;
    if (n == 0 || n >= sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    char *colon = strchr(copy, ':');
    item->has_range = true;
    if (colon != copy)
        item->first = strtoll(copy, &end, 10);
    bool is_open = colon == copy; /* nothing stands before the colon */
    if (!is_open && (end == copy || end != (colon ? colon : copy + n) || !is_column(item->first)))
        return false;
    if (!colon) {
        item->last = item->first;
        return true;
    }
    item->last = -1;
    if (!colon[1])
        return true;
    long long behind = strtoll(colon + 1, &end, 10);
    item->last = behind - 1;
    return end != colon + 1 && !*end && behind != 0 && is_column(behind);
}

/* What stands in brackets behind a name: ranges, or names of members. */
static dt_code parse_brackets(parser *p, const char *name, size_t length, const char *text,
                              const char *end)
{
    if (text + 1 < end && text[0] == ':' && text[1] == ',')
        text += 2;
    for (const char *at = text; at <= end && !p->err->code;) {
        size_t n = strcspn(at, ",]");
        dt_selected range = {.last = -1};
        bool is_range = parse_range(at, n, &range);
        if (n == 0 || (!is_range && strchr("-:+0123456789", at[0])))
            return refuse_names(p);
        dt_selected *item = append_item(p, name, length, is_range ? NULL : at, is_range ? 0 : n);
        if (item && is_range) {
            range.name = item->name;
            *item = range;
        }
        at += n + 1;
    }
    return p->err->code;
}

dt_code dt_selection_parse(dt_selection *selection, const char *option, const char *names,
                           dt_error *err)
{
    parser p = {selection, option, names, err};
    *selection = (dt_selection){0};
    for (const char *at = names; !err->code;) {
        size_t length = strcspn(at, ",[");
        const char *next = at + length;
        if (length == 0)
            return refuse_names(&p);
        if (*next == '[') {
            const char *end = strchr(next, ']');
            if (!end || (end[1] && end[1] != ','))
                return refuse_names(&p);
            parse_brackets(&p, at, length, next + 1, end - 1);
            next = end + 1;
        } else {
            append_item(&p, at, length, NULL, 0);
        }
        if (!*next)
            break;
        at = next + 1;
    }
    return err->code;
}

dt_code dt_selection_of_dataset(dt_selection *selection, const char *name, dt_error *err)
{
    parser p = {selection, "", name, err};
    *selection = (dt_selection){0};
    append_item(&p, name, strlen(name), NULL, 0);
    return err->code;
}

void dt_selection_free(dt_selection *selection)
{
    for (int i = 0; i < selection->n; i++)
        free(selection->item[i].name);
    free(selection->item);
    *selection = (dt_selection){0};
}
