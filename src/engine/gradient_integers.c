/* The gradient as a sum of integers of one word. */
#include "engine/gradients.h"

enum { ROWS = DT_SUM_ROWS, COLUMNS = DT_SUM_COLUMNS };

/* Whether with this wave the sum is that of the batch, and becomes floats. */
static bool is_whole(const dt_gradient_part *p)
{
    return p->call->whole && dt_wave_is_last(p->call, p->wave);
}

/* ---- Weights -------------------------------------------------------------------------------- */

/* Some columns of these outputs' weights, and where their sum goes. */
typedef struct {
    int64_t column, n;
    const float *packed_dz; /* d loss / d these outputs as gather_blocks left it; NULL: it is not */
    int32_t *sum;           /* [outputs,n] rows lds apart */
    int64_t lds;
} tile;

static dt_rounding get_rounding(const dt_gradient_part *p, const tile *t)
{
    const dt_layer_scales *scales = dt_part_scales(p);
    return (dt_rounding){.row = t->packed_dz ? NULL : scales->row + p->begin,
                         .column = scales->column + t->column,
                         .counted = scales->masked ? scales->counted + t->column : NULL,
                         .bits = p->call->engine->lane_bits + scales->line + p->begin};
}

/* d loss / d the outputs, of each block as products read it, multiplied by their rows' factors. */
static void gather_blocks(const dt_gradient_part *p, float *packed_dz)
{
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_range rows = dt_block_rows(p->wave, b);
        dt_product product = dt_part_product(p, rows, 0, 0);
        dt_product_gather(&product, dt_part_scales(p)->row + p->begin,
                          packed_dz + rows.begin * p->n);
    }
}

/* The tile's sum over all blocks of the wave replaces what is there, or is added to it. */
static void sum_in_place(const dt_gradient_part *p, const tile *t, bool add)
{
    const dt_wave *w = p->wave;
    dt_rounding rounding = get_rounding(p, t);
    dt_product product = dt_part_product(p, (dt_range){0, w->rows}, t->column, t->n);
    dt_product_round_blocks(&product, w->block - w->first_block_skip, w->block, &rounding, t->sum,
                            t->lds, add);
}

static void sum_gathered(const dt_gradient_part *p, const tile *t)
{
    dt_rounding rounding = get_rounding(p, t);
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_range rows = dt_block_rows(p->wave, b);
        dt_product product = dt_part_product(p, rows, t->column, t->n);
        product.a = t->packed_dz + rows.begin * p->n;
        product.a_row = 0;
        dt_product_round(&product, &rounding, t->sum, t->lds, b > 0);
    }
}

/* A tile's sum to where it belongs, and to floats if the sum is whole. */
static void put_tile(const dt_gradient_part *p, const tile *t)
{
    const dt_call *c = p->call;
    const dt_layer *layer = dt_part_layer(p);
    bool whole = is_whole(p);
    for (int64_t r = 0; r < p->n; r++) {
        int32_t *to = c->integers + layer->weight + (p->begin + r) * layer->in + t->column;
        dt_put_integers(p->wave->accumulate, t->n, t->sum + r * t->lds, to);
        if (whole)
            dt_scales_dequantize_row(c->scales, p->layer, p->begin + r, t->column, t->n, to);
    }
}

/* The sum stays in the first caches, so that the gradient is gone through once a wave, not once a
 * block. */
static void add_tile(const dt_gradient_part *p, int64_t column, int64_t n, const float *packed_dz)
{
    _Alignas(64) int32_t sum[ROWS * COLUMNS];
    tile t = {.column = column, .n = n, .packed_dz = packed_dz, .sum = sum, .lds = COLUMNS};
    if (packed_dz)
        sum_gathered(p, &t);
    else
        sum_in_place(p, &t, false);
    put_tile(p, &t);
}

/* A weight that is in these caches in any case, and has whole panels, is its own tile. */
static void add_small_weight(const dt_gradient_part *p)
{
    const dt_layer *layer = dt_part_layer(p);
    int32_t *to = p->call->integers + layer->weight + p->begin * layer->in;
    tile t = {.n = layer->in, .sum = to, .lds = layer->in};
    sum_in_place(p, &t, p->wave->accumulate);
    if (is_whole(p))
        for (int64_t r = 0; r < p->n; r++, to += layer->in)
            dt_scales_dequantize_row(p->call->scales, p->layer, p->begin + r, 0, layer->in, to);
}

