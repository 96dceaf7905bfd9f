#include "optim/internal.h"

#include "model/model.h"

double dt_layerwise_step(const dt_update *u, dt_trust *trust, dt_kernel *kernel)
{
    const dt_model *model = u->optimizer->options.model;
    double finite = 0;
    for (int i = 0; i < dt_model_tensors(model); i++) {
        dt_tensor t = dt_model_tensor(model, i);
        dt_update part = *u;
        if (t.begin < u->begin || t.begin >= u->begin + u->n) /* another rank's, as a whole */
            continue;
        if (t.dims == 1)
            part.decay = 0;
        double times = trust(&part, t.begin, t.count);
        if (t.dims > 1)
            part.lr *= times;
        finite += dt_run_blocks(&part, kernel, t.begin, t.count);
    }
    return finite;
}
