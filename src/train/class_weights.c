#include "train/class_weights.h"

#include "core/memory.h"
#include "data/class_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char balanced[] = "balanced";

enum { UNIT_BITS = 90 };

#define SMALLEST 1e-30 /* so that their products with gradients are floats too */
#define LARGEST 1e30
#define SMALLEST_SHARE 0x1p-64f /* of the largest weight */

/* The next number of a list; *text moves behind it and its comma. Negative: it is none. */
static double next_number(const char **text)
{
    char *end;
    if (!strchr("0123456789.", **text) || !**text)
        return -1;
    double number = strtod(*text, &end);
    bool in_range = number == 0 || (number >= SMALLEST && number <= LARGEST);
    bool good = in_range && (*end == '\0' || (*end == ',' && end[1]));
    *text = *end ? end + 1 : end;
    return good ? number : -1;
}

dt_code dt_class_weights_check(const char *text, dt_error *err)
{
    double largest = 0, number = 0;
    if (!text || strcmp(text, balanced) == 0)
        return DT_OK;
    for (const char *rest = text; *rest && number >= 0;) {
        number = next_number(&rest);
        largest = fmax(largest, number);
    }
    if (number >= 0 && largest > 0)
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE,
                   "--class-weights %s: expected balanced, or for each class a number, 0 or from "
                   "1e-30 to 1e30, as in 1,2.5,1",
                   text);
}

static dt_code read_list(const char *text, int64_t K, float *weight, dt_error *err)
{
    int64_t n = 0;
    for (const char *rest = text; *rest; n++) {
        double number = next_number(&rest);
        if (n < K)
            weight[n] = (float)number;
    }
    if (n == K)
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE,
                   "--class-weights: %lld numbers, but the model has %lld outputs", (long long)n,
                   (long long)K);
}

/* count  [K] rows of each class, or true in each output */
static void balance(dt_loss loss, int64_t rows, int64_t K, const int64_t *count, float *weight)
{
    int64_t classes = 0;
    for (int64_t k = 0; k < K; k++)
        classes += count[k] > 0;
    for (int64_t k = 0; k < K; k++) {
        double n = (double)count[k];
        if (dt_loss_is_of_classes(loss))
            weight[k] = (float)(n > 0 ? (double)rows / ((double)classes * n) : 0);
        else
            weight[k] = (float)(n > 0 ? ((double)rows - n) / n : 1);
    }
}

static dt_code check_shares(const float *weight, int64_t K, float largest, dt_error *err)
{
    for (int64_t k = 0; k < K; k++)
        if (weight[k] > 0 && weight[k] < SMALLEST_SHARE * largest)
            return dt_fail(err, DT_ERR_USAGE,
                           "--class-weights: %g is less than 1e-19 of the largest, %g; expected 0 "
                           "or more",
                           (double)weight[k], (double)largest);
    return DT_OK;
}

static void choose_units(dt_class_weights *w, int64_t K, dt_error *err)
{
    float largest = 0;
    int exponent;
    for (int64_t k = 0; k < K; k++)
        largest = fmaxf(largest, w->weight[k]);
    if (check_shares(w->weight, K, largest, err))
        return;
    frexpf(largest, &exponent);
    w->unit = ldexp(1, exponent - UNIT_BITS);
    for (int64_t k = 0; k < K; k++)
        w->units[k] = (dt_weight)((double)w->weight[k] / w->unit);
}

dt_code dt_class_weights_init(dt_class_weights *w, const char *text, dt_loss loss,
                              const dt_dataset *d, const dt_world *world, dt_error *err)
{
    int64_t K = d->outputs;
    *w = (dt_class_weights){.unit = 1};
    if (!text)
        return DT_OK;
    w->weight = dt_alloc(K, sizeof *w->weight, "class weights", err);
    if (loss == DT_LOSS_CROSS_ENTROPY)
        w->units = dt_alloc(K, sizeof *w->units, "class weights", err);
    int64_t *count = dt_alloc(K, sizeof *count, "class weights", err);
    if (!err->code && strcmp(text, balanced) != 0)
        read_list(text, K, w->weight, err);
    if (!dt_world_agree(world, err) && strcmp(text, balanced) == 0 &&
        !dt_count_classes(d, world, count, err))
        balance(loss, d->rows, K, count, w->weight);
    if (!err->code && w->units)
        choose_units(w, K, err);
    free(count);
    return err->code;
}

double dt_class_weights_sample_unit(const dt_class_weights *w, int64_t K, float largest)
{
    enum { SAMPLE_BITS = 60 };
    float of_class = w->units ? 0 : 1;
    int exponent;
    for (int64_t k = 0; k < K && w->units; k++)
        of_class = fmaxf(of_class, w->weight[k]);
    frexp((double)largest * (double)of_class, &exponent);
    return ldexp(1, exponent - SAMPLE_BITS);
}

void dt_class_weights_free(dt_class_weights *w)
{
    free(w->weight);
    free(w->units);
    *w = (dt_class_weights){0};
}
