/* Gradients as sums of integers. A step, in the order of what happens:
 *
 *   load_batch       this rank's samples, which stay until the next batch
 *   prepare_scales   only where exponents are not known, or columns are due: blocks are measured (all,
 *                    or the first), and the maximum over all ranks decides
 *   compute          each line in one word; in two where the batch has many blocks
 *   sum_all          the step's one allreduce, with a flag of each line
 *   resum_lines      only lines that overflow or are too coarse: in two words, by a sum of their
 *                    own. A line that fails even so is measured, and summed once more
 *   update           exponents of lines that failed change for the steps to come
 */
#include "train/gradient_internal.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/minmax.h"
#include "model/loss.h"

#include <stdlib.h>
#include <string.h>

/* ---- Creation ------------------------------------------------------------------------------- */

/* Memory is for the largest batch; pages that no batch reaches cost nothing. */
static dt_code init_collected(dt_gradient *g, dt_error *err)
{
    const dt_model *m = g->model;
    int64_t part = dt_batch_max_per_rank(g->batch_size, g->exact.block, g->world->size);
    size_t y_bytes = (size_t)dt_target_bytes(m->loss, m->targets, m->criterion.weighted);
    size_t x_bytes = (size_t)m->inputs * sizeof(float);
    g->exact.collected.x = dt_alloc(part, x_bytes, "the samples of a batch", err);
    g->exact.collected.y = dt_alloc(part, y_bytes, "the samples of a batch", err);
    return err->code;
}

/* All lines, each where its elements are. */
static void list_all(dt_exact *e)
{
    for (int64_t i = 0; i < e->scales.lines; i++)
        e->all.line[i] =
            (dt_word_line){.line = i, .place = 2 * dt_scales_find(&e->scales, i).begin};
    e->all.n = e->scales.lines;
}

dt_code dt_exact_init(dt_gradient *g, const dt_gradient_options *options, dt_error *err)
{
    dt_exact *e = &g->exact;
    e->block = dt_batch_block(g->batch_size);
    e->blocks = (g->batch_size + e->block - 1) / e->block;
    if (dt_scales_init(&e->scales, g->model, e->blocks, err))
        return err->code;
    int64_t lines = e->scales.lines;
    e->loss = dt_alloc(e->blocks, sizeof *e->loss, "losses", err);
    e->max = dt_alloc(e->scales.n, sizeof *e->max, "the scales", err);
    e->exponent = dt_alloc(e->scales.n, sizeof *e->exponent, "the scales", err);
    e->remeasured = dt_alloc(lines, sizeof *e->remeasured, "the scales", err);
    e->resummed = dt_alloc(lines, sizeof *e->resummed, "the scales", err);
    e->failed = dt_alloc(lines, sizeof *e->failed, "the scales", err);
    e->all.line = dt_alloc(lines, sizeof *e->all.line, "the scales", err);
    e->words = dt_alloc(lines + 2 * g->model->parameters, sizeof *e->words, "the scales", err);
    if (!err->code)
        list_all(e);
    if (!err->code && options->in_parts)
        init_collected(g, err);
    return err->code;
}

int64_t dt_exact_flags(const dt_exact *e)
{
    return (e->scales.lines + DT_STEP_SUMS_ALIGN - 1) / DT_STEP_SUMS_ALIGN * DT_STEP_SUMS_ALIGN;
}

void dt_exact_free(dt_exact *e)
{
    dt_scales_free(&e->scales);
    free(e->loss);
    free(e->max);
    free(e->exponent);
    free(e->remeasured);
    free(e->resummed);
    free(e->failed);
    free(e->all.line);
    free(e->words);
    free(e->collected.x);
    free(e->collected.y);
}

/* ---- This rank's samples -------------------------------------------------------------------- */

/* Append a delivery's samples to those of this batch. */
static void collect_part(dt_gradient *g, const dt_samples *s)
{
    dt_collected *c = &g->exact.collected;
    const dt_model *m = g->model;
    int64_t inputs = m->inputs;
    int64_t y_bytes = dt_target_bytes(m->loss, m->targets, m->criterion.weighted);
    float *x = c->x + c->count * inputs;
    char *y = c->y + c->count * y_bytes;
    s->source.fetch(s->source.from, 0, s->count, x, inputs, y);
    c->count += s->count;
}

