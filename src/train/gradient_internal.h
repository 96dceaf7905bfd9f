/* What the two ways to sum a gradient share. */
#ifndef DT_TRAIN_GRADIENT_INTERNAL_H
#define DT_TRAIN_GRADIENT_INTERNAL_H

#include "train/gradient.h"

/* The callbacks for the engine's call that completes the gradient: they send the gradient of the
 * last layers while that of the first is computed. *overlap is filled in and returned; NULL where
 * there is nothing to be gained, and all is sent at once. */
const dt_overlap *dt_gradient_start_overlap(dt_gradient *g, dt_overlap *overlap);

/* Not collective. */
dt_code dt_exact_init(dt_gradient *g, const dt_gradient_options *options, dt_error *err);
void dt_exact_free(dt_exact *e);

/* The number of values that the lines' flags take in the vector that is summed: a multiple of
 * DT_STEP_SUMS_ALIGN. */
int64_t dt_exact_flags(const dt_exact *e);

/* As dt_gradient_compute. Collective. */
void dt_exact_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                      dt_step_sums *step_sums);

/* The same with the samples that are in exact.part already. Collective. */
void dt_exact_compute_part(dt_gradient *g, const float *parameters, dt_step_sums *step_sums);

/* As dt_gradient_sum. Collective. */
bool dt_exact_sum(dt_gradient *g, const float *parameters, bool whole, dt_step_sums *step_sums);

#endif
