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

static void measure_lines(const dt_gradient_part *p)
{
    const dt_layer *layer = dt_part_layer(p);
    float *max = find_magnitudes(p) + p->begin;
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_range rows = dt_block_rows(p->wave, b);
        dt_product product = dt_part_product(p, rows, 0, layer->in);
        dt_product_measure(&product, NULL, max, NULL);
        for (int v = 0; v < dt_part_scales(p)->vectors; v++)
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
