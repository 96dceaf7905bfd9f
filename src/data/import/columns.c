#include "core/line.h"
#include "data/import/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names and places ----------------------------------------------------------------------- */

void dt_plan_place(const dt_plan *p, int64_t column, char where[DT_PLAN_PLACE])
{
    int n =
        snprintf(where, DT_PLAN_PLACE, "%.*s: column %lld", dt_line_cut(p->table.source.path, 300),
                 p->table.source.path, (long long)column + 1);
    if (p->header != DT_HEADER_NO && p->first[column][0] && n > 0 && n < DT_PLAN_PLACE)
        snprintf(where + n, (size_t)(DT_PLAN_PLACE - n), " (%.*s)",
                 dt_line_cut(p->first[column], 60), p->first[column]);
    for (char *c = where; *c; c++) /* a name in quotes may have line ends */
        if (iscntrl((unsigned char)*c))
            *c = ' ';
}

dt_code dt_plan_no_memory(const dt_plan *p, dt_error *err)
{
    return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", p->table.source.path);
}

int64_t dt_plan_find_name(const dt_plan *p, const char *name)
{
    int64_t found = -1;
    for (int64_t c = 0; c < p->columns; c++)
        if (strcmp(p->first[c], name) == 0)
            found = found == -1 ? c : -2;
    return found;
}

bool dt_plan_find_number(const dt_plan *p, const char *text, int64_t *column)
{
    dt_cell cell = dt_cell_parse(&(dt_cell_style){0}, text);
    if (cell.kind != DT_CELL_WHOLE)
        return false;
    int64_t n = cell.whole;
    bool inside = n != 0 && n >= -p->columns && n <= p->columns;
    *column = !inside ? -1 : n > 0 ? n - 1 : p->columns + n;
    return true;
}

static dt_code fail_unknown(const dt_plan *p, const char *name, dt_error *err)
{
    const char *path = p->table.source.path;
    if (p->header == DT_HEADER_NO)
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: no column \"%s\" (it has no header, and %lld column%s, numbered from 1)", path,
            name, (long long)p->columns, dt_plural(p->columns));
    char names[DT_PLAN_PLACE] = "";
    size_t n = 0;
    for (int64_t c = 0; c < p->columns && n + 80 < sizeof names; c++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s\"%.*s\"", c ? ", " : "",
                              dt_line_cut(p->first[c], 40), p->first[c]);
    return dt_fail(err, DT_ERR_DATA, "%s: no column \"%s\" (it has %lld: %s%s)", path, name,
                   (long long)p->columns, names, n + 80 < sizeof names ? "" : ", ...");
}

static dt_code find_column(const dt_plan *p, const char *name, int64_t *column, dt_error *err)
{
    int64_t named = p->header == DT_HEADER_YES ? dt_plan_find_name(p, name) : -1, numbered = -1;
    dt_plan_find_number(p, name, &numbered);
    *column = named != -1 ? named : numbered;
    if (*column == -2)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: several columns are called \"%s\"; give the column's number",
                       p->table.source.path, name);
    return *column < 0 ? fail_unknown(p, name, err) : DT_OK;
}

/* ---- Roles ---------------------------------------------------------------------------------- */

/* The option that has named each column; NULL: none has. */
typedef struct {
    const char **by; /* [columns] */
    int64_t *found;  /* [columns] the columns that the last list named, in its order */
} claims;

static dt_code claim_columns(const dt_plan *p, const dt_names *names, const char *option,
                             claims *claimed, dt_error *err)
{
    for (int64_t i = 0; i < names->n; i++) {
        int64_t column;
        char where[DT_PLAN_PLACE];
        if (find_column(p, names->name[i], &column, err))
            return err->code;
        dt_plan_place(p, column, where);
        if (claimed->by[column] == option)
            return dt_fail(err, DT_ERR_DATA, "%s: is named twice by %s", where, option);
        if (claimed->by[column])
            return dt_fail(err, DT_ERR_DATA, "%s: is named by %s and by %s", where,
                           claimed->by[column], option);
        claimed->by[column] = option;
        claimed->found[i] = column;
    }
    return DT_OK;
}

