/* The rows of y of a data set: numbers, labels of classes or probabilities, and weights. */
#include "data/data_file_internal.h"

#include "core/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dt_code no_such_class(const dt_data_file *s, int64_t row, double label, dt_error *err)
{
    dt_columns_place at = dt_data_file_find_target(s, row, 0);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %g in row %lld (counted from 0), but its attribute \"classes\" "
                   "names %lld classes, from 0",
                   at.path, at.name, label, at.row, (long long)s->mapping.classes);
}

/* Numbers of classes become the model's. */
static dt_code map_numbers(const dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    const dt_mapping *m = &s->mapping;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(out[i]))
            continue;
        if (out[i] < 0 || out[i] >= (float)m->classes || out[i] != floorf(out[i]))
            return no_such_class(s, row + i, (double)out[i], err);
        if (m->label)
            out[i] = (float)m->label[(int64_t)out[i]];
    }
    return DT_OK;
}

/* Strings become the numbers of their classes. */
typedef struct {
    const dt_names *words;
    int32_t *label;         /* of the next string */
    int64_t unknown, empty; /* the first row with a string that was not there before, and with an
                               empty one, which is a missing label; -1: none */
} word_reader;

static void take_word(int64_t row, const char *word, void *data)
{
    word_reader *r = data;
    bool found;
    int64_t label = dt_names_search(r->words, word, &found);
    if (!word[0] && r->empty < 0)
        r->empty = row;
    if (word[0] && !found && r->unknown < 0)
        r->unknown = row;
    *r->label++ = found ? (int32_t)label : -1;
}

static dt_code read_words(dt_data_file *s, int64_t row, int64_t n, int32_t *label, dt_error *err)
{
    word_reader r = {&s->words, label, -1, -1};
    if (dt_data_file_visit_samples(s, row, n, take_word, &r, err))
        return err->code;
    bool refused = r.unknown >= 0 || (r.empty >= 0 && !s->mask_y);
    dt_columns_place at = dt_columns_find(s->y, r.unknown >= 0 ? r.unknown : r.empty, 0);
    if (refused)
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" %s in row %lld (counted from 0)%s", at.path,
                       at.name,
                       r.unknown >= 0 ? "has another string than when it was opened"
                                      : "has an empty string, a missing label,",
                       at.row, r.unknown >= 0 ? "" : "; --missing-y mask or drop leaves it out");
    for (int64_t i = 0; i < n && s->mapping.label; i++)
        label[i] = label[i] < 0 ? -1 : (int32_t)s->mapping.label[label[i]];
    return DT_OK;
}

static dt_code read_targets(dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    if (s->info.y_is_text) {
        dt_columns_place at = dt_data_file_find_target(s, row, 0);
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: dataset \"%s\" holds strings, which are classes: integers or floats are "
            "needed for this loss",
            at.path, at.name);
    }
    if (dt_data_file_read_samples(s, s->y, row, n, DT_VALUES_FLOAT, out, err) ||
        dt_data_file_check_finite(s, s->y, row, n, out, s->mask_y, true,
                                  ", or --missing-y mask or drop leaves it out", err))
        return err->code;
    if (s->mapping.classes > 0 && s->info.y_is_integer)
        return map_numbers(s, row, n, out, err);
    return dt_mapping_order(s->mapping.target, s->info.y_width, sizeof(float), n, out, err);
}

/*   expected  the end of the message about a number that is none */
static dt_code read_probabilities(dt_data_file *s, int64_t row, int64_t n, float *out,
                                  const char *expected, dt_error *err)
{
    int64_t width = s->info.y_width;
    if (read_targets(s, row, n, out, err))
        return err->code;
    for (int64_t i = 0; i < n * width; i++) {
        if ((out[i] >= 0 && out[i] <= 1) || isnan(out[i]))
            continue;
        dt_columns_place at = dt_data_file_find_target(s, row + i / width, i % width);
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has %g in row %lld, column %lld (counted from 0): %s", at.path,
                       at.name, (double)out[i], at.row, at.column, expected);
    }
    return DT_OK;
}

/* The probabilities of a sample add up to 1, but for what was rounded. */
static dt_code read_distributions(dt_data_file *s, int64_t row, int64_t n, float *out,
                                  dt_error *err)
{
    static const double ROUNDING = 1e-2;
    int64_t width = s->info.y_width;
    if (read_probabilities(s, row, n, out,
                           "cross-entropy takes classes, or probabilities of classes", err))
        return err->code;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < width; k++)
            sum += (double)out[i * width + k];
        if (fabs(sum - 1) <= ROUNDING || isnan(sum))
            continue;
        dt_columns_place at = dt_data_file_find_target(s, row + i, 0);
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has probabilities of classes that add up to %g in row %lld "
                       "(counted from 0), not to 1; --loss bce answers %lld questions by yes or no",
                       at.path, at.name, sum, at.row, (long long)width);
    }
    return DT_OK;
}

static dt_code check_label(const dt_data_file *s, int64_t row, double label, dt_error *err)
{
    if (s->mapping.classes > 0 && label >= (double)s->mapping.classes)
        return no_such_class(s, row, label, err);
    const char *wrong = label < 0               ? "labels must not be negative"
                        : label != floor(label) ? "labels must be whole numbers"
                        : label > INT32_MAX - 1 ? "no model could hold a class for each up to it"
                                                : NULL;
    if (!wrong)
        return DT_OK;
    char text[32];
    dt_columns_place at = dt_data_file_find_target(s, row, 0);
    snprintf(text, sizeof text, label == floor(label) && fabs(label) < 1e20 ? "%.0f" : "%.9g",
             label);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has the class label %s in row %lld (counted "
                   "from 0): %s; classes are 0, 1, 2, ...",
                   at.path, at.name, text, at.row, wrong);
}

