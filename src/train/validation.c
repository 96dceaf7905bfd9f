#include "train/validation.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/stop.h"
#include "data/gather.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 4 << 20 };

/* Of weights with values, in a piece: some tenths of a second, after which it may be told to stop.
 */
static const int64_t PIECE_PRODUCTS = INT64_C(1) << 32, MIN_PIECE = 512;

dt_code dt_validation_init(dt_validation *v, const dt_world *world, const dt_dataset *d, bool whole,
                           const dt_model *model, dt_error *err)
{
    int64_t outputs = model->outputs;
    int64_t chunk = dt_data_file_get_info(d->file)->chunk_rows;
    int64_t piece = PIECE_BYTES / ((d->features + outputs) * (int64_t)sizeof(float)) + 1;
    int64_t max_piece = PIECE_PRODUCTS / model->parameters;
    max_piece = max_piece > MIN_PIECE ? max_piece : MIN_PIECE;
    piece = piece < max_piece ? piece : max_piece;
    bool rereads = whole ? d->streamed : d->reread;
    if (rereads) /* each chunk once */
        piece = (piece + chunk - 1) / chunk * chunk;
    *v = (dt_validation){
        .world = world, .dataset = d, .whole = whole, .rereads = rereads, .piece = piece};
    v->output = dt_alloc(piece * outputs, sizeof *v->output, "outputs", err);
    if (rereads) {
        v->mark = dt_alloc(piece, sizeof *v->mark, "rows to validate on", err);
        v->bytes = dt_alloc(piece, (size_t)dt_dataset_x_bytes(d), "rows to validate on", err);
        v->y = dt_alloc(piece, (size_t)dt_dataset_y_bytes(d), "rows to validate on", err);
    }
    void *first = dt_data_file_first_y(d->file, d->kind, err); /* whoever has it */
    if (first)
        dt_metrics_init(&v->metrics, model->loss, &model->criterion.quantiles, outputs, first, err);
    dt_metrics_count(&v->metrics, d->weighted, d->masked);
    if (d->y_normalizer)
        dt_metrics_unscale(&v->metrics, d->y_normalizer->mean, d->y_normalizer->scale);
    free(first);
    return err->code;
}

void dt_validation_free(dt_validation *v)
{
    free(v->mark);
    free(v->bytes);
    free(v->y);
    free(v->output);
    dt_metrics_free(&v->metrics);
    memset(v, 0, sizeof *v);
}

/* What stops a run does not wait for the end of a long validation: it will be made again. */
static dt_code check_stop(dt_error *err)
{
    int reason = dt_stop_reason();
    if (reason < 0)
        return err->code;
    return dt_fail(err, DT_STOPPED, "stopped by %s", dt_stop_name(reason));
}

static void add_source(dt_validation *v, dt_engine *engine, const float *parameters,
                       dt_row_source source, const void *y, int64_t n)
{
    dt_engine_forward(engine, parameters, &source, n, v->output);
    dt_metrics_add(&v->metrics, v->output, y, n);
}

static void add_rows(dt_validation *v, dt_engine *engine, const float *parameters, const void *x,
                     const void *y, int64_t n)
{
    dt_contiguous_rows rows = {.dataset = v->dataset, .x = x, .y = y};
    add_source(v, engine, parameters, dt_contiguous_row_source(&rows), y, n);
}

/* Samples that share rows of x: those trained on, or those held out, of this rank. */
static dt_code add_shared(dt_validation *v, dt_engine *engine, const float *parameters,
                          dt_error *err)
{
    const dt_dataset *d = v->dataset;
    const int64_t *begin = d->window.begin + v->world->rank;
    dt_shared_rows rows = {.dataset = d,
                           .map = v->whole ? &d->trained : &d->held_back,
                           .rank = v->world->rank,
                           .x = d->window.x,
                           .first = v->whole ? begin[0] : d->held.first};
    int64_t n = v->whole ? begin[1] - begin[0] : d->held.count, part;
    rows.y = v->whole ? d->window.y : d->held.y;
    for (int64_t i = 0; i < n && !check_stop(err); i += part) {
        part = n - i < v->piece ? n - i : v->piece;
        add_source(v, engine, parameters, dt_shared_row_source(&rows), rows.y, part);
        rows.first += part;
        rows.y += part * dt_dataset_y_bytes(d);
    }
    return err->code;
}

static dt_code add_memory(dt_validation *v, dt_engine *engine, const float *parameters,
                          dt_error *err)
{
    const dt_dataset *d = v->dataset;
    const dt_window *w = &d->window;
    const char *x = v->whole ? w->x : d->held.x, *y = v->whole ? w->y : d->held.y;
    int64_t n = v->whole ? w->begin[v->world->rank + 1] - w->begin[v->world->rank] : d->held.count;
    for (int64_t i = 0; i < n && !check_stop(err); i += v->piece)
        add_rows(v, engine, parameters, x + i * dt_dataset_x_bytes(d),
                 y + i * dt_dataset_y_bytes(d), n - i < v->piece ? n - i : v->piece);
    return err->code;
}

/* Rows that do not fit into memory are read again each time. */
static dt_code add_file(dt_validation *v, dt_engine *engine, const float *parameters, dt_error *err)
{
    const dt_dataset *d = v->dataset;
    dt_split pieces = {.n = d->holdout.rows, .granule = v->piece, .parts = v->world->size};
    int64_t begin = dt_split_begin(&pieces, v->world->rank);
    int64_t end = dt_split_begin(&pieces, v->world->rank + 1);
    for (int64_t row = begin; row < end && !check_stop(err); row += v->piece) {
        int64_t n = end - row < v->piece ? end - row : v->piece;
        int64_t held = dt_dataset_read(d, row, n, !v->whole, v->mark, v->bytes, v->y, err);
        if (!err->code)
            add_rows(v, engine, parameters, v->bytes, v->y, held);
    }
    return err->code;
}

dt_code dt_validation_run(dt_validation *v, dt_engine *engine, const float *parameters,
                          dt_scores *scores, dt_error *err)
{
    dt_metrics_clear(&v->metrics);
    dt_engine_load_weights(engine, parameters);
    if (v->rereads)
        add_file(v, engine, parameters, err);
    else if (v->dataset->span)
        add_shared(v, engine, parameters, err);
    else
        add_memory(v, engine, parameters, err);
    if (dt_world_agree(v->world, err))
        return err->code;
    dt_sum_int64(v->world, dt_metrics_sums(&v->metrics), v->metrics.words);
    *scores = dt_metrics_scores(&v->metrics);
    return DT_OK;
}