/* Columns outside: so few of all the wave's inputs stay in the second cache until all outputs have
 * met them. To copy what is read for them alone would not pay. */
static void add_weight(const dt_gradient_part *p)
{
    int64_t in = dt_part_layer(p)->in;
    if (in <= COLUMNS && in % DT_PANEL == 0) {
        add_small_weight(p);
        return;
    }
    float *packed_dz = in > COLUMNS ? dt_part_packed_dz(p) : NULL;
    for (int64_t r = 0; r < p->n && packed_dz; r += ROWS) {
        dt_gradient_part slice = dt_part_slice(p, r, ROWS);
        gather_blocks(&slice, packed_dz + r * p->wave->rows);
    }
    for (int64_t i = 0; i < in; i += COLUMNS) {
        for (int64_t r = 0; r < p->n; r += ROWS) {
            dt_gradient_part slice = dt_part_slice(p, r, ROWS);
            add_tile(&slice, i, dt_min(in - i, COLUMNS),
                     packed_dz ? packed_dz + r * p->wave->rows : NULL);
        }
        dt_call_poll(p->call, p->thread);
    }
}

/* ---- Vectors -------------------------------------------------------------------------------- */

/* The sum of a vector's elements, and what is known of it. */
typedef struct {
    int vector;
    const float *factor;    /* [outputs] */
    const int32_t *counted; /* [outputs] */
    int32_t *sum;           /* [outputs] */
    dt_lane_bits bits;
    bool has_value; /* some block's is not 0 */
} vector_sum;

static bool has_value(const float *values, int64_t n)
{
    bool has = false;
    for (int64_t i = 0; i < n; i++)
        has |= values[i] != 0;
    return has;
}

/* Of a layer with one output. */
static void add_element(const dt_gradient_part *p, vector_sum *s)
{
    const dt_wave *w = p->wave;
    uint32_t any = 0;
    int32_t sum = w->accumulate ? *s->sum : 0;
    s->has_value =
        dt_product_round_sums(p->call->engine->work[p->layer].dz, w->rows,
                              w->block - w->first_block_skip, w->block, *s->factor, &sum, &any);
    *s->sum = sum;
    s->bits.any[0] = any;
    s->bits.counted[0] = any & (uint32_t)*s->counted;
}

static void add_elements(const dt_gradient_part *p, vector_sum *s)
{
    float *values = dt_part_vector_sums(p);
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_part_sum_vector(p, s->vector, dt_block_rows(p->wave, b), false, values);
        s->has_value |= has_value(values, p->n);
        dt_product_round_vector(values, s->factor, s->counted, p->n, s->sum,
                                p->wave->accumulate || b > 0, &s->bits);
    }
}

static void add_vector(const dt_gradient_part *p, int v)
{
    const dt_call *c = p->call;
    const dt_layer_scales *scales = dt_part_scales(p);
    int64_t at = v * dt_part_layer(p)->out + p->begin;
    vector_sum s = {.vector = v,
                    .factor = scales->vector + at,
                    .counted = scales->counted_vector + at,
                    .sum = c->integers + dt_part_vector_begin(p, v)};
    if (v == 0 && c->engine->work[p->layer].stride == 1)
        add_element(p, &s);
    else
        add_elements(p, &s);
    if (is_whole(p))
        dt_scales_dequantize_vector(c->scales, p->layer, v, p->begin, p->n, s.sum);
    dt_line_bits *bits = dt_flags_vector_bits(c, p->thread, p->layer, v);
    bits->any |= dt_lane_bits_all(s.bits.any) | s.has_value;
    bits->counted |= dt_lane_bits_all(s.bits.counted);
}

void dt_gradient_integers(const dt_gradient_part *p)
{
    dt_flags_begin_rows(p);
    add_weight(p);
    dt_flags_end_rows(p);
    for (int v = 0; v < dt_layer_vectors(p->call->engine->model, p->layer); v++)
        add_vector(p, v);
}
