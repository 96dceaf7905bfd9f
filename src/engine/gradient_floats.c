/* The gradient as a sum of floats. */
#include "engine/gradients.h"

enum { ROWS = 192 }; /* of the weight in one product, between two polls */

void dt_gradient_floats(const dt_gradient_part *p)
{
    const dt_call *c = p->call;
    const dt_layer *layer = dt_part_layer(p);
    bool add = p->wave->accumulate;
    dt_range all = {0, p->wave->rows};
    for (int64_t r = 0; r < p->n; r += ROWS) {
        dt_gradient_part slice = dt_part_slice(p, r, ROWS);
        dt_product product = dt_part_product(&slice, all, 0, layer->in);
        product.scratch = c->engine->scratch + (int64_t)p->thread * DT_PRODUCT_SCRATCH;
        dt_product_store(&product, c->gradient + layer->weight + slice.begin * layer->in, layer->in,
                         add);
        dt_call_poll(c, p->thread);
    }
    for (int v = 0; v < dt_layer_vectors(c->engine->model, p->layer); v++)
        dt_part_sum_vector(p, v, all, add, c->gradient + dt_part_vector_begin(p, v));
}