/* Load all of this rank's samples of the batch as one part, which stays until the next batch. */
static void load_batch(dt_gradient *g, dt_loader *loader)
{
    dt_exact *e = &g->exact;
    dt_samples *s = &e->samples;
    *s = dt_loader_next(loader);
    if (!s->last) {
        dt_samples first = *s;
        e->collected.count = 0;
        collect_part(g, s);
        while (!s->last) {
            *s = dt_loader_next(loader);
            collect_part(g, s);
        }
        *s = first;
        s->count = e->collected.count;
        s->source =
            (dt_row_source){.x = e->collected.x, .y = e->collected.y, .first = first.source.first};
    }
    e->part = (dt_batch_part){
        .source = &s->source, .first = s->first, .rows = s->count, .block = e->block};
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* Find the exponents of the largest magnitudes in these rows' blocks, over all ranks. The engine has
 * the parameters.
 *   only        NULL, or [lines] which lines
 *   reuse_rows  its last call was of these rows */
static void measure_blocks(dt_gradient *g, const float *parameters, const dt_batch_part *part,
                           const bool *only, bool columns, bool reuse_rows)
{
    dt_exact *e = &g->exact;
    int64_t n = e->scales.n - DT_SCALES_COUNTERS;
    memset(e->max, 0, (size_t)n * sizeof *e->max);
    dt_engine_measure(g->engine, parameters, part, &e->scales, only, columns, reuse_rows, e->max);
    dt_scales_exponents(n, e->max, e->exponent);
    dt_max_int64(g->world, e->exponent, n);
}

/* After the rows were measured, the columns against them. */
static void measure_columns(dt_gradient *g, const float *parameters, const dt_batch_part *part,
                            bool suspected)
{
    dt_exact *e = &g->exact;
    dt_scales_use_measured_rows(&e->scales, e->exponent);
    measure_blocks(g, parameters, part, NULL, true, true);
    dt_scales_fill_columns(&e->scales, e->exponent, suspected);
}

/* This rank's rows of the first block of the batch. */
static dt_batch_part get_first_block(const dt_batch_part *part)
{
    dt_batch_part first = *part;
    first.rows = part->first == 0 ? dt_min(part->rows, part->block) : 0;
    return first;
}

/* Measure what this step needs before it is computed. Returns whether it is finite. */
static bool prepare_scales(dt_gradient *g, const float *parameters)
{
    dt_exact *e = &g->exact;
    bool known = dt_scales_known(&e->scales);
    if (known && !dt_scales_measure_due(&e->scales))
        return true;
    dt_batch_part part = known ? get_first_block(&e->part) : e->part;
    dt_engine_load_weights(g->engine, parameters);
    measure_blocks(g, parameters, &part, NULL, false, false);
    if (known)
        dt_scales_lower_elements(&e->scales, e->exponent);
    else if (!dt_scales_fill_lines(&e->scales, e->exponent, NULL))
        return false;
    if (!e->scales.words)
        measure_columns(g, parameters, &part, false);
    return true;
}

/* ---- A step --------------------------------------------------------------------------------- */

void dt_exact_compute_part(dt_gradient *g, const float *parameters, dt_step_sums *step_sums)
{
    dt_exact *e = &g->exact;
    dt_exact_sums sums = {.loss = e->loss, .flags = e->flags};
    dt_overlap overlap;
    e->not_finite = !prepare_scales(g, parameters);
    memset(e->loss, 0, (size_t)e->blocks * sizeof *e->loss);
    e->all.words = e->sums;
    if (e->scales.words)
        dt_engine_gradient_words(g->engine, parameters, &e->part, &e->scales, &e->all, &sums);
    else
        dt_engine_gradient_exact(g->engine, parameters, &e->part, g->world->size == 1, &e->scales,
                                 e->sums, dt_gradient_start_overlap(g, &overlap), &sums);
    step_sums->samples = e->part.rows;
    step_sums->weight = sums.weight;
}

void dt_exact_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                      dt_step_sums *step_sums)
{
    load_batch(g, loader);
    t->data += dt_times_lap(t);
    dt_exact_compute_part(g, parameters, step_sums);
    t->compute += dt_times_lap(t);
}

/* Dequantize a range of the sum. What comes before the gradient stays as it is. */
static void dequantize_range(const void *gradient, int64_t begin, int64_t n, void *values)
{
    const dt_gradient *g = gradient;
    int64_t skip = begin < g->header_len ? g->header_len - begin : 0;
    if (skip < n)
        dt_scales_dequantize(&g->exact.scales, begin + skip - g->header_len, n - skip,
                             (int32_t *)values + skip);
}

/* Turn the summed words of a line into floats of the gradient. */
static void join_line(dt_gradient *g, const dt_word_line *word, const int32_t *words)
{
    const dt_scales *s = &g->exact.scales;
    dt_line line = dt_scales_find(s, word->line);
    float *to = g->values + line.begin;
    const int32_t *high = words + word->place, *low = high + line.n;
    if (line.vector < 0) {
        float scale = dt_scales_row_factor(s, line.layer, line.output, word->raise);
        dt_scales_join_row(s, line.n, high, low, scale, to);
        return;
    }
    for (int64_t k = 0; k < line.n; k++)
        to[k] =
            dt_scales_join(s, high[k], low[k],
                           dt_scales_element_factor(s, line.layer, line.vector, k, word->raise));
}

