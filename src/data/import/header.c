#include "data/import/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Cells ----------------------------------------------------------------------------------- */

static bool is_number(const dt_plan *p, const char *text)
{
    return dt_cell_is_number(dt_cell_parse(&p->request->style, text));
}

/* A value such as no column is called by. */
static bool is_value(const dt_plan *p, const char *text)
{
    float flag;
    return is_number(p, text) || dt_cell_flag(text, &flag);
}

static bool is_gap(const dt_plan *p, const char *text)
{
    return dt_cell_missing(text) || dt_cell_is_gap(&p->request->style, text);
}

/* A word that stands above values names them, unless it is one that says a value is missing. */
static bool looks_like_name(const dt_plan *p, const char *text)
{
    return !is_value(p, text) && !is_gap(p, text);
}

/* ---- Headers of numbers --------------------------------------------------------------------- */

enum { MIN_COUNTING = 3, MIN_RISING = 6 /* columns: a few numbers may rise by chance */ };

static double number_in(const dt_plan *p, bool first, int64_t column)
{
    const char *text = first ? p->first[column] : dt_table_cell(&p->table, column);
    dt_cell cell = dt_cell_parse(&p->request->style, text);
    return dt_cell_is_number(cell) ? cell.real : NAN;
}

/* Whether a row's numbers go on by one step. */
static bool counts_up(const dt_plan *p, bool first)
{
    double before = number_in(p, first, 0), step = NAN;
    for (int64_t c = 1; c < p->columns; c++) {
        double now = number_in(p, first, c), this_step = now - before;
        step = c == 1 ? this_step : step;
        if (!(fabs(this_step - step) <= fabs(step) * 1e-6) || this_step == 0)
            return false;
        before = now;
    }
    return p->columns >= MIN_COUNTING;
}

static bool rises_evenly(const dt_plan *p, bool first)
{
    double before = number_in(p, first, 0);
    for (int64_t c = 1; c < p->columns; c++) {
        double now = number_in(p, first, c);
        if (!(now > before))
            return false;
        before = now;
    }
    return p->columns >= MIN_RISING;
}

/* Only of numbers, but for the target.
 *   fraction  [out] not all of them are whole */
static bool is_comparable(const dt_plan *p, bool *fraction)
{
    for (int64_t c = 0; c < p->columns; c++) {
        double number = number_in(p, false, c);
        if (p->role[c] != DT_ROLE_TARGET && isnan(number))
            return false;
        *fraction = *fraction || (!isnan(number) && number != floor(number));
    }
    return true;
}

void dt_plan_compare_row(dt_plan *p)
{
    bool fraction = false;
    if (!p->first_counts && !p->first_rises)
        return;
    if (is_comparable(p, &fraction)) {
        p->compared = true;
        p->fractions = p->fractions || fraction;
    }
    p->first_counts = p->first_counts && !counts_up(p, false);
    p->first_rises = p->first_rises && !rises_evenly(p, false);
}

/* Three or four small whole numbers above others may count up by chance. */
static bool is_weak(const dt_plan *p)
{
    enum { ENOUGH = 5 /* columns */, YEARS = 1000 };
    double first = number_in(p, true, 0);
    return p->columns < ENOUGH && !p->fractions && first != 0 && fabs(first) < YEARS;
}

bool dt_plan_header_is_doubtful(const dt_plan *p)
{
    return p->header == DT_HEADER_NO && p->request->header == DT_CONVERT_HEADER_AUTO &&
           p->compared && (p->first_rises || p->first_counts);
}

static bool has_names_only(const dt_plan *p)
{
    for (int64_t c = 0; c < p->columns; c++)
        if (!looks_like_name(p, p->first[c]))
            return false;
    return true;
}

/* Of a pandas.DataFrame made of an array the header is 0, 1, 2, ...; over an index it begins with
 * an empty cell. */
dt_code dt_plan_decide_header(dt_plan *p, dt_error *err)
{
    long long line = (long long)p->table.first_line;
    if (p->header != DT_HEADER_NO || p->request->header == DT_CONVERT_HEADER_NO)
        return DT_OK;
    if (dt_plan_finds_words(p) && has_names_only(p))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld has words only, as have other lines: header or row? --header "
                       "yes or no says it",
                       p->table.source.path, line);
    if (p->first[0][0] == '\0' && p->rows > 0 && p->columns > 1 && is_number(p, p->first[1]))
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: line %lld begins with an empty cell: as a header of numbers over an "
            "index (pandas) it cannot be told from a row: --header yes or no says which it is; "
            "--drop 1 leaves an index out",
            p->table.source.path, line);
    if (p->first_counts && p->compared && !is_weak(p))
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: line %lld (%.20s, %.20s, %.20s%s) counts up as no other line does: "
            "header or row? --header yes or no says it; with a letter in each name it is a "
            "header by itself",
            p->table.source.path, line, p->first[0], p->first[1], p->first[2],
            p->columns > 3 ? ", ..." : "");
    return DT_OK;
}

