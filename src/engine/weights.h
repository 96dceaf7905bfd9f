/* Weights in panels, the order in which products read them (product.h). Not collective. */
#ifndef DT_ENGINE_WEIGHTS_H
#define DT_ENGINE_WEIGHTS_H

#include "model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* Memory for one layer's weight [out,in]. */
typedef struct {
    float *forward;  /* its transpose [in,out], in panels of outputs */
    float *backward; /* [out,in] in panels of inputs; NULL for the first layer */
} dt_panels;

/* Return the number of floats in the panels of a layer.
 *   first  it is the first layer, which needs no panels for the backward pass */
int64_t dt_panels_floats(const dt_layer *layer, bool first);

/* Set the pointers of the panels.
 *   at  [dt_panels_floats] zeros; borrowed */
void dt_panels_init(dt_panels *panels, const dt_layer *layer, bool first, float *at);

/* Pack the weights of the layer's outputs that are in the panels [begin, end).
 *   weight  [out,in] */
void dt_panels_pack(const dt_panels *panels, const dt_layer *layer, const float *weight,
                    int64_t begin, int64_t end);

#endif