static dt_code add_features(dt_plan *p, const int64_t *column, int64_t n, dt_error *err)
{
    if (n == 0)
        return dt_fail(err, DT_ERR_DATA, "%s: no column is left for x", p->table.source.path);
    p->features = calloc((size_t)n, sizeof *p->features);
    if (!p->features)
        return dt_plan_no_memory(p, err);
    p->feature_count = n;
    for (int64_t i = 0; i < n; i++) {
        p->features[i].column = column[i];
        p->role[column[i]] = DT_ROLE_FEATURE;
    }
    return DT_OK;
}

static dt_code add_targets(dt_plan *p, const int64_t *column, int64_t n, dt_error *err)
{
    if (n == 0)
        return DT_OK;
    p->targets = calloc((size_t)n, sizeof *p->targets);
    p->y = calloc((size_t)n, sizeof *p->y);
    if (!p->targets || !p->y)
        return dt_plan_no_memory(p, err);
    p->target_count = n;
    for (int64_t i = 0; i < n; i++) {
        p->targets[i] = column[i];
        p->role[column[i]] = DT_ROLE_TARGET;
        p->y[i].want = n > 1 ? DT_TARGET_FLOAT : DT_TARGET_ANY;
    }
    return DT_OK;
}

static int64_t list_unclaimed(const dt_plan *p, claims *claimed)
{
    int64_t n = 0;
    for (int64_t c = 0; c < p->columns; c++)
        if (!claimed->by[c])
            claimed->found[n++] = c;
    return n;
}

static dt_code assign_roles(dt_plan *p, claims *claimed, dt_error *err)
{
    const dt_table_request *r = p->request;
    const dt_names *target = dt_plan_wanted_targets(p);
    dt_code code = claim_columns(p, target, "--target", claimed, err);
    if (!code)
        code = add_targets(p, claimed->found, target->n, err);
    if (!code && r->like.path) {
        code = dt_plan_match_targets(p, err);
        return code ? code : dt_plan_match_features(p, err);
    }
    if (!code)
        code = claim_columns(p, &r->drop, "--drop", claimed, err);
    if (!code)
        code = claim_columns(p, &r->columns, "--columns", claimed, err);
    if (code)
        return code;
    int64_t n = r->columns.n ? r->columns.n : list_unclaimed(p, claimed);
    return add_features(p, claimed->found, n, err);
}

dt_code dt_plan_find_columns(dt_plan *p, dt_error *err)
{
    p->role = calloc((size_t)p->columns, sizeof *p->role);
    claims claimed = {calloc((size_t)p->columns, sizeof *claimed.by),
                      calloc((size_t)p->columns, sizeof *claimed.found)};
    dt_code code = p->role && claimed.by && claimed.found ? assign_roles(p, &claimed, err)
                                                          : dt_plan_no_memory(p, err);
    free(claimed.by);
    free(claimed.found);
    return code;
}

/* ---- Columns of x --------------------------------------------------------------------------- */

void dt_plan_place_features(dt_plan *p)
{
    p->width = 0;
    for (int64_t i = 0; i < p->feature_count; i++) {
        p->features[i].place = p->width;
        p->width += dt_feature_width(&p->features[i]);
    }
}

/* Without a header a column is called by its number. The caller frees the name; NULL: no memory. */
static char *make_name(const dt_plan *p, int64_t column, const char *word)
{
    char number[32], *name = NULL;
    const char *base = p->header == DT_HEADER_YES ? p->first[column] : number;
    snprintf(number, sizeof number, "%lld", (long long)column + 1);
    if (!word)
        return strdup(base);
    return asprintf(&name, "%s=%s", base, word) < 0 ? NULL : name;
}

dt_code dt_plan_name_features(const dt_plan *p, dt_names *names, dt_error *err)
{
    if (dt_names_init(names, p->width, err))
        return err->code;
    for (int64_t i = 0; i < p->feature_count; i++) {
        const dt_feature *f = &p->features[i];
        for (int64_t k = 0; k < dt_feature_width(f); k++) {
            char *name = make_name(p, f->column, f->words.n ? f->words.word[k] : NULL);
            if (!name)
                return dt_plan_no_memory(p, err);
            names->name[f->place + k] = name;
        }
    }
    return DT_OK;
}
