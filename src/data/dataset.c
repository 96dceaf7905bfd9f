#include "data/dataset.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/stop.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 4 << 20 };

dt_split dt_dataset_split(int64_t rows, int64_t chunk_rows, int ranks)
{
    int64_t granule = chunk_rows; /* to be the least common multiple of both */
    while (granule % DT_GROUP_ROWS != 0)
        granule *= 2;
    return (dt_split){.n = rows, .granule = granule, .parts = ranks};
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Keep of n rows those whose mark is as wanted, moved together. Returns how many. */
static int64_t keep_rows(char *rows, int64_t n, int64_t row_bytes, const bool *mark, bool wanted)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (mark[i] == wanted) {
            if (kept != i)
                memcpy(rows + kept * row_bytes, rows + i * row_bytes, (size_t)row_bytes);
            kept++;
        }
    return kept;
}

int64_t dt_dataset_read(const dt_dataset *d, int64_t row, int64_t n, bool held_out, bool *mark,
                        void *x, void *y, dt_error *err)
{
    if (dt_data_file_read_x(d->file, row, n, x, err) ||
        dt_data_file_read_y(d->file, d->kind, row, n, y, err))
        return 0;
    int64_t kept = held_out ? 0 : n;
    if (d->holdout.held > 0) {
        dt_holdout_mark(&d->holdout, row, n, mark);
        keep_rows(x, n, dt_dataset_x_bytes(d), mark, held_out);
        kept = keep_rows(y, n, dt_dataset_y_bytes(d), mark, held_out);
    }
    if (!d->x_is_bytes)
        dt_normalizer_apply(d->normalizer, kept, x);
    return kept;
}

/* ---- The survey: one pass over this rank's rows of the file --------------------------------- */

typedef struct {
    dt_dataset *d;
    int64_t begin, end; /* this rank's rows of the file */
    int64_t piece;      /* rows read at a time: whole chunks */
    int64_t own;        /* of them trained on, so far */
    int64_t largest_label;
    int64_t largest;     /* of x, if it is bytes: as dt_dataset.x_largest */
    dt_moments *moments; /* NULL: none are wanted */
    float *unit;         /* [piece,features] bytes as the model sees them, for the moments */
    bool *mark;          /* [piece] */
    char *x, *y;         /* [piece] */
} survey;

static void append_rows(dt_rows *to, const survey *s, int64_t i, int64_t n)
{
    int64_t x = dt_dataset_x_bytes(s->d), y = dt_dataset_y_bytes(s->d);
    memcpy((char *)to->x + to->count * x, s->x + i * x, (size_t)(n * x));
    memcpy((char *)to->y + to->count * y, s->y + i * y, (size_t)(n * y));
    to->count += n;
}

/* Sort the rows of a piece into those held out and those trained on, in runs. */
static void sort_piece(survey *s, dt_rows *own, int64_t n)
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

static void find_max_label(survey *s, int64_t n)
{
    for (int64_t i = 0; i < n && s->d->kind == DT_Y_LABELS; i++) {
        int32_t label = ((const int32_t *)s->y)[i];
        s->largest_label = label > s->largest_label ? label : s->largest_label;
    }
}

static bool is_full(const survey *s)
{
    return s->largest >= DT_BYTES_FULL;
}

/* Mostly the first of them are enough. */
static void find_max_byte(survey *s, int64_t n, const void *x)
{
    const uint8_t *bytes = x;
    for (int64_t i = 0; i < n * s->d->features && s->d->x_is_bytes && !is_full(s); i++)
        s->largest = bytes[i] > s->largest ? bytes[i] : s->largest;
}

static void add_moments(survey *s, int64_t row, int64_t n, const void *x, const bool *mark)
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
static dt_code survey_piece(survey *s, dt_rows *own, int64_t row, int64_t n, dt_error *err)
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
static dt_code survey_in_place(survey *s, dt_error *err)
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
static dt_code find_largest(survey *s, dt_error *err)
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

static dt_code survey_rows(survey *s, dt_error *err)
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
static dt_code start_measuring(survey *s, dt_error *err)
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
static dt_code finish_measuring(survey *s, const dt_world *world, dt_error *err)
{
    dt_moments_sum(world, s->moments);
    dt_moments_normalizer(s->moments, &s->d->measured, err);
    s->d->normalizer = s->d->measured;
    return dt_world_agree(world, err);
}

static void normalize_memory(dt_dataset *d, int64_t own)
{
    if (d->x_is_bytes)
        return;
    dt_normalizer_apply(d->normalizer, d->held.count, d->held.x);
    if (!d->streamed)
        dt_normalizer_apply(d->normalizer, own, d->window.x);
}

/* ---- Loading -------------------------------------------------------------------------------- */

static int64_t count_rows_of(const dt_dataset *d, int rank)
{
    return d->window.begin[rank + 1] - d->window.begin[rank];
}

/* Where the y of so many rows begins, behind their x. */
static int64_t y_begin(const dt_dataset *d, int64_t rows)
{
    enum { ALIGN = 64 };
    return (rows * dt_dataset_x_bytes(d) + ALIGN - 1) / ALIGN * ALIGN;
}

static dt_rows_of_rank rows_in(const dt_dataset *d, const char *memory, int rank)
{
    return (dt_rows_of_rank){.x = memory, .y = memory + y_begin(d, count_rows_of(d, rank))};
}

/* Memory for this rank's rows. Ranks that are all on one node read each other's where they lie: no
 * row then has to travel. Collective. */