/* ---- Deciding ------------------------------------------------------------------------------- */

/* The evidence while the first rows are read. */
typedef struct {
    bool named;   /* a name of the request, and no number, stands in the first row */
    bool may_be;  /* a number of the request stands there too, and may be meant as a name */
    int64_t only; /* the one target, by its number; -1: none, or several */
    bool *open;   /* [columns] a word stands in the first row, with nothing but gaps below so far */
    int64_t left; /* open columns */
    bool over_only; /* a word stands over a value of that target, which may be a class */
} evidence;

static void look_for_names(const dt_plan *p, const dt_names *names, evidence *e)
{
    for (int64_t i = 0; i < names->n; i++) {
        int64_t number, column = dt_plan_find_name(p, names->name[i]);
        bool is_numbered = dt_plan_find_number(p, names->name[i], &number);
        e->named = e->named || (column != -1 && !is_numbered);
        e->may_be = e->may_be || (column >= 0 && is_numbered);
    }
}

static void look_at_first(const dt_plan *p, evidence *e)
{
    const dt_names *target = &p->request->target;
    look_for_names(p, target, e);
    look_for_names(p, &p->request->drop, e);
    look_for_names(p, &p->request->columns, e);
    look_for_names(p, &p->request->like.targets, e);
    e->named = e->named || dt_plan_looks_alike(p);
    if (target->n == 1)
        dt_plan_find_number(p, target->name[0], &e->only);
    for (int64_t c = 0; c < p->columns; c++) {
        e->open[c] = looks_like_name(p, p->first[c]);
        e->left += e->open[c];
    }
}

/* Returns whether the current row settles that there is a header. */
static bool look_at_row(const dt_plan *p, evidence *e)
{
    for (int64_t c = 0; c < p->columns; c++) {
        const char *text = dt_table_cell(&p->table, c);
        if (!e->open[c] || is_gap(p, text))
            continue;
        e->open[c] = false;
        e->left--;
        if (!is_value(p, text))
            continue;
        if (c != e->only || e->may_be)
            return true;
        e->over_only = true;
    }
    return false;
}

/* A first row that is alone is a header if it could not be data. */
static bool could_be_data(const dt_plan *p, const evidence *e)
{
    for (int64_t c = 0; c < p->columns; c++)
        if (e->open[c] && (c != e->only || e->may_be))
            return false;
    return true;
}

static dt_code weigh_rows(dt_plan *p, evidence *e, dt_error *err)
{
    enum { ROWS = 100 /* looked at, for a column may begin with gaps */ };
    bool found = true, is_header = e->named;
    dt_code code = DT_OK;
    for (int row = 0; row < ROWS && !is_header && (row == 0 || e->left > 0); row++) {
        code = dt_table_next(&p->table, &found, err);
        if (code)
            return code;
        if (!found) {
            is_header = row == 0 && !could_be_data(p, e);
            break;
        }
        is_header = look_at_row(p, e);
    }
    p->header = is_header ? DT_HEADER_YES : e->over_only ? DT_HEADER_OPEN : DT_HEADER_NO;
    return DT_OK;
}

/* A header is known by a name over a value. Over the target column that takes the whole column, for
 * a class may be called 7 among others that are words. */
dt_code dt_plan_find_header(dt_plan *p, dt_error *err)
{
    evidence e = {.only = -1, .open = calloc((size_t)p->columns, sizeof *e.open)};
    if (!e.open)
        return dt_plan_no_memory(p, err);
    look_at_first(p, &e);
    dt_code code = DT_OK;
    if (p->request->header == DT_CONVERT_HEADER_AUTO)
        code = weigh_rows(p, &e, err);
    else
        p->header = p->request->header == DT_CONVERT_HEADER_YES ? DT_HEADER_YES : DT_HEADER_NO;
    free(e.open);
    p->first_counts = counts_up(p, true);
    p->first_rises = rises_evenly(p, true);
    return code;
}
