/* What the two ways to sum a gradient share. */
#ifndef DT_TRAIN_GRADIENT_INTERNAL_H
#define DT_TRAIN_GRADIENT_INTERNAL_H

#include "train/gradient.h"

/* Of a call of the engine after which the gradient is complete; *overlap is filled in. NULL where
 * there is nothing to be gained: then all is summed at once. */
const dt_overlap *dt_gradient_start_overlap(dt_gradient *g, dt_overlap *overlap);

/* Not collective. Values that the lines take in the vector that is summed: a multiple of
 * DT_TOTALS_LINE. */
dt_code dt_exact_init(dt_gradient *g, const dt_gradient_options *options, dt_error *err);
int64_t dt_exact_flags(const dt_exact *e);
void dt_exact_free(dt_exact *e);

/* As of dt_gradient. Collective. */
void dt_exact_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                      dt_totals *totals);

/* Of samples that are in exact.part already. Collective. */
void dt_exact_compute_part(dt_gradient *g, const float *parameters, dt_totals *totals);
bool dt_exact_sum(dt_gradient *g, const float *parameters, bool whole, dt_totals *totals);

#endif
