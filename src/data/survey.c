#include "data/survey.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "core/stop.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 4 << 20 };

static void append_rows(dt_rows *to, const dt_survey *s, int64_t i, int64_t n)
{
    int64_t x = dt_dataset_x_bytes(s->d), y = dt_dataset_y_bytes(s->d);
    if (!s->d->span)
        memcpy((char *)to->x + to->count * x, (const char *)s->x + i * x, (size_t)(n * x));
    memcpy((char *)to->y + to->count * y, (const char *)s->y + i * y, (size_t)(n * y));
    to->count += n;
}

/* Sort the rows of a piece into those held out and those trained on, in runs. */
static void sort_piece(dt_survey *s, dt_rows *own, int64_t n)
{
    for (int64_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && s->mark[i + run] == s->mark[i]; run++)
            ;
        if (s->mark[i] && !s->d->reread)
            append_rows(&s->d->held, s, i, run);
        else if (!s->mark[i] && own)
            append_rows(own, s, i, run);
    }
}

static void find_max_label(dt_survey *s, int64_t n)
{
    int64_t stride = 1 + s->d->weighted;
    for (int64_t i = 0; i < n && s->d->kind == DT_Y_LABELS; i++) {
        int32_t label = ((const int32_t *)s->y)[i * stride];
        s->largest_label = label > s->largest_label ? label : s->largest_label;
    }
}

static void find_max_weight(dt_survey *s, int64_t n)
{
    int64_t stride = dt_dataset_y_bytes(s->d) / (int64_t)sizeof(float);
    for (int64_t i = 0; i < n && s->d->weighted; i++) {
        int32_t bits = ((const int32_t *)s->y)[(i + 1) * stride - 1] & INT32_MAX;
        s->largest_weight = bits > s->largest_weight ? bits : s->largest_weight;
    }
}

static bool is_full(const dt_survey *s)
{
    return s->largest >= DT_BYTES_FULL;
}

/* Mostly the first of them are enough. */
static void find_max_byte(dt_survey *s, int64_t n)
{
    const uint8_t *bytes = s->x;
    for (int64_t i = 0; i < n * s->d->features && s->d->x_is_bytes && !is_full(s); i++)
        s->largest = bytes[i] > s->largest ? bytes[i] : s->largest;
}

static void add_moments(dt_survey *s, int64_t row, int64_t n, const bool *mark)
{
    const float *values = s->x;
    if (!s->moments)
        return;
    if (s->d->x_is_bytes) {
        dt_unit_from_bytes(s->x, n * s->d->features, s->unit);
        values = s->unit;
    }
    dt_moments_add(s->moments, row, n, values, mark);
}

/* y without the weights that stand behind its rows. */
static void add_y_moments(dt_survey *s, int64_t row, int64_t n, const bool *mark)
{
    int64_t outputs = s->d->outputs, stride = dt_dataset_y_bytes(s->d) / (int64_t)sizeof(float);
    if (!s->y_moments)
        return;
    for (int64_t i = 0; i < n; i++)
        memcpy(s->y_plain + i * outputs, (const float *)s->y + i * stride,
               (size_t)outputs * sizeof(float));
    dt_moments_add(s->y_moments, row, n, s->y_plain, mark);
}

/* ---- The pass ------------------------------------------------------------------------------- */

/* With nothing held out rows are read to where they stay. */
static bool is_in_place(const dt_dataset *d)
{
    return !d->streamed && d->holdout.held == 0;
}

/* Whether rows of the file stay in memory. */
static bool keeps_rows(const dt_dataset *d)
{
    return !d->streamed || (d->holdout.held > 0 && !d->reread);
}

/* Whether the values of a piece are needed. Of a data set that is streamed whole, the first piece of
 * the file is enough for the profile. */
static bool needs_x(const dt_survey *s, int64_t row)
{
    return (keeps_rows(s->d) && !s->d->span) || s->moments || (s->d->x_is_bytes && !is_full(s)) ||
           (row < s->piece && s->d->profile.x.n > 0);
}

static bool needs_y(const dt_survey *s, int64_t row)
{
    return keeps_rows(s->d) || s->d->kind == DT_Y_LABELS || s->d->weighted || s->y_moments ||
           (row < s->piece && s->d->profile.y.n > 0);
}

/* Read rows [row, row + n) as far as they are needed, keep those that stay, and note all.
 *   own  the rows trained on that this rank has in memory; NULL: none, or they are read in place */
static dt_code survey_piece(dt_survey *s, dt_rows *own, int64_t row, int64_t n, dt_error *err)
{
    const dt_dataset *d = s->d;
    bool reads_x = needs_x(s, row), reads_y = needs_y(s, row);
    if (reads_x && dt_data_file_read_x(d->file, row, n, s->x, err))
        return err->code;
    if (reads_y && dt_data_file_read_y(d->file, d->kind, row, n, s->y, err))
        return err->code;
    if (s->mark)
        dt_holdout_mark(&d->holdout, row, n, s->mark);
    if (reads_x) {
        add_moments(s, row, n, s->mark);
        find_max_byte(s, n);
    }
    if (reads_y) {
        find_max_label(s, n);
        find_max_weight(s, n);
        add_y_moments(s, row, n, s->mark);
    }
    dt_profile_add(&s->d->profile, row, n, reads_x ? s->x : NULL, reads_y ? s->y : NULL, s->mark);
    if (s->mark)
        sort_piece(s, own, n);
    return DT_OK;
}

