#include "core/line.h"
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

/* "age", or "column 3" without a name. */
static void print_column(const dt_plan *p, int64_t column, FILE *to)
{
    if (p->header != DT_HEADER_YES || p->first[column][0] == '\0') {
        fprintf(to, "column %lld", (long long)column + 1);
        return;
    }
    fputc('"', to);
    print_name(p->first[column], to);
    fputc('"', to);
}

static void print_separator(const dt_plan *p, FILE *to)
{
    static const struct {
        char sign;
        const char *name;
    } known[] = {
        {'\t', "tabs"}, {';', "semicolons"}, {',', "commas"}, {'|', "bars"}, {' ', "blanks"}};
    fprintf(to, "%s: separated by ", p->table.source.path);
    size_t i = 0;
    while (i < sizeof known / sizeof *known && known[i].sign != p->table.separator)
        i++;
    if (i < sizeof known / sizeof *known)
        fputs(known[i].name, to);
    else
        fprintf(to, "\"%c\"", p->table.separator);
    if (p->header == DT_HEADER_YES)
        fprintf(to, ", a header in line %lld", (long long)p->table.first_line);
    else
        fputs(", no header", to);
    fprintf(to, ", %lld row%s of %lld column%s\n", (long long)p->rows, dt_plural(p->rows),
            (long long)p->columns, dt_plural(p->columns));
}

/* The names of the columns of x, where there are names. */
static void print_features(const dt_plan *p, FILE *to)
{
    int64_t shown = 0;
    if (p->header != DT_HEADER_YES && p->width == p->feature_count)
        return;
    fputs("x: ", to);
    for (int64_t i = 0; i < p->feature_count && shown < NAMES; i++) {
        const dt_feature *f = &p->features[i];
        for (int64_t k = 0; k < dt_feature_width(f) && shown < NAMES; k++, shown++) {
            fputs(shown ? ", " : "", to);
            if (p->header != DT_HEADER_YES)
                fprintf(to, "%lld", (long long)f->column + 1);
            else
                print_name(p->first[f->column][0] ? p->first[f->column] : "(no name)", to);
            if (f->words.n > 0)
                fputc('=', to);
            print_name(f->words.n > 0 ? f->words.word[k] : "", to);
        }
    }
    if (shown < p->width)
        fprintf(to, ", ... (%lld in all)", (long long)p->width);
    fputc('\n', to);
}

