#include "core/line.h"
#include "train/warnings.h"

#include <math.h>
#include <stdio.h>

static const double APART = 1e4; /* scales that differ by it train badly */

enum { MANY_CLASSES = 100, PLACE = 128 };

/* "column 3 (width)", as far as it has a name. */
static const char *place_of(char text[PLACE], const dt_names *names, int64_t column)
{
    int used = snprintf(text, PLACE, "column %lld", (long long)column);
    if (column < names->n)
        snprintf(text + used, (size_t)(PLACE - used), " (%.*s)",
                 dt_line_cut(names->name[column], 80), names->name[column]);
    return text;
}

/* ---- Scales --------------------------------------------------------------------------------- */

/* Columns of the smallest and the largest scale; a column of zeros has none. */
typedef struct {
    int64_t min, max; /* -1: there is none */
} extremes;

static double scale_of(const dt_column_stats *c, int64_t column)
{
    return column < 0 ? 0 : (double)c->largest[column];
}

static extremes find_extremes(const dt_column_stats *c)
{
    extremes e = {-1, -1};
    for (int64_t k = 0; k < c->n; k++) {
        if (c->largest[k] > 0 && (e.min < 0 || c->largest[k] < c->largest[e.min]))
            e.min = k;
        if (c->largest[k] > 0 && (e.max < 0 || c->largest[k] > c->largest[e.max]))
            e.max = k;
    }
    return e;
}

/* Whether one of two scales is that much larger; 0 is none. */
static bool are_apart(double a, double b)
{
    return a > 0 && b > 0 && fmax(a, b) >= APART * fmin(a, b);
}

/* Returns whether there was something to warn of. */
static bool warn_columns(dt_warnings *w, const char *file, const char *name,
                         const dt_column_stats *c, const dt_names *names, const char *advice)
{
    char place[2][PLACE];
    extremes e = find_extremes(c);
    double min = scale_of(c, e.min), max = scale_of(c, e.max);
    if (!are_apart(min, max))
        return false;
    dt_warnings_add(w,
                    "%s: \"%s\" has values up to %.3g in %s, but up to %.3g in %s, counted from 0: "
                    "scales so far apart train badly; %s",
                    file, name, max, place_of(place[0], names, e.max), min,
                    place_of(place[1], names, e.min), advice);
    return true;
}

static void warn_scales(dt_warnings *w, const dt_train_options *o, const dt_dataset *d,
                        const dt_schema *schema)
{
    static const char normalize[] = "--normalize standard brings all features to one scale";
    static const char targets[] = "--normalize-y standard brings the targets to about 1";
    const dt_profile *l = &d->profile;
    bool as_it_is = !d->normalizer && !d->x_is_bytes;
    double x = as_it_is ? scale_of(&l->x, find_extremes(&l->x).max) : 1;
    bool y_as_it_is = !d->y_normalizer;
    double y = y_as_it_is ? scale_of(&l->y, find_extremes(&l->y).max) : 1;
    bool told = as_it_is && warn_columns(w, o->data, o->x, &l->x, &schema->columns, normalize);
    told = (y_as_it_is && warn_columns(w, o->data, o->y, &l->y, &schema->targets, targets)) || told;
    if (!told && are_apart(x, y))
        dt_warnings_add(w,
                        "%s: \"%s\" has values up to %.3g, but \"%s\" %sup to %.3g: scales so far "
                        "apart train badly; %s",
                        o->data, o->y, y, o->x, d->normalizer ? "when normalised " : "", x,
                        as_it_is && fabs(log(x)) > fabs(log(y)) ? normalize : targets);
}

/* ---- Columns that count --------------------------------------------------------------------- */

static void warn_counting(dt_warnings *w, const dt_train_options *o, const dt_dataset *d,
                          const dt_schema *schema)
{
    char place[PLACE];
    const dt_column_stats *x = &d->profile.x;
    for (int64_t k = 0; k < x->n && x->n > 1; k++)
        if (dt_column_stats_is_index(x, k))
            dt_warnings_add(w,
                            "%s: %s of \"%s\", counted from 0, only counts the rows (%lld, %lld, "
                            "%lld, ...): a number of the row tells a model nothing about others; "
                            "leave it out",
                            o->data, place_of(place, &schema->columns, k), o->x,
                            (long long)x->start[k], (long long)x->start[k] + 1,
                            (long long)x->start[k] + 2);
}

/* ---- Classes -------------------------------------------------------------------------------- */

