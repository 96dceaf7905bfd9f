#include "core/line.h"
#include "data/import/plan.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Columns -------------------------------------------------------------------------------- */

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

static bool is_number(const char *text)
{
    dt_cell_kind kind = dt_cell_parse(text).kind;
    return kind == DT_CELL_WHOLE || kind == DT_CELL_REAL;
}

/* A word that stands above numbers names them, unless it is one that says a number is missing. */
static bool looks_like_name(const char *text)
{
    return !is_number(text) && !dt_cell_missing(text);
}

/* The column that the first row names so; -1: none, -2: several. */
static int64_t find_name(const dt_plan *p, const char *name)
{
    int64_t found = -1;
    for (int64_t c = 0; c < p->columns; c++)
        if (strcmp(p->first[c], name) == 0)
            found = found == -1 ? c : -2;
    return found;
}

/* "3" -> 2, "-1" -> the last; -1 if there is no such column. False if text is no number. */
static bool find_number(const dt_plan *p, const char *text, int64_t *column)
{
    dt_cell cell = dt_cell_parse(text);
    if (cell.kind != DT_CELL_WHOLE)
        return false;
    int64_t n = cell.whole;
    bool inside = n != 0 && n >= -p->columns && n <= p->columns;
    *column = !inside ? -1 : n > 0 ? n - 1 : p->columns + n;
    return true;
}

static dt_code no_column(const dt_plan *p, dt_error *err)
{
    const char *path = p->table.source.path;
    if (p->header == DT_HEADER_NO)
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: no column \"%s\" (it has no header, and %lld column%s, numbered from 1)", path,
            p->wanted, (long long)p->columns, dt_plural(p->columns));
    char names[DT_PLAN_PLACE] = "";
    size_t n = 0;
    for (int64_t c = 0; c < p->columns && n + 80 < sizeof names; c++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s\"%.*s\"", c ? ", " : "",
                              dt_line_cut(p->first[c], 40), p->first[c]);
    return dt_fail(err, DT_ERR_DATA, "%s: no column \"%s\" (it has %lld: %s%s)", path, p->wanted,
                   (long long)p->columns, names, n + 80 < sizeof names ? "" : ", ...");
}

/* ---- Headers of numbers --------------------------------------------------------------------- */

enum { MIN_COUNTING = 3, MIN_RISING = 6 /* columns: a few numbers may rise by chance */ };

static double number_in(const dt_plan *p, bool first, int64_t column)
{
    dt_cell cell = dt_cell_parse(first ? p->first[column] : dt_table_cell(&p->table, column));
    return cell.kind == DT_CELL_WHOLE || cell.kind == DT_CELL_REAL ? cell.real : NAN;
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
        if (c != p->target && isnan(number))
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
    return p->header == DT_HEADER_NO && p->compared && (p->first_rises || p->first_counts);
}

/* Of a pandas.DataFrame made of an array the header is 0, 1, 2, ...; over an index it begins with
 * an empty cell. */
dt_code dt_plan_decide_header(dt_plan *p, dt_error *err)
{
    long long line = (long long)p->table.first_line;
    if (p->header != DT_HEADER_NO)
        return DT_OK;
    if (p->first[0][0] == '\0' && p->rows > 0 && p->columns > 1 && is_number(p->first[1]))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld begins with an empty cell: as a header of numbers over an "
                       "index (pandas) it cannot be told from a row; write the table without the "
                       "index (index=False), and with a letter in each name",
                       p->table.source.path, line);
    if (p->first_counts && p->compared && !is_weak(p))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld (%.20s, %.20s, %.20s%s) counts up as no other line does: "
                       "header or row? With a letter in each name it is a header; with a line of "
                       "names above it, it is a row",
                       p->table.source.path, line, p->first[0], p->first[1], p->first[2],
                       p->columns > 3 ? ", ..." : "");
    return DT_OK;
}

/* ---- Deciding ------------------------------------------------------------------------------- */

/* A header is known by a name over a number. Over the target column that takes the whole column,
 * for a class may be called 7 among others that are words. A first row that is alone is a header if
 * it could not be data. */
dt_code dt_plan_find_header(dt_plan *p, bool second, dt_error *err)
{
    int64_t named = p->wanted ? find_name(p, p->wanted) : -1, numbered = -1;
    bool is_numbered = p->wanted && find_number(p, p->wanted, &numbered);
    if (named != -1 && !is_numbered)
        p->header = DT_HEADER_YES;
    for (int64_t c = 0; c < p->columns && p->header != DT_HEADER_YES; c++) {
        if (!looks_like_name(p->first[c]) || (second && !is_number(dt_table_cell(&p->table, c))))
            continue;
        if (c != numbered || named >= 0)
            p->header = DT_HEADER_YES;
        else if (second)
            p->header = DT_HEADER_OPEN;
    }
    p->first_counts = counts_up(p, true);
    p->first_rises = rises_evenly(p, true);
    p->target = p->header == DT_HEADER_YES && named != -1 ? named : numbered;
    if (p->target == -2)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: several columns are called \"%s\"; give the column's number",
                       p->table.source.path, p->wanted);
    return p->wanted && p->target < 0 ? no_column(p, err) : DT_OK;
}