static void print_left_out(const dt_plan *p, FILE *to)
{
    int shown = 0;
    for (int64_t c = 0; c < p->columns && shown <= NAMES; c++) {
        if (p->role[c] != DT_ROLE_LEFT_OUT)
            continue;
        fputs(shown ? ", " : "left out: ", to);
        if (shown++ < NAMES)
            print_column(p, c, to);
        else
            fputs("...", to);
    }
    if (shown)
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

static void print_classes(const dt_word_set *classes, FILE *to)
{
    fprintf(to, ", %lld class%s: ", (long long)classes->n, classes->n == 1 ? "" : "es");
    for (int64_t i = 0; i < classes->n && i < NAMES; i++) {
        fputs(i ? ", " : "", to);
        print_name(classes->word[i], to);
    }
    fputs(classes->n > NAMES ? ", ...\n" : "\n", to);
}

static void print_targets(const dt_plan *p, FILE *to)
{
    for (int64_t i = 0; i < p->target_count && i < NAMES; i++) {
        fprintf(to, "%scolumn %lld", i ? ", " : "y: ", (long long)p->targets[i] + 1);
        if (p->header == DT_HEADER_YES) {
            fputs(" (", to);
            print_name(p->first[p->targets[i]], to);
            fputc(')', to);
        }
    }
    if (p->target_count == 0 && p->request->like.targets.n > 0)
        fprintf(to, "no y: the table has no column %s\n",
                dt_names_list(&p->request->like.targets, (char[DT_NAMES_TEXT]){0}));
    if (p->target_count == 0)
        return;
    if (p->target_count > NAMES)
        fprintf(to, ", ... (%lld in all)", (long long)p->target_count);
    if (p->y->has_classes)
        print_classes(&p->y->words, to);
    else if (p->y->element.kind == 'f')
        fputs(", numbers\n", to);
    else
        print_whole(p->y, to);
}

static void print_gaps(const dt_plan *p, FILE *to)
{
    int shown = 0;
    for (int64_t i = 0; i < p->feature_count && shown <= NAMES; i++) {
        const dt_feature *f = &p->features[i];
        if (f->gaps == 0)
            continue;
        fputs(shown ? ", " : "gaps: ", to);
        if (shown++ < NAMES) {
            fprintf(to, "%lld in ", (long long)f->gaps);
            print_column(p, f->column, to);
        } else {
            fputs("...", to);
        }
    }
    if (shown)
        fputs(" (NaN in x; train refuses gaps unless --missing mean)\n", to);
}

void dt_plan_print(const dt_plan *p, FILE *to)
{
    print_separator(p, to);
    print_features(p, to);
    print_left_out(p, to);
    print_targets(p, to);
    print_gaps(p, to);
}

/* ---- Warnings ------------------------------------------------------------------------------- */

static bool is_index(const dt_plan *p, const dt_feature *f)
{
    return p->width > 1 && f->words.n == 0 && dt_column_stats_is_index(&p->x, f->place);
}

static void warn_header(const dt_plan *p, FILE *to)
{
    if (dt_plan_header_is_doubtful(p))
        fprintf(to,
                "%s: line %lld was taken for a row, though its numbers are in order as those of no "
                "other line do: if it is a header, say --header yes\n",
                p->table.source.path, (long long)p->table.first_line);
}

static void warn_of_feature(const dt_plan *p, const dt_feature *f, FILE *to)
{
    char where[DT_PLAN_PLACE];
    long long column = (long long)f->column + 1;
    dt_plan_place(p, f->column, where);
    if (is_index(p, f)) {
        long long start = (long long)p->x.start[f->place];
        fprintf(to,
                "%s: only counts the rows (%lld, %lld, %lld, ...): a number of the row tells a "
                "model nothing about others; --drop %lld leaves it out\n",
                where, start, start + 1, start + 2, column);
    } else if (p->header == DT_HEADER_YES && p->first[f->column][0] == '\0') {
        fprintf(to,
                "%s: column %lld has no name: is it an index (pandas writes one)? It is now a "
                "feature: --drop %lld leaves it out\n",
                p->table.source.path, column, column);
    }
    if (f->gaps == p->rows)
        fprintf(to, "%s: no cell has a value: --drop %lld leaves it out\n", where, column);
}

static void warn_of_target(const dt_plan *p, const dt_target *y, int64_t column, FILE *to)
{
    char where[DT_PLAN_PLACE];
    dt_plan_place(p, column, where);
    if (y->has_classes && y->missing_count > 0)
        fprintf(to,
                "%s: \"%s\" in line %lld is taken for a class, not for a missing label (%lld such "
                "cell%s)\n",
                p->table.source.path, y->first_missing, (long long)y->missing_line,
                (long long)y->missing_count, dt_plural(y->missing_count));
    if (!y->has_classes && y->gaps > 0)
        fprintf(to,
                "%s: %lld cell%s without a value, the first in line %lld: NaN in y, which is "
                "float32 and which train refuses unless --missing-y mask\n",
                where, (long long)y->gaps, dt_plural(y->gaps), (long long)y->gap_line);
}

void dt_plan_warn(const dt_plan *p, FILE *to)
{
    warn_header(p, to);
    for (int64_t i = 0; i < p->feature_count; i++)
        warn_of_feature(p, &p->features[i], to);
    for (int64_t i = 0; i < p->target_count; i++)
        warn_of_target(p, &p->y[i], p->targets[i], to);
}
