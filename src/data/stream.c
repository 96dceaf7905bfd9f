#include "data/stream.h"

#include "core/memory.h"
#include "core/random.h"
#include "data/order.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 2,             /* one window is consumed while the next is read */
    BLOCKS_OF_WINDOW = 16, /* at least, so that a window mixes rows from many places */
};

/* ---- The cut -------------------------------------------------------------------------------- */

/* Whether the samples of a block share rows of x. Where some samples are left out, a block might lie
 * over many rows that no sample has. */
static bool shares_rows(const dt_dataset *d)
{
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    return info->length > 1 && info->stride < info->length && info->dropped == 0;
}

/* The bytes of a block: in both windows, and of its rows in the schedule.
 *   span  rows of x, where samples share them */
static int64_t block_bytes(const dt_dataset *d, int64_t rows, int64_t span)
{
    int64_t x = shares_rows(d) ? span * dt_dataset_x_row_bytes(d) : rows * dt_dataset_x_bytes(d);
    return SLOTS * (x + rows * dt_dataset_y_bytes(d)) + rows * DT_SCHEDULE_BYTES;
}

/* The rows of x of so many samples of one file. */
static int64_t span_of(const dt_dataset *d, int64_t rows)
{
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    return (rows - 1) * info->stride + info->length;
}

/* A power of two of rows, so that the order is the same for every layout whose chunks divide it;
 * for other chunks the nearest whole number of them. */
static int64_t choose_block(const dt_dataset *d)
{
    int64_t block = 1, chunk_rows = dt_data_file_get_info(d->file)->chunk_rows;
    while (block_bytes(d, block * 2, span_of(d, block * 2)) <= d->memory / BLOCKS_OF_WINDOW)
        block *= 2;
    if (block % chunk_rows == 0)
        return block;
    return block < chunk_rows ? chunk_rows : block / chunk_rows * chunk_rows;
}

int64_t dt_stream_row_bytes(int64_t row_bytes)
{
    return SLOTS * row_bytes + DT_SCHEDULE_BYTES;
}

/* The rows of x of a block, at most; where blocks lie across files, these have rows that no sample
 * begins with. */
static int64_t find_span(const dt_dataset *d, int64_t block_rows)
{
    int64_t samples = dt_data_file_get_info(d->file)->rows, span = 0;
    for (int64_t i = 0; i < samples; i += block_rows) {
        int64_t n = i + block_rows < samples ? block_rows : samples - i;
        int64_t rows = dt_dataset_span(d, i, n);
        span = rows > span ? rows : span;
    }
    return span;
}

dt_code dt_stream_plan_make(dt_stream_plan *plan, const dt_dataset *d, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(d->file);
    char text[2][16];
    plan->block_rows = d->block_rows > 0 ? d->block_rows : choose_block(d);
    plan->blocks = (info->rows + plan->block_rows - 1) / plan->block_rows;
    plan->span = shares_rows(d) ? find_span(d, plan->block_rows) : 0;
    plan->window_blocks = d->block_rows > 0
                              ? d->window_blocks
                              : d->memory / block_bytes(d, plan->block_rows, plan->span);
    if (plan->window_blocks < 1)
        return dt_fail(err, DT_ERR_MEMORY,
                       "%s: its chunks are too large to be streamed: %s each, and with --memory %s "
                       "one has to fit twice; h5repack can make them smaller (see dtrain info)",
                       info->path,
                       dt_format_bytes((double)info->chunk_rows *
                                           (double)(dt_dataset_x_bytes(d) + dt_dataset_y_bytes(d)),
                                       text[0]),
                       dt_format_bytes((double)d->memory, text[1]));
    plan->windows = (plan->blocks + plan->window_blocks - 1) / plan->window_blocks;
    return DT_OK;
}

int64_t dt_stream_window_rows(const dt_stream_plan *plan, const dt_dataset *d)
{
    int64_t rows = plan->window_blocks * plan->block_rows;
    return rows < d->rows ? rows : d->rows;
}

int64_t dt_stream_rank_rows(const dt_stream_plan *plan, int ranks)
{
    return (plan->window_blocks + ranks - 1) / ranks * plan->block_rows;
}

/* ---- The stream ----------------------------------------------------------------------------- */

/* A block of this rank and where its rows begin in the window. */
typedef struct {
    int64_t block, at;
} own_block;

struct dt_stream {
    const dt_world *world;
    const dt_dataset *dataset;
    dt_stream_plan plan;
    dt_order order; /* of the blocks, in the epoch being read */
    own_block *own; /* [blocks of this rank in a window] */
    const dt_team *team;
    int64_t start, start_first; /* the window to begin with, counted through all epochs, and where
                                   in its epoch it begins */
    dt_window slot[SLOTS];
    dt_window_block *blocks[SLOTS]; /* [blocks of this rank in a window]; NULL: samples share no
                                       rows */
    dt_rows_of_rank rows[SLOTS];    /* where one rank has all of a window */
    dt_error err;                   /* the reader's; to be looked at when failed is set */
    atomic_bool failed;
    pthread_t reader;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t read, taken, released; /* windows since the start; under the lock */
    bool stop;
};

