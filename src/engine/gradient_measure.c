/* The largest magnitudes that the blocks' gradients have, for exponents (scales.h). */
#include "engine/gradients.h"

#include <math.h>

/* Where the magnitudes of a layer's rows begin; those of its vectors and columns follow. */
static float *find_magnitudes(const dt_gradient_part *p)
{
    return p->call->max + dt_part_scales(p)->exponent;
}

/* The layer's columns, of rows multiplied by their factors. */
static void measure_columns(const dt_gradient_part *p)
{
    const dt_layer *layer = dt_part_layer(p);
    const dt_layer_scales *scales = dt_part_scales(p);
    float *max = find_magnitudes(p) + (1 + scales->vectors) * layer->out;
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_product product = dt_part_product(p, dt_block_rows(p->wave, b), 0, layer->in);
        dt_product_measure(&product, scales->row + p->begin, NULL, max);
    }
}

static void measure_vector(const dt_gradient_part *p, int vector, dt_range rows, float *max)
{
    float *sum = dt_part_vector_sums(p);
    dt_part_sum_vector(p, vector, rows, false, sum);
    for (int64_t i = 0; i < p->n; i++)
        if (!(fabsf(sum[i]) <= max[i])) /* NaN replaces a number */
            max[i] = fabsf(sum[i]);
}

/* Whether a line of the layer is to be measured. */
static bool is_wanted(const dt_gradient_part *p, int64_t line)
{
    return !p->call->only || p->call->only[dt_part_scales(p)->line + line];
}

/* The rows of a block. Returns whether some were wanted. */
static bool measure_rows(const dt_gradient_part *p, dt_range rows, float *max)
{
    const dt_layer *layer = dt_part_layer(p);
    dt_product product = dt_part_product(p, rows, 0, layer->in);
    bool some = !p->call->only;
    if (some)
        dt_product_measure(&product, NULL, max, NULL);
    product.m = 1;
    for (int64_t i = 0; i < p->n && p->call->only; i++) {
        if (!is_wanted(p, p->begin + i))
            continue;
        dt_product one = product;
        one.a += i * one.a_row;
        dt_product_measure(&one, NULL, max + i, NULL);
        some = true;
    }
    return some;
}

/* Rows, and of each vector that is wanted, or where a row is, the elements. */
static void measure_lines(const dt_gradient_part *p)
{
    const dt_layer *layer = dt_part_layer(p);
    float *max = find_magnitudes(p) + p->begin;
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_range rows = dt_block_rows(p->wave, b);
        bool some = measure_rows(p, rows, max);
        for (int v = 0; v < dt_part_scales(p)->vectors; v++)
            if (some || is_wanted(p, layer->out + v))
                measure_vector(p, v, rows, max + (1 + v) * layer->out);
    }
}

void dt_gradient_measure(const dt_gradient_part *p)
{
    if (p->call->measure_columns)
        measure_columns(p);
    else
        measure_lines(p);
}
