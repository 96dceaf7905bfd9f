#include "data/survey.h"

#include "core/memory.h"
#include "core/stop.h"

#include <stdlib.h>
#include <string.h>

static void append_rows(dt_rows *to, const dt_survey *s, int64_t i, int64_t n)
{
    int64_t x = dt_dataset_x_bytes(s->d), y = dt_dataset_y_bytes(s->d);
    memcpy((char *)to->x + to->count * x, s->x + i * x, (size_t)(n * x));
    memcpy((char *)to->y + to->count * y, s->y + i * y, (size_t)(n * y));
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
    for (int64_t i = 0; i < n && s->d->kind == DT_Y_LABELS; i++) {
        int32_t label = ((const int32_t *)s->y)[i];
        s->largest_label = label > s->largest_label ? label : s->largest_label;
    }
}

static bool is_full(const dt_survey *s)
{
    return s->largest >= DT_BYTES_FULL;
}

/* Mostly the first of them are enough. */
static void find_max_byte(dt_survey *s, int64_t n, const void *x)
{
    const uint8_t *bytes = x;
    for (int64_t i = 0; i < n * s->d->features && s->d->x_is_bytes && !is_full(s); i++)
        s->largest = bytes[i] > s->largest ? bytes[i] : s->largest;
}

static void add_moments(dt_survey *s, int64_t row, int64_t n, const void *x, const bool *mark)
{
    const float *values = x;
    if (!s->moments)
        return;
    if (s->d->x_is_bytes) {
        dt_unit_from_bytes(x, n * s->d->features, s->unit);
        values = s->unit;
    }
    dt_moments_add(s->moments, row, n, values, mark);
}

/* Whether rows that are held out are held in memory. */
static bool holds_any_out(const dt_dataset *d)
{
    return d->holdout.held > 0 && !d->reread;
}

/* Of a data set that is streamed whole, x is needed only to be measured, and y to count classes. */
static dt_code survey_piece(dt_survey *s, dt_rows *own, int64_t row, int64_t n, dt_error *err)
{
    const dt_dataset *d = s->d;
    bool holds = own || holds_any_out(d);
    bool reads_x = holds || s->moments, reads_y = holds || d->kind == DT_Y_LABELS;
    if (reads_x && dt_data_file_read_x(d->file, row, n, s->x, err))
        return err->code;
    if (reads_y && dt_data_file_read_y(d->file, d->kind, row, n, s->y, err))
        return err->code;
    dt_holdout_mark(&d->holdout, row, n, s->mark);
    add_moments(s, row, n, s->x, s->mark);
    find_max_byte(s, reads_x ? n : 0, s->x);
    find_max_label(s, n);
    dt_profile_add(&s->d->profile, row, n, reads_x ? s->x : NULL, reads_y ? s->y : NULL, s->mark);
    sort_piece(s, own, n);
    return DT_OK;
}

/* With nothing held out the rows go straight to where they stay. */
static dt_code survey_in_place(dt_survey *s, dt_error *err)
{
    dt_window *w = &s->d->window;
    int64_t x_bytes = dt_dataset_x_bytes(s->d), y_bytes = dt_dataset_y_bytes(s->d);
    for (int64_t row = s->begin; row < s->end && !dt_stop_check(err); row += s->piece) {
        int64_t n = s->end - row < s->piece ? s->end - row : s->piece;
        char *x = (char *)w->x + (row - s->begin) * x_bytes;
        s->y = (char *)w->y + (row - s->begin) * y_bytes;
        if (dt_data_file_read_x(s->d->file, row, n, x, err) ||
            dt_data_file_read_y(s->d->file, s->d->kind, row, n, s->y, err))
            break;
        add_moments(s, row, n, x, NULL);
        find_max_byte(s, n, x);
        find_max_label(s, n);
        dt_profile_add(&s->d->profile, row, n, x, s->y, NULL);
    }
    s->y = NULL;
    return err->code;
}

/* Bytes that the survey has no need to read. */
static dt_code find_largest(dt_survey *s, dt_error *err)
{
    for (int64_t row = s->begin;
         row < s->end && s->d->x_is_bytes && !is_full(s) && !dt_stop_check(err); row += s->piece) {
        int64_t n = s->end - row < s->piece ? s->end - row : s->piece;
        if (dt_data_file_read_x(s->d->file, row, n, s->x, err))
            return err->code;
        find_max_byte(s, n, s->x);
    }
    return err->code;
}

dt_code dt_survey_read(dt_survey *s, dt_error *err)
{
    dt_dataset *d = s->d;
    dt_rows own = {.x = d->window.x, .y = d->window.y};
    bool in_place = !d->streamed && d->holdout.held == 0;
    if (s->moments && d->x_is_bytes)
        s->unit = dt_alloc(s->piece * d->features, sizeof *s->unit, "rows of x", err);
    if (!in_place) {
        s->x = dt_alloc(s->piece, (size_t)dt_dataset_x_bytes(d), "rows of x", err);
        s->y = dt_alloc(s->piece, (size_t)dt_dataset_y_bytes(d), "rows of y", err);
        s->mark = dt_alloc(s->piece, sizeof *s->mark, "rows held out", err);
    } else if (!err->code) {
        survey_in_place(s, err);
    }
    bool nothing = d->streamed && !holds_any_out(d) && !s->moments && d->kind != DT_Y_LABELS;
    for (int64_t row = s->begin; row < s->end && !in_place && !nothing && !dt_stop_check(err);
         row += s->piece)
        survey_piece(s, d->streamed ? NULL : &own, row,
                     s->end - row < s->piece ? s->end - row : s->piece, err);
    if (!in_place && !err->code)
        find_largest(s, err);
    free(s->unit);
    free(s->x);
    free(s->y);
    free(s->mark);
    return err->code;
}

/* The first row trained on, by which every rank shifts what it measures. */
dt_code dt_survey_start_measuring(dt_survey *s, dt_error *err)
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
        dt_moments_create(&s->moments, d->features, shift, err);
    }
    free(bytes);
    free(shift);
    return err->code;
}

/* Collective, where no rank has an error. */
dt_code dt_survey_finish_measuring(dt_survey *s, const dt_world *world, dt_error *err)
{
    dt_moments_sum(world, s->moments);
    dt_moments_normalizer(s->moments, &s->d->measured, err);
    s->d->normalizer = s->d->measured;
    return dt_world_agree(world, err);
}
