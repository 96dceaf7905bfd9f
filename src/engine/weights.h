/* Weights as the products take them: in panels (product.h). */
#ifndef DT_ENGINE_WEIGHTS_H
#define DT_ENGINE_WEIGHTS_H

#include "model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* Room for one layer's weight [out,in]. */
typedef struct {
    float *forward;  /* its transpose [in,out], in panels of outputs */
    float *backward; /* [out,in] in panels of inputs; NULL for the first layer */
} dt_panels;

/* Floats of a layer's panels. */
int64_t dt_panels_floats(const dt_layer *layer, bool first);

/* In so many, which are zero and borrowed. */
void dt_panels_init(dt_panels *panels, const dt_layer *layer, bool first, float *at);

/* Fill in those of some of the layer's outputs, counted in panels: [begin, end). */
void dt_panels_pack(const dt_panels *panels, const dt_layer *layer, const float *weight,
                    int64_t begin, int64_t end);

#endif
