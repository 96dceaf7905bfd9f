/* Weights in panels, as products read them (product.h). */
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

/* The number of floats of a layer's panels. */
int64_t dt_panels_floats(const dt_layer *layer, bool first);

/* Point the panels to so many floats, which are 0 and borrowed. */
void dt_panels_init(dt_panels *panels, const dt_layer *layer, bool first, float *at);

/* Fill in the panels [begin, end) of the layer's outputs. */
void dt_panels_pack(const dt_panels *panels, const dt_layer *layer, const float *weight,
                    int64_t begin, int64_t end);

#endif