static dt_code allocate_window(dt_dataset *d, const dt_world *world, dt_error *err)
{
    int64_t own = count_rows_of(d, world->rank);
    int64_t bytes = y_begin(d, own) + own * dt_dataset_y_bytes(d);
    if (world->nodes == 1 && world->size > 1 && dt_shm_create(world, bytes, false, &d->shared, err))
        return err->code;
    if (!d->shared)
        d->own = dt_alloc(bytes, 1, "the shard", err);
    d->all = dt_alloc(world->size, sizeof *d->all, "the shards", err);
    if (dt_world_agree(world, err))
        return err->code;
    for (int r = 0; r < world->size && d->shared; r++)
        d->all[r] = rows_in(d, dt_shm_of_rank(d->shared, r), r);
    if (!d->shared)
        d->all[world->rank] = rows_in(d, d->own, world->rank);
    d->window.x = (void *)d->all[world->rank].x;
    d->window.y = (void *)d->all[world->rank].y;
    if (d->shared || world->size == 1)
        d->window.all = d->all;
    return DT_OK;
}

/* Which of the rows trained on each rank has, by the shares of the file. */
static dt_code count_rows(dt_dataset *d, const dt_split *share, dt_error *err)
{
    d->window.begin =
        dt_alloc(share->parts + 1, sizeof *d->window.begin, "the shares of ranks", err);
    for (int64_t r = 0; r <= share->parts && d->window.begin; r++) {
        int64_t row = dt_split_begin(share, r);
        d->window.begin[r] = row - dt_holdout_before(&d->holdout, row);
    }
    d->window.count = d->rows;
    return err->code;
}

/* What is this rank's. */
static dt_code plan_survey(survey *s, const dt_world *world, dt_error *err)
{
    dt_dataset *d = s->d;
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    dt_split share = dt_dataset_split(info->rows, info->chunk_rows, world->size);
    int64_t row_bytes = dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d), chunk = info->chunk_rows;
    s->begin = dt_split_begin(&share, world->rank);
    s->end = dt_split_begin(&share, world->rank + 1);
    s->piece = (PIECE_BYTES / row_bytes / chunk + 1) * chunk;
    if (s->piece > info->rows)
        s->piece = info->rows;
    if (count_rows(d, &share, err))
        return err->code;
    int64_t held = d->reread ? 0 : s->end - s->begin - count_rows_of(d, world->rank);
    d->held.x = dt_alloc(held, (size_t)dt_dataset_x_bytes(d), "the rows held out", err);
    d->held.y = dt_alloc(held, (size_t)dt_dataset_y_bytes(d), "the rows held out", err);
    return err->code;
}

static dt_code load_rows(survey *s, const dt_world *world, const dt_dataset_options *o,
                         dt_error *err)
{
    plan_survey(s, world, err);
    if (dt_world_agree(world, err))
        return err->code;
    if (!s->d->streamed && allocate_window(s->d, world, err))
        return err->code;
    if (!o->normalize || !start_measuring(s, err))
        survey_rows(s, err);
    if (o->profile && world->rank == 0 && s->d->streamed && s->d->holdout.held == 0 && !err->code)
        dt_profile_read(&s->d->profile, s->d->file, s->piece, !o->normalize, true, err);
    if (!dt_world_agree(world, err) && o->normalize)
        finish_measuring(s, world, err);
    return err->code;
}

dt_code dt_dataset_load(dt_dataset *d, const dt_world *world, dt_data_file *file,
                        const dt_dataset_options *o, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(file);
    *d = (dt_dataset){.features = info->features,
                      .outputs = info->y_width,
                      .kind = o->kind,
                      .named_classes = info->classes > 0,
                      .x_is_bytes = info->x_is_bytes,
                      .file = file,
                      .normalizer = o->normalizer,
                      .streamed = o->streamed,
                      .reread = o->reread,
                      .memory = o->memory,
                      .block_rows = o->block_rows,
                      .window_blocks = o->window_blocks,
                      .holdout = dt_holdout_of(info->rows, o->hold_out, o->seed)};
    d->rows = info->rows - d->holdout.held;
    if (d->rows == 0 || (o->hold_out > 0 && d->holdout.held == 0))
        dt_fail(err, DT_ERR_DATA, "--val-fraction %g of %lld rows leaves none to %s", o->hold_out,
                (long long)info->rows, d->rows == 0 ? "train on" : "validate on");
    survey s = {.d = d};
    if (o->profile && !err->code)
        dt_profile_init(&d->profile, info, o->kind, err);
    if (!dt_world_agree(world, err))
        load_rows(&s, world, o, err); /* the error above is every rank's */
    dt_moments_destroy(s.moments);
    if (err->code) {
        dt_dataset_free(d);
        return err->code;
    }
    normalize_memory(d, count_rows_of(d, world->rank));
    int64_t seen[] = {s.largest_label, s.largest};
    dt_max_int64(world, seen, 2);
    if (o->kind == DT_Y_LABELS)
        d->outputs = info->classes > seen[0] ? info->classes : seen[0] + 1;
    d->x_largest = (uint8_t)seen[1];
    if (o->profile && dt_profile_sum(world, &d->profile, d->outputs, err))
        dt_dataset_free(d);
    return err->code;
}

void dt_dataset_free(dt_dataset *d)
{
    dt_normalizer_destroy(d->measured);
    d->measured = NULL;
    dt_profile_free(&d->profile);
    dt_shm_destroy(d->shared);
    d->shared = NULL;
    free(d->own);
    free(d->all);
    free(d->window.begin);
    free(d->held.x);
    free(d->held.y);
    d->own = d->all = d->held.x = d->held.y = d->window.begin = NULL;
    d->window.x = d->window.y = NULL;
    d->window.all = NULL;
}
