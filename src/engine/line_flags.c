/* Which sums of lines count: the bits that their integers have, and their flags (scales.h). Bits of
 * a weight's row are in the engine's `bits`, which one thread at a time writes. Bits of a vector,
 * whose elements are several threads', are in `vector_bits`. */
#include "engine/gradients.h"

#include <string.h>

static dt_lane_bits *find_row_bits(const dt_gradient_part *p, int64_t output)
{
    return &p->call->engine->lane_bits[dt_part_scales(p)->line + output];
}

/* Whether d loss / d an output is 0 in all rows of the wave. */
static bool is_zero(const dt_gradient_part *p, int64_t output)
{
    const dt_layer_work *work = &p->call->engine->work[p->layer];
    const float *d = work->dz + output;
    for (int64_t r = 0; r < p->wave->rows; r++, d += work->stride)
        if (*d != 0)
            return false;
    return true;
}

void dt_flags_begin_rows(const dt_gradient_part *p)
{
    if (p->wave->first == 0)
        memset(find_row_bits(p, p->begin), 0, (size_t)p->n * sizeof(dt_lane_bits));
}

void dt_flags_end_rows(const dt_gradient_part *p)
{
    const dt_layer_scales *scales = dt_part_scales(p);
    for (int64_t i = p->begin; i < p->begin + p->n; i++) {
        dt_lane_bits *bits = find_row_bits(p, i);
        dt_line_bits line = {.any = dt_lane_bits_all(bits->any)};
        if (line.any == 0 && !is_zero(p, i)) /* rounded to 0: it has something, and not enough */
            line.any = bits->any[0] = 1;
        line.counted = scales->masked ? dt_lane_bits_all(bits->counted) : line.any;
        if (dt_wave_is_last(p->call, p->wave))
            p->call->flags[scales->line + i] = dt_scales_flag(p->call->scales, &line);
    }
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
    if (line.any == 0 && !is_zero(p, output)) { /* likewise, in units of either word */
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

static void put_one_word(const dt_call *c)
{
    for (int l = 0; l < c->engine->model->n_layers; l++)
        for (int v = 0; v < c->scales->layer[l].vectors; v++) {
            dt_line_bits bits = join_threads(c, l, v);
            int64_t line = c->scales->layer[l].line + c->engine->model->layer[l].out + v;
            c->flags[line] = dt_scales_flag(c->scales, &bits);
        }
}

void dt_flags_put_vectors(const dt_call *c)
{
    if (c->want == DT_WORDS)
        put_words(c);
    else
        put_one_word(c);
}