/* Which of the values of a one-hot row is 1. */
static dt_code find_one(const dt_data_file *s, int64_t row, const double *values, double *label,
                        dt_error *err)
{
    int64_t ones = 0, zeros = 0, width = s->info.y_width;
    for (int64_t c = 0; c < width; c++) {
        if (values[c] == 1)
            *label = (double)c;
        ones += values[c] == 1;
        zeros += values[c] == 0;
    }
    if (ones == 1 && zeros == width - 1)
        return DT_OK;
    dt_columns_place at = dt_data_file_find_target(s, row, 0);
    return dt_fail(
        err, DT_ERR_DATA,
        "%s: \"%s\" has %lld values a row, and row %lld (counted from 0) is not one 1 "
        "among zeros, as a class is: --loss bce answers %lld questions by yes or no, and "
        "--loss mse takes numbers",
        at.path, at.name, (long long)width, at.row, (long long)width);
}

static dt_code check_labels(dt_data_file *s, int64_t row, int64_t n, const double *value,
                            int32_t *out, dt_error *err)
{
    const int64_t *class_of = s->mapping.label;
    int64_t width = s->info.y_width;
    for (int64_t k = 0; k < n && !err->code; k++) {
        double label = value[k * width];
        if ((s->mask_y && isnan(label)) || (s->ignores && width == 1 && label == s->ignored)) {
            out[k] = -1;
        } else if (!isfinite(label)) {
            dt_columns_place at = dt_data_file_find_target(s, row + k, 0);
            dt_fail(err, DT_ERR_DATA,
                    "%s: \"%s\" has NaN%s or an infinite value in row %lld "
                    "(counted from 0)",
                    at.path, at.name,
                    dt_columns_get_info(s->y)->has_missing ? ", a missing value (see _FillValue)"
                                                           : "",
                    at.row);
        } else if (!(width > 1 && find_one(s, row + k, value + k * width, &label, err)) &&
                   !check_label(s, row + k, label, err)) {
            out[k] = (int32_t)(class_of ? class_of[(int64_t)label] : (int64_t)label);
        }
    }
    return err->code;
}

/* Through float64: it holds every label that can be accepted, and what it rounds is refused. */
static dt_code read_labels(dt_data_file *s, int64_t row, int64_t n, int32_t *out, dt_error *err)
{
    enum { PIECE = 65536 };
    if (s->info.y_is_text)
        return read_words(s, row, n, out, err);
    double *label =
        dt_alloc((n < PIECE ? n : PIECE) * s->info.y_width, sizeof *label, "class labels", err);
    for (int64_t i = 0; i < n && !err->code; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        if (!dt_data_file_read_samples(s, s->y, row + i, piece, DT_VALUES_DOUBLE, label, err))
            check_labels(s, row + i, piece, label, out + i, err);
    }
    free(label);
    return err->code;
}

dt_y_kind dt_y_kind_of(dt_loss loss)
{
    return loss == DT_LOSS_CROSS_ENTROPY        ? DT_Y_LABELS
           : loss == DT_LOSS_BCE                ? DT_Y_PROBABILITIES
           : loss == DT_LOSS_SOFT_CROSS_ENTROPY ? DT_Y_DISTRIBUTIONS
                                                : DT_Y_TARGETS;
}

static dt_code read_values(dt_data_file *s, dt_y_kind kind, int64_t row, int64_t n, void *out,
                           dt_error *err)
{
    switch (kind) {
    case DT_Y_LABELS:
        return read_labels(s, row, n, out, err);
    case DT_Y_PROBABILITIES:
        return read_probabilities(s, row, n, out, "the loss bce takes 0 and 1", err);
    case DT_Y_DISTRIBUTIONS:
        return read_distributions(s, row, n, out, err);
    default:
        return read_targets(s, row, n, out, err);
    }
}

/* Put a weight behind each row of y, which lie one behind the other.
 *   width  values of 4 bytes in a row of y */
static dt_code append_weights(dt_data_file *s, int64_t row, int64_t n, int64_t width, float *out,
                              dt_error *err)
{
    float *weight = dt_alloc(n, sizeof *weight, "weights", err);
    if (weight && !dt_data_file_read_samples(s, s->weights, row, n, DT_VALUES_FLOAT, weight, err) &&
        !dt_data_file_check_finite(s, s->weights, row, n, weight, false, true, "", err))
        for (int64_t i = n - 1; i >= 0; i--) {
            memmove(out + i * (width + 1), out + i * width, (size_t)width * sizeof *out);
            out[i * (width + 1) + width] = weight[i];
        }
    free(weight);
    return err->code;
}

dt_code dt_data_file_read_y(dt_data_file *s, dt_y_kind kind, int64_t row, int64_t n, void *out,
                            dt_error *err)
{
    if (read_values(s, kind, row, n, out, err) || !s->weights)
        return err->code;
    return append_weights(s, row, n, kind == DT_Y_LABELS ? 1 : s->info.y_width, out, err);
}

void *dt_data_file_first_y(dt_data_file *s, dt_y_kind kind, dt_error *err)
{
    void *y = dt_alloc(s->info.y_width + 1, sizeof(float), "a row of y", err);
    if (y && dt_data_file_read_y(s, kind, 0, 1, y, err)) {
        free(y);
        y = NULL;
    }
    return y;
}
