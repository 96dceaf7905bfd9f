#include "optim/clip.h"

#include "optim/internal.h"

double dt_clip_factor(const float *gradient, int64_t n, double scale, double max_norm)
{
    dt_update whole = {.gradient = gradient, .scale = scale};
    double factor = max_norm / (dt_norm_gradient(&whole, 0, n) + 1e-6);
    return factor > 1 ? 1 : factor;
}