static int64_t find_block(const dt_stream *s, int64_t window, int64_t i)
{
    return dt_order_row(&s->order, window * s->plan.window_blocks + i);
}

static int64_t block_begin(const dt_stream *s, int64_t block)
{
    int64_t row = block * s->plan.block_rows;
    return row < s->dataset->holdout.rows ? row : s->dataset->holdout.rows;
}

/* Rows of a block that are trained on. */
static int64_t block_count(const dt_stream *s, int64_t block)
{
    const dt_holdout *h = &s->dataset->holdout;
    int64_t begin = block_begin(s, block), end = block_begin(s, block + 1);
    return end - begin - (dt_holdout_before(h, end) - dt_holdout_before(h, begin));
}

/* How the blocks of a window are shared out. */
static dt_split share_blocks(const dt_stream *s, int64_t window)
{
    int64_t left = s->plan.blocks - window * s->plan.window_blocks;
    return (dt_split){.n = left < s->plan.window_blocks ? left : s->plan.window_blocks,
                      .granule = 1,
                      .parts = s->world->size};
}

static void count_window(const dt_stream *s, dt_window *w)
{
    dt_split share = share_blocks(s, w->index);
    w->count = 0;
    for (int r = 0; r < s->world->size; r++) {
        w->begin[r] = w->count;
        for (int64_t i = dt_split_begin(&share, r); i < dt_split_begin(&share, r + 1); i++)
            w->count += block_count(s, find_block(s, w->index, i));
    }
    w->begin[s->world->size] = w->count;
}