static dt_code allocate_piece(dt_survey *s, dt_error *err)
{
    const dt_dataset *d = s->d;
    if (s->moments && d->x_is_bytes)
        s->unit = dt_alloc(s->piece * d->features, sizeof *s->unit, "rows of x", err);
    if (s->y_moments)
        s->y_plain = dt_alloc(s->piece * d->outputs, sizeof *s->y_plain, "rows of y", err);
    if (is_in_place(d) && !d->span)
        return err->code;
    s->x = dt_alloc(s->piece, (size_t)dt_dataset_x_bytes(d), "rows of x", err);
    s->y = dt_alloc(s->piece, (size_t)dt_dataset_y_bytes(d), "rows of y", err);
    s->mark = dt_alloc(s->piece, sizeof *s->mark, "rows held out", err);
    return err->code;
}

/* Rows of x that samples share, to where they stay. */
static void read_span(dt_survey *s, const dt_range *span, dt_error *err)
{
    int64_t row_bytes = dt_dataset_x_row_bytes(s->d), piece = PIECE_BYTES / row_bytes + 1;
    for (int64_t row = span->begin; row < span->end && !dt_stop_check(err); row += piece)
        if (dt_data_file_read_x_rows(s->d->file, row, dt_min(piece, span->end - row),
                                     (char *)s->d->window.x + (row - span->begin) * row_bytes, err))
            return;
}

dt_code dt_survey_read(dt_survey *s, dt_error *err)
{
    dt_dataset *d = s->d;
    dt_rows own = {.x = d->window.x, .y = d->window.y};
    bool in_place = is_in_place(d) && !d->span;
    allocate_piece(s, err);
    if (!err->code && d->span)
        read_span(s, &d->span[s->rank], err);
    for (int64_t row = s->begin, end; row < s->end && !dt_stop_check(err); row = end) {
        end = dt_min((row / s->piece + 1) * s->piece, s->end);
        if (in_place) {
            s->x = (char *)d->window.x + (row - s->begin) * dt_dataset_x_bytes(d);
            s->y = (char *)d->window.y + (row - s->begin) * dt_dataset_y_bytes(d);
        }
        survey_piece(s, d->streamed ? NULL : &own, row, end - row, err);
    }
    free(s->unit);
    free(s->y_plain);
    free(in_place ? NULL : s->x);
    free(in_place ? NULL : s->y);
    free(s->mark);
    s->x = s->y = NULL;
    return err->code;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* Every rank shifts its values by the first row trained on. */
dt_code dt_survey_start_measuring(dt_survey *s, dt_scaling scaling, bool gaps, dt_error *err)
{
    const dt_dataset *d = s->d;
    int64_t row = 0;
    bool held = true;
    uint8_t *bytes = dt_alloc(d->features, 1, "a row of x", err);
    float *shift = dt_alloc(d->features, sizeof *shift, "a row of x", err);
    for (; held && row < d->holdout.rows; row += held)
        dt_holdout_mark(&d->holdout, row, 1, &held);
    if (!err->code &&
        !dt_data_file_read_x(d->file, row, 1, d->x_is_bytes ? (void *)bytes : shift, err)) {
        if (d->x_is_bytes)
            dt_unit_from_bytes(bytes, d->features, shift);
        if (!dt_moments_create(&s->moments, d->features, shift, err) && gaps)
            dt_moments_leave_out(s->moments, err);
        if (!err->code && scaling == DT_SCALE_MINMAX)
            dt_moments_want_ranges(s->moments, err);
    }
    free(bytes);
    free(shift);
    return err->code;
}

/* Where the scaling was given, only what takes the place of a missing value was measured. */
static void keep_given(const dt_normalizer *given, dt_normalizer *measured)
{
    size_t bytes = (size_t)measured->features * sizeof *measured->mean;
    if (given) {
        memcpy(measured->mean, given->mean, bytes);
        memcpy(measured->scale, given->scale, bytes);
    }
}

void dt_survey_use_measured(dt_dataset *d)
{
    keep_given(d->normalizer, d->measured);
    d->normalizer = d->measured;
}

dt_code dt_survey_finish_measuring(dt_survey *s, dt_scaling scaling, const dt_world *world,
                                   dt_error *err)
{
    dt_moments_sum(world, s->moments);
    if (!dt_moments_normalizer(s->moments, scaling, &s->d->measured, err))
        dt_survey_use_measured(s->d);
    return dt_world_agree(world, err);
}

dt_code dt_survey_start_measuring_y(dt_survey *s, dt_scaling scaling, dt_error *err)
{
    const dt_dataset *d = s->d;
    float *first =
        dt_data_file_first_y(d->file, d->kind, err); /* any row near the others will do */
    if (first && !dt_moments_create(&s->y_moments, d->outputs, first, err) && d->masked)
        dt_moments_leave_out(s->y_moments, err);
    if (!err->code && scaling == DT_SCALE_MINMAX)
        dt_moments_want_ranges(s->y_moments, err);
    free(first);
    return err->code;
}

dt_code dt_survey_finish_measuring_y(dt_survey *s, dt_scaling scaling, const dt_world *world,
                                     dt_error *err)
{
    dt_moments_sum(world, s->y_moments);
    dt_moments_normalizer(s->y_moments, scaling, &s->d->y_measured, err);
    s->d->y_normalizer = s->d->y_measured;
    return dt_world_agree(world, err);
}