/* Of those up to DT_PROFILE_CLASSES. */
static int64_t count_empty(const dt_dataset *d, int64_t *first)
{
    int64_t empty = 0;
    for (int64_t k = d->outputs - 1; k >= 0; k--)
        if (d->profile.class_count[k] == 0) {
            empty++;
            *first = k;
        }
    return empty;
}

/* Rows that are left out of the training are not counted. */
static void warn_named(dt_warnings *w, const dt_train_options *o, const dt_names *classes,
                       int64_t empty, int64_t first)
{
    char more[48] = "";
    if (empty == 0 || first >= classes->n)
        return;
    if (empty > 1)
        snprintf(more, sizeof more, " (and %lld more)", (long long)empty - 1);
    dt_warnings_add(w,
                    "%s: class \"%.*s\" of \"%s\"%s has no sample to train on: the model cannot "
                    "learn to tell it",
                    o->data, dt_line_cut(classes->name[first], 80), classes->name[first], o->y,
                    more);
}

static void warn_numbered(dt_warnings *w, const dt_train_options *o, const dt_dataset *d,
                          int64_t empty, int64_t first)
{
    long long classes = (long long)d->outputs;
    bool chosen = o->loss != DT_LOSS_AUTO;
    if (empty == 1 && first == 0 && d->outputs <= MANY_CLASSES)
        dt_warnings_add(w,
                        "%s: \"%s\" has the labels 1 to %lld: class 0 is without a sample, and the "
                        "model gets an output for it; classes are 0, 1, 2, ...: subtract 1%s",
                        o->data, o->y, classes - 1, chosen ? "" : "; for numbers --loss mse");
    else if (d->outputs > MANY_CLASSES && !chosen)
        dt_warnings_add(w,
                        "%s: \"%s\" is integer and so taken for classes: %lld of them, in %lld "
                        "rows; numbers want --loss mse",
                        o->data, o->y, classes, (long long)d->rows);
    else if (empty > 0 && !chosen)
        dt_warnings_add(w,
                        "%s: \"%s\" is integer and so taken for classes, 0 to %lld, but %lld of "
                        "them (the first is %lld) are without a sample; numbers want --loss mse",
                        o->data, o->y, classes - 1, (long long)empty, (long long)first);
}

/* Names say that integers are classes. */
static void warn_classes(dt_warnings *w, const dt_train_options *o, const dt_dataset *d,
                         const dt_schema *schema)
{
    int64_t first = 0, empty = 0;
    if (!d->profile.class_count)
        return;
    if (d->outputs <= DT_PROFILE_CLASSES)
        empty = count_empty(d, &first);
    if (empty == d->outputs - 1) {
        int64_t only = 0;
        while (d->profile.class_count[only] == 0)
            only++;
        dt_warnings_add(w,
                        "%s: every sample of \"%s\" is of one class, %lld: always to answer it is "
                        "right, and the model learns no more%s",
                        o->data, o->y, (long long)only,
                        d->named_classes || o->loss != DT_LOSS_AUTO ? ""
                                                                    : "; for numbers --loss mse");
    } else if (d->named_classes) {
        warn_named(w, o, &schema->classes, empty, first);
    } else {
        warn_numbered(w, o, d, empty, first);
    }
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void warn_bytes(dt_warnings *w, const dt_train_options *o, const dt_dataset *d)
{
    if (!d->x_is_bytes || d->x_largest >= DT_BYTES_FULL || o->x_scale != DT_X_SCALE_AUTO)
        return;
    if (d->x_largest <= 1)
        dt_warnings_add(w,
                        "%s: \"%s\" is uint8 and never above 1: divided by 255 all the same, as "
                        "pictures are; --x-scale none takes flags as they are",
                        o->data, o->x);
    else
        dt_warnings_add(w,
                        "%s: \"%s\" is uint8 and never above %d: divided by 255 all the same, as "
                        "pictures are, so never above %.2g; --x-scale none takes other numbers as "
                        "they are",
                        o->data, o->x, d->x_largest, d->x_largest / 255.0);
}

void dt_warn_validation(dt_warnings *w, int64_t rows, bool numbers)
{
    if (rows == 1)
        dt_warnings_add(w, "the validation has a single row, which says little%s",
                        numbers ? ": R^2 is not defined" : "");
}

void dt_warn_data(dt_warnings *w, const dt_train_options *o, const dt_dataset *d,
                  const dt_schema *schema)
{
    warn_classes(w, o, d, schema);
    warn_scales(w, o, d, schema);
    warn_counting(w, o, d, schema);
    warn_bytes(w, o, d);
}