/* The step's one sum. The engine has dequantized what is one rank's. */
static void sum_all(dt_gradient *g, bool whole, dt_step_sums *step_sums)
{
    dt_exact *e = &g->exact;
    dt_finish dequantizing = {.part = dequantize_range, .with = g};
    bool words = e->scales.words;
    dt_sum sum = {.n = g->header_len + (words ? 2 : 1) * g->model->parameters,
                  .head = g->header_len,
                  .whole =
                      whole || words || dt_numa_group_size(g->numa_group) < g->world->node_size,
                  .finish = words ? NULL : &dequantizing};
    if (g->world->size > 1) {
        dt_step_sums_reduce_exact(g->reducer, &sum, e->loss, e->blocks, step_sums);
    } else {
        step_sums->loss = 0;
        for (int64_t b = 0; b < e->blocks; b++)
            step_sums->loss += e->loss[b];
    }
    for (int64_t i = 0; i < e->all.n && words; i++)
        join_line(g, &e->all.line[i], e->sums);
}

/* ---- Lines that are summed again ------------------------------------------------------------ */

/* List the lines that the flags name. Returns their number. */
static int64_t list_failed(dt_exact *e)
{
    int64_t n = 0;
    for (int64_t i = 0; i < e->scales.lines; i++) {
        if (dt_scales_is_surely_good(&e->scales, e->flags[i]))
            continue;
        dt_line_state state = dt_scales_line_state(&e->scales, e->flags[i]);
        if (state != DT_LINE_GOOD)
            e->failed[n++] = (dt_line_failed){.line = i, .state = state};
    }
    return n;
}

/* Give each line a place for its two words. Returns the number of words. */
static int64_t place_lines(const dt_scales *s, dt_word_lines *lines)
{
    int64_t at = 0;
    for (int64_t i = 0; i < lines->n; i++) {
        lines->line[i].place = at;
        at += 2 * dt_scales_find(s, lines->line[i].line).n;
    }
    return at;
}

/* Sum the lines in two words, over all ranks; those that come out well become the gradient's, and
 * leave the list.
 *   last  they were measured: coarse ones are as good as can be */
static void sum_lines(dt_gradient *g, const float *parameters, dt_word_lines *lines, bool last)
{
    dt_exact *e = &g->exact;
    int64_t values = place_lines(&e->scales, lines), left = 0;
    int32_t *flags = e->words;
    lines->words = flags + lines->n;
    dt_engine_sum_again(g->engine, parameters, &e->part, &e->scales, lines, flags);
    if (g->world->size > 1)
        dt_sum_int32(g->world, flags, lines->n + values);
    for (int64_t i = 0; i < lines->n; i++) {
        dt_line_state state = dt_scales_words_state(flags[i]);
        if (state == DT_LINE_GOOD || (last && state == DT_LINE_COARSE))
            join_line(g, &lines->line[i], lines->words);
        else
            lines->line[left++] = lines->line[i];
    }
    lines->n = left;
}

/* Lines get exponents that fit what they have in this batch. Returns whether it is finite. */
static bool measure_lines(dt_gradient *g, const float *parameters, dt_word_lines *lines,
                          int64_t failed)
{
    dt_exact *e = &g->exact;
    memset(e->remeasured, 0, (size_t)e->scales.lines * sizeof *e->remeasured);
    for (int64_t i = 0; i < lines->n; i++) {
        e->remeasured[lines->line[i].line] = true;
        lines->line[i].raise = 0;
    }
    measure_blocks(g, parameters, &e->part, e->remeasured, false, true);
    for (int64_t i = 0; i < failed; i++)
        if (e->remeasured[e->failed[i].line])
            e->failed[i].state = DT_LINE_GOOD; /* they need not follow */
    return dt_scales_fill_lines(&e->scales, e->exponent, e->remeasured);
}

/* Sum lines again that failed. Returns whether all fit; step_sums->overflow: they are finite and do
 * not. */
static bool resum_lines(dt_gradient *g, const float *parameters, int64_t failed,
                        dt_step_sums *step_sums)
{
    dt_exact *e = &g->exact;
    dt_word_lines lines = {.n = failed, .line = e->resummed};
    for (int64_t i = 0; i < failed; i++)
        e->resummed[i] = (dt_word_line){.line = e->failed[i].line,
                                        .raise = dt_scales_raise(&e->scales, e->failed[i].state)};
    if (dt_scales_suspect_columns(&e->scales, e->failed, failed)) {
        measure_blocks(g, parameters, &e->part, NULL, false, true);
        if (dt_scales_are_finite(&e->scales, e->exponent))
            measure_columns(g, parameters, &e->part, true);
    }
    sum_lines(g, parameters, &lines, false);
    if (lines.n > 0) {
        if (!measure_lines(g, parameters, &lines, failed))
            return false;
        sum_lines(g, parameters, &lines, true);
    }
    step_sums->overflow = lines.n > 0;
    return lines.n == 0;
}

bool dt_exact_sum(dt_gradient *g, const float *parameters, bool whole, dt_step_sums *step_sums)
{
    dt_exact *e = &g->exact;
    sum_all(g, whole, step_sums);
    if (step_sums->failed || e->not_finite)
        return false;
    int64_t failed = list_failed(e);
    if (failed > 0 && !resum_lines(g, parameters, failed, step_sums))
        return false;
    dt_scales_update(&e->scales, e->failed, failed, g->values);
    return true;
}
