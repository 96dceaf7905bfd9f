/* Finds the columns of a table that another data set has, for --like. */
#include "core/line.h"
#include "data/import/plan.h"

#include <stdlib.h>
#include <string.h>

/* The column of that name, or, without a header, of that number; -1: none, -2: several. */
static int64_t find_alike(const dt_plan *p, bool has_header, const char *name)
{
    int64_t column = -1;
    if (has_header)
        return dt_plan_find_name(p, name);
    dt_plan_find_number(p, name, &column);
    return column;
}

/* The column that a column of x was made of. "color=red" is the column of that name, or the word
 * "red" of the column "color".
 *   word  [out] within name; NULL: the column has numbers */
static dt_code find_source(const dt_plan *p, bool has_header, const char *name, int64_t *column,
                           const char **word, dt_error *err)
{
    *word = NULL;
    *column = find_alike(p, has_header, name);
    char *base = strdup(name);
    if (!base)
        return dt_plan_no_memory(p, err);
    for (char *sign = strchr(base, '='); sign && *column == -1; sign = strchr(sign + 1, '=')) {
        *sign = '\0';
        *column = find_alike(p, has_header, base);
        *sign = '=';
        *word = name + (sign - base) + 1;
    }
    free(base);
    return DT_OK;
}

bool dt_plan_looks_alike(const dt_plan *p)
{
    const dt_names *names = &p->request->like.columns;
    dt_error err = {0};
    int64_t column = -1, number;
    const char *word;
    for (int64_t i = 0; i < names->n && column == -1 && !err.code; i++) {
        find_source(p, true, names->name[i], &column, &word, &err);
        if (column >= 0 && dt_plan_find_number(p, p->first[column], &number))
            column = -1; /* it may be a value */
    }
    return column != -1;
}

/* ---- Features ------------------------------------------------------------------------------- */

static dt_code fail_place(const dt_plan *p, const char *name, const char *reason, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: column \"%.*s\" of x in %s: %s", p->table.source.path,
                   dt_line_cut(name, 60), name, p->request->like.path, reason);
}

static dt_code check_source(const dt_plan *p, const char *name, int64_t column, dt_error *err)
{
    if (column == -2)
        return fail_place(p, name, "several columns of the table are called so", err);
    if (column < 0)
        return fail_place(p, name, "the table has no such column", err);
    if (p->role[column] == DT_ROLE_TARGET)
        return fail_place(p, name, "here it is the target", err);
    return DT_OK;
}

static dt_code add_word(dt_plan *p, dt_feature *f, const char *name, const char *word,
                        dt_error *err)
{
    if (f->words.n > 0 && strcmp(f->words.word[f->words.n - 1], word) >= 0)
        return fail_place(p, name, "the words of a column are not in the order of their bytes",
                          err);
    return dt_word_set_add(&f->words, word, p->table.source.path, err);
}

static dt_code add_source(dt_plan *p, const char *name, dt_error *err)
{
    int64_t column;
    const char *word;
    if (find_source(p, p->header == DT_HEADER_YES, name, &column, &word, err) ||
        check_source(p, name, column, err))
        return err->code;
    dt_feature *last = p->feature_count > 0 ? &p->features[p->feature_count - 1] : NULL;
    if (word && last && last->column == column && last->words.n > 0)
        return add_word(p, last, name, word, err);
    if (p->role[column] == DT_ROLE_FEATURE)
        return fail_place(p, name, "it was made of a column that others were made of too", err);
    dt_feature *next = &p->features[p->feature_count++];
    next->column = column;
    p->role[column] = DT_ROLE_FEATURE;
    return word ? add_word(p, next, name, word, err) : DT_OK;
}

static dt_code add_by_name(dt_plan *p, dt_error *err)
{
    const dt_names *names = &p->request->like.columns;
    dt_code code = DT_OK;
    p->features = calloc((size_t)p->columns, sizeof *p->features);
    if (!p->features)
        return dt_plan_no_memory(p, err);
    for (int64_t i = 0; i < names->n && !code; i++)
        code = add_source(p, names->name[i], err);
    for (int64_t i = 0; i < p->feature_count; i++)
        dt_word_set_sort(&p->features[i].words);
    return code;
}

/* Without names the columns that are no targets are taken in their order. */
static dt_code add_by_place(dt_plan *p, dt_error *err)
{
    int64_t width = p->request->like.width, left = p->columns - p->target_count;
    if (left != width)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: has %lld column%s for x, but x of %s has %lld, without names",
                       p->table.source.path, (long long)left, dt_plural(left),
                       p->request->like.path, (long long)width);
    p->features = calloc((size_t)width, sizeof *p->features);
    if (!p->features)
        return dt_plan_no_memory(p, err);
    for (int64_t c = 0; c < p->columns; c++) {
        if (p->role[c] == DT_ROLE_TARGET)
            continue;
        p->features[p->feature_count++].column = c;
        p->role[c] = DT_ROLE_FEATURE;
    }
    return DT_OK;
}

dt_code dt_plan_match_features(dt_plan *p, dt_error *err)
{
    return p->request->like.columns.n > 0 ? add_by_name(p, err) : add_by_place(p, err);
}

/* ---- Targets -------------------------------------------------------------------------------- */

const dt_names *dt_plan_wanted_targets(const dt_plan *p)
{
    const dt_names *alike = &p->request->like.targets;
    if (p->request->target.n > 0)
        return &p->request->target;
    for (int64_t i = 0; i < alike->n && p->header == DT_HEADER_YES; i++)
        if (dt_plan_find_name(p, alike->name[i]) != -1)
            return alike;
    return &p->request->target; /* none */
}

static dt_code check_target_names(const dt_plan *p, dt_error *err)
{
    const dt_names *alike = &p->request->like.targets;
    bool same = alike->n == p->target_count;
    for (int64_t i = 0; i < alike->n && same; i++)
        same = strcmp(alike->name[i], p->first[p->targets[i]]) == 0;
    if (same || alike->n == 0 || p->target_count == 0 || p->header != DT_HEADER_YES)
        return DT_OK;
    char text[DT_NAMES_TEXT];
    return dt_fail(err, DT_ERR_DATA, "%s: the target is not that of %s: %s", p->table.source.path,
                   p->request->like.path, dt_names_list(alike, text));
}

dt_code dt_plan_match_targets(dt_plan *p, dt_error *err)
{
    const dt_like *like = &p->request->like;
    dt_code code = check_target_names(p, err);
    if (code || p->target_count != 1)
        return code;
    dt_target *y = p->y;
    if (like->y_kind)
        y->want = like->y_kind == 'f' ? DT_TARGET_FLOAT : DT_TARGET_WHOLE;
    if (like->classes.n > 0)
        y->want = DT_TARGET_CLASSES;
    for (int64_t i = 0; i < like->classes.n && !code; i++)
        code = dt_word_set_add(&y->words, like->classes.name[i], p->table.source.path, err);
    return code;
}
