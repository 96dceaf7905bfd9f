/* Which sums of lines count: the bits that their integers have, and their flags (scales.h). Bits of
 * a weight's row are in the engine's `bits`, which one thread at a time writes. Bits of a vector,
 * whose elements are several threads', are in `vector_bits`. */
#include "engine/gradients.h"

#include <string.h>

static dt_lane_bits *find_row_bits(const dt_gradient_part *p, int64_t output)
{
    return &p->call->engine->lane_bits[dt_part_scales(p)->line + output];
}

/* The blocks of this call so far in which the line is not 0. */
static int32_t *find_row_blocks(const dt_gradient_part *p, int64_t output)
{
    return &p->call->engine->line_blocks[dt_part_scales(p)->line + output];
}

/* The blocks of the wave in which d loss / d an output is not 0 in all rows. */
static int32_t count_blocks(const dt_gradient_part *p, int64_t output)
{
    const dt_layer_work *work = &p->call->engine->work[p->layer];
    int32_t blocks = 0;
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_range rows = dt_block_rows(p->wave, b);
        const float *d = work->dz + rows.begin * work->stride + output;
        bool zero = true;
        for (int64_t r = rows.begin; r < rows.end && zero; r++, d += work->stride)
            zero = *d == 0;
        blocks += !zero;
    }
    return blocks;
}

void dt_flags_begin_rows(const dt_gradient_part *p)
{
    if (p->wave->first == 0)
        memset(find_row_bits(p, p->begin), 0, (size_t)p->n * sizeof(dt_lane_bits));
}

static int32_t make_flag(const dt_scales *scales, const dt_line_bits *line)
{
    bool good = dt_scales_surely_enough(scales, line) && line->any >> scales->bits == 0;
    return good ? scales->good_flag : dt_scales_flag(scales, line);
}

/* Blocks are counted only where they may decide. */
static void end_row(const dt_gradient_part *p, int64_t output)
{
    const dt_scales *scales = p->call->scales;
    dt_lane_bits *bits = find_row_bits(p, output);
    dt_line_bits line = {.any = dt_lane_bits_all(bits->any)};
    line.counted = dt_part_scales(p)->masked ? dt_lane_bits_all(bits->counted) : line.any;
    if (!dt_scales_surely_enough(scales, &line)) {
        int32_t *so_far = find_row_blocks(p, output), blocks = count_blocks(p, output);
        *so_far = blocks + (p->wave->first > 0 ? *so_far : 0);
        line.blocks = *so_far;
        if (line.any == 0 && blocks > 0) /* rounded to 0: it has something, and not enough */
            line.any = bits->any[0] = 1;
    }
    if (dt_wave_is_last(p->call, p->wave))
        p->call->flags[dt_part_scales(p)->line + output] = make_flag(scales, &line);
}

void dt_flags_end_rows(const dt_gradient_part *p)
{
    for (int64_t i = p->begin; i < p->begin + p->n; i++)
        end_row(p, i);
}

void dt_flags_put_words(const dt_gradient_part *p, int64_t output, const dt_lane_bits *added,
                        int32_t *flag)
{
    dt_lane_bits *bits = find_row_bits(p, output);
    for (int i = 0; i < DT_LANES; i++) {
        bits->any[i] = (p->wave->first > 0 ? bits->any[i] : 0) | added->any[i];
        bits->low[i] = (p->wave->first > 0 ? bits->low[i] : 0) | added->low[i];
    }
    dt_line_bits line = {.any = dt_lane_bits_all(bits->any), .low = dt_lane_bits_all(bits->low)};
    if (line.any == 0 && count_blocks(p, output) > 0) { /* likewise, in units of either word */
        bits->low[0] |= 1;
        line.low |= 1;
    }
    line.counted = line.any;
    *flag = dt_scales_flag_words(p->call->scales, &line);
}

/* ---- Vectors -------------------------------------------------------------------------------- */

dt_line_bits *dt_flags_vector_bits(const dt_call *c, int thread, int layer, int vector)
{
    int64_t layers = c->engine->model->n_layers;
    return &c->engine->vector_bits[(thread * layers + layer) * DT_MAX_VECTORS + vector];
}

static dt_line_bits join_threads(const dt_call *c, int layer, int vector)
{
    dt_line_bits all = {0};
    for (int t = 0; t < c->threads; t++) {
        const dt_line_bits *bits = dt_flags_vector_bits(c, t, layer, vector);
        all.any |= bits->any;
        all.counted |= bits->counted;
        all.low |= bits->low;
    }
    return all;
}

static void put_words(const dt_call *c)
{
    for (int64_t i = 0; i < c->words->n; i++) {
        dt_line line = dt_scales_find(c->scales, c->words->line[i].line);
        if (line.vector < 0)
            continue;
        dt_line_bits bits = join_threads(c, line.layer, line.vector);
        c->flags[i] = dt_scales_flag_words(c->scales, &bits);
    }
}

/* The blocks of this rank. */
static int64_t count_call_blocks(const dt_call *c)
{
    int64_t block = c->part.block, first = c->part.first / block;
    return (c->part.first + c->part.rows + block - 1) / block - first;
}

static void put_one_word(const dt_call *c)
{
    for (int l = 0; l < c->engine->model->n_layers; l++)
        for (int v = 0; v < c->scales->layer[l].vectors; v++) {
            dt_line_bits bits = join_threads(c, l, v);
            if (!dt_scales_surely_enough(c->scales, &bits)) {
                bits.blocks = bits.any != 0 ? count_call_blocks(c) : 0;
                bits.counted = 0; /* it is not enough for fewer blocks either */
            }
            int64_t line = c->scales->layer[l].line + c->engine->model->layer[l].out + v;
            c->flags[line] = make_flag(c->scales, &bits);
        }
}

void dt_flags_put_vectors(const dt_call *c)
{
    if (c->want == DT_WORDS)
        put_words(c);
    else
        put_one_word(c);
}