static bool must_stop(dt_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static void record_error(dt_stream *s, const dt_error *err)
{
    pthread_mutex_lock(&s->lock);
    if (!atomic_load(&s->failed)) {
        s->err = *err;
        atomic_store(&s->failed, true);
    }
    pthread_mutex_unlock(&s->lock);
}

/* The i-th of this rank's blocks, to where its rows begin in the window. */
static void read_block(dt_stream *s, dt_window *w, int64_t i)
{
    const dt_dataset *d = s->dataset;
    int64_t block = s->own[i].block, at = s->own[i].at;
    char *y = (char *)w->y + at * dt_dataset_y_bytes(d);
    int64_t begin = block_begin(s, block), n = block_begin(s, block + 1) - begin;
    dt_error err = {0};
    bool *mark = dt_alloc(n, sizeof *mark, "rows held out", &err);
    if (mark && !must_stop(s)) {
        if (w->block)
            dt_dataset_read_shared(d, begin, n, mark, (char *)w->x + i * w->block_bytes, y, &err);
        else
            dt_dataset_read(d, begin, n, false, mark, (char *)w->x + at * dt_dataset_x_bytes(d), y,
                            &err);
    }
    free(mark);
    if (err.code)
        record_error(s, &err);
}

static void describe_blocks(const dt_stream *s, dt_window_block *blocks, int64_t n)
{
    const dt_dataset *d = s->dataset;
    for (int64_t i = 0; i < n; i++) {
        int64_t sample = block_begin(s, s->own[i].block);
        blocks[i] =
            (dt_window_block){.at = s->own[i].at,
                              .sample = sample - dt_holdout_before(&d->holdout, sample),
                              .row = dt_sample_map_row(dt_data_file_samples(d->file), sample)};
    }
}

/* The bytes of x of so many blocks with so many samples. */
static size_t x_bytes(const dt_stream *s, int64_t blocks, int64_t samples)
{
    const dt_dataset *d = s->dataset;
    return (size_t)(s->plan.span > 0 ? blocks * s->plan.span * dt_dataset_x_row_bytes(d)
                                     : samples * dt_dataset_x_bytes(d));
}

/* This rank's blocks, one behind the other, on all its threads. A block is read whole before the
 * rows held out are taken out of it, so what comes behind it in the window is read after it: with
 * such rows the blocks are read one by one, and it is the chunks of one that are shared out. */
static void read_window(dt_stream *s, dt_window *w)
{
    dt_split share = share_blocks(s, w->index);
    int64_t begin = dt_split_begin(&share, s->world->rank), at = 0;
    int64_t n = dt_split_count(&share, s->world->rank);
    for (int64_t i = 0; i < n; i++) {
        s->own[i] = (own_block){.block = find_block(s, w->index, begin + i), .at = at};
        at += block_count(s, s->own[i].block);
    }
    w->blocks = n;
    if (w->block)
        describe_blocks(s, s->blocks[w - s->slot], n);
#pragma omp parallel for schedule(dynamic)                                                         \
    num_threads(s->team ? s->team->threads : 1) if (s->dataset->holdout.held == 0)
    for (int64_t i = 0; i < n; i++)
        read_block(s, w, i);
    if (atomic_load(&s->failed)) {
        memset(w->x, 0, x_bytes(s, n, at));
        memset(w->y, 0, (size_t)(at * dt_dataset_y_bytes(s->dataset)));
    }
}

/* Windows in order, each when there is a slot for it. */
static void *read_ahead(void *stream)
{
    dt_stream *s = stream;
    if (s->team)
        dt_team_join(s->team);
    for (int64_t k = s->start;; k++) {
        pthread_mutex_lock(&s->lock);
        while (!s->stop && k >= s->released + SLOTS)
            pthread_cond_wait(&s->changed, &s->lock);
        bool stop = s->stop;
        pthread_mutex_unlock(&s->lock);
        if (stop)
            return NULL;
        dt_window *w = &s->slot[k % SLOTS];
        w->epoch = k / s->plan.windows + 1;
        w->index = k % s->plan.windows;
        if (w->index == 0 && k != s->start)
            dt_order_begin(&s->order, DT_RANDOM_BLOCKS, w->epoch);
        const dt_window *before = &s->slot[(k + SLOTS - 1) % SLOTS];
        w->first = w->index == 0   ? 0
                   : k == s->start ? s->start_first
                                   : before->first + before->count;
        count_window(s, w);
        read_window(s, w);
        pthread_mutex_lock(&s->lock);
        s->read = k + 1;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

/* Windows before the one to begin with are counted, not read. */
static void find_start(dt_stream *s, int64_t epoch, int64_t position)
{
    dt_window w = s->slot[0];
    dt_order_begin(&s->order, DT_RANDOM_BLOCKS, epoch);
    for (;; w.index++, w.first += w.count) {
        count_window(s, &w);
        if (position < w.first + w.count || w.index == s->plan.windows - 1)
            break;
    }
    s->start = (epoch - 1) * s->plan.windows + w.index;
    s->start_first = w.first;
    s->read = s->taken = s->released = s->start;
}

static dt_code allocate_slots(dt_stream *s, dt_error *err)
{
    const dt_dataset *d = s->dataset;
    int64_t own = dt_stream_rank_rows(&s->plan, s->world->size);
    int64_t blocks = own / s->plan.block_rows;
    s->own = dt_alloc(blocks, sizeof *s->own, "a window", err);
    for (int i = 0; i < SLOTS; i++) {
        s->slot[i].begin = dt_alloc(s->world->size + 1, sizeof(int64_t), "a window", err);
        s->slot[i].x = dt_alloc((int64_t)x_bytes(s, blocks, own), 1, "a window", err);
        s->slot[i].y = dt_alloc(own, (size_t)dt_dataset_y_bytes(d), "a window", err);
        s->rows[i] = (dt_rows_of_rank){.x = s->slot[i].x, .y = s->slot[i].y};
        if (s->plan.span > 0)
            s->blocks[i] = dt_alloc(blocks, sizeof *s->blocks[i], "a window", err);
        s->slot[i].block = s->blocks[i];
        s->slot[i].block_bytes = s->plan.span * dt_dataset_x_row_bytes(d);
        s->slot[i].all = s->world->size == 1 ? &s->rows[i] : NULL;
    }
    return err->code;
}

dt_code dt_stream_open(dt_stream **stream, const dt_world *world, const dt_dataset *dataset,
                       const dt_stream_plan *plan, const dt_stream_options *options, dt_error *err)
{
    dt_stream *s = calloc(1, sizeof *s);
    *stream = NULL;
    if (!s)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the stream");
    s->world = world;
    s->dataset = dataset;
    s->plan = *plan;
    s->team = options->team;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    dt_order_init(&s->order, plan->blocks, options->seed, options->shuffle, err);
    if (!allocate_slots(s, err)) {
        find_start(s, options->epoch, options->position);
        s->running = pthread_create(&s->reader, NULL, read_ahead, s) == 0;
        if (!s->running)
            dt_fail(err, DT_ERR_MEMORY, "cannot start the thread that reads ahead");
    }
    if (err->code)
        dt_stream_close(s);
    else
        *stream = s;
    return err->code;
}

const dt_window *dt_stream_take(dt_stream *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->read <= s->taken)
        pthread_cond_wait(&s->changed, &s->lock);
    const dt_window *w = &s->slot[s->taken++ % SLOTS];
    pthread_mutex_unlock(&s->lock);
    return w;
}

void dt_stream_release(dt_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->released++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

dt_code dt_stream_check(dt_stream *s, dt_error *err)
{
    if (!atomic_load(&s->failed))
        return DT_OK;
    return dt_fail(err, s->err.code, "%s", s->err.text);
}

void dt_stream_close(dt_stream *s)
{
    if (!s)
        return;
    if (s->running) {
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->reader, NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        free(s->slot[i].begin);
        free(s->slot[i].x);
        free(s->slot[i].y);
        free(s->blocks[i]);
    }
    dt_order_free(&s->order);
    free(s->own);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
