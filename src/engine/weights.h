/* Weights as the products take them: in panels (product.h). */
#ifndef DT_ENGINE_WEIGHTS_H
#define DT_ENGINE_WEIGHTS_H

#include "model/model.h"

#include <dtrain/status.h>

/* Room for one layer's weight [out,in]. */
typedef struct {
    float *forward;  /* its transpose [in,out], in panels of outputs */
    float *backward; /* [out,in] in panels of inputs; NULL for the first layer */
} dt_panels;

dt_code dt_panels_init(dt_panels *panels, const dt_layer *layer, bool first, dt_error *err);
void dt_panels_free(dt_panels *panels);

/* Fill in a thread's share of the panels. */
void dt_panels_pack(const dt_panels *panels, const dt_layer *layer, const float *weight, int thread,
                    int threads);

#endif
