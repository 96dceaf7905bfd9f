#include "data/import/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAMES = 8 /* shown */ };

/* On one line, whatever is in it. */
static void print_name(const char *name, FILE *to)
{
    enum { MAX_SHOWN = 40 };
    int n = 0;
    for (; n < MAX_SHOWN && name[n]; n++)
        fputc(iscntrl((unsigned char)name[n]) ? ' ' : name[n], to);
    if (name[n])
        fputs("...", to);
}

static void print_separator(const dt_plan *p, FILE *to)
{
    fprintf(to, "%s: separated by %s, ", p->table.source.path,
            p->table.separator == '\t'  ? "tabs"
            : p->table.separator == ';' ? "semicolons"
                                        : "commas");
    if (p->header == DT_HEADER_YES)
        fprintf(to, "a header in line %lld", (long long)p->table.first_line);
    else
        fputs("no header", to);
    fprintf(to, ", %lld row%s of %lld column%s\n", (long long)p->rows, p->rows == 1 ? "" : "s",
            (long long)p->columns, p->columns == 1 ? "" : "s");
}

static void print_features(const dt_plan *p, FILE *to)
{
    int shown = 0;
    if (p->header != DT_HEADER_YES)
        return;
    fputs("x: ", to);
    for (int64_t c = 0; c < p->columns && shown <= NAMES; c++) {
        if (c == p->target)
            continue;
        fputs(shown ? ", " : "", to);
        if (shown++ < NAMES)
            print_name(p->first[c][0] ? p->first[c] : "(no name)", to);
        else
            fputs("...", to);
    }
    fputc('\n', to);
}

/* They are classes to training, unless it is told otherwise. */
static void print_whole(const dt_target *y, FILE *to)
{
    enum { MAX_CLASSES = 100 };
    fputs(", whole numbers", to);
    if (y->min != 0 || y->max >= MAX_CLASSES)
        fprintf(to, " from %lld to %lld: classes are 0, 1, 2, ...; numbers want --loss mse",
                (long long)y->min, (long long)y->max);
    fputc('\n', to);
}

static void print_target(const dt_plan *p, FILE *to)
{
    if (p->target < 0)
        return;
    fprintf(to, "y: column %lld", (long long)p->target + 1);
    if (p->header == DT_HEADER_YES) {
        fputs(" (", to);
        print_name(p->first[p->target], to);
        fputc(')', to);
    }
    if (p->y.word_count == 0) {
        if (p->y.element.kind == 'f')
            fputs(", numbers\n", to);
        else
            print_whole(&p->y, to);
        return;
    }
    fprintf(to, ", %lld class%s: ", (long long)p->y.word_count, p->y.word_count == 1 ? "" : "es");
    for (int64_t i = 0; i < p->y.word_count && i < NAMES; i++) {
        fputs(i ? ", " : "", to);
        print_name(p->y.words[i], to);
    }
    fputs(p->y.word_count > NAMES ? ", ...\n" : "\n", to);
}

void dt_plan_print(const dt_plan *p, FILE *to)
{
    print_separator(p, to);
    print_features(p, to);
    print_target(p, to);
}

/* The feature that a column of the table has become. */
static int64_t feature_of(const dt_plan *p, int64_t column)
{
    return column - (p->target >= 0 && column > p->target);
}

static bool is_index(const dt_plan *p, int64_t column)
{
    return column != p->target && p->x.n > 1 &&
           dt_column_stats_is_index(&p->x, feature_of(p, column));
}

static void warn_counting(const dt_plan *p, FILE *to)
{
    for (int64_t c = 0; c < p->columns; c++) {
        if (!is_index(p, c))
            continue;
        char where[DT_PLAN_PLACE];
        long long start = (long long)p->x.start[feature_of(p, c)];
        dt_plan_place(p, c, where);
        fprintf(to,
                "%s: only counts the rows (%lld, %lld, %lld, ...): a number of the row tells a "
                "model nothing about others; leave it out\n",
                where, start, start + 1, start + 2);
    }
}

void dt_plan_warn(const dt_plan *p, FILE *to)
{
    const char *path = p->table.source.path;
    if (dt_plan_header_is_doubtful(p))
        fprintf(to,
                "%s: line %lld was taken for a row, though its numbers are in order as those of no "
                "other "
                "line do: if it is a header, put a letter into each name\n",
                path, (long long)p->table.first_line);
    for (int64_t c = 0; c < p->columns && p->header == DT_HEADER_YES; c++)
        if (c != p->target && p->first[c][0] == '\0' && !is_index(p, c))
            fprintf(to,
                    "%s: column %lld has no name: is it an index (pandas writes one)? It is now a "
                    "feature\n",
                    path, (long long)c + 1);
    warn_counting(p, to);
    if (p->y.word_count > 0 && p->y.missing_count > 0)
        fprintf(to,
                "%s: \"%s\" in line %lld is taken for a class, not for a missing label (%lld such "
                "cell%s)\n",
                path, p->y.first_missing, (long long)p->y.missing_line,
                (long long)p->y.missing_count, p->y.missing_count == 1 ? "" : "s");
}
