/* Functions that only gradient.c and gradient_exact.c use. */
#ifndef DT_TRAIN_GRADIENT_INTERNAL_H
#define DT_TRAIN_GRADIENT_INTERNAL_H

#include "train/gradient.h"

/* Fill in the callbacks for the engine's call that completes the gradient. They send the
 * gradient of the last layers while that of the first is computed. Returns overlap, or NULL if
 * nothing is gained by that; then everything is sent at once. Not collective. */
const dt_overlap *dt_gradient_start_overlap(dt_gradient *g, dt_overlap *overlap);

/* Allocate what exact sums need. Not collective. */
dt_code dt_exact_init(dt_gradient *g, const dt_gradient_options *options, dt_error *err);
void dt_exact_free(dt_exact *e);

/* Return the number of values that the flags of lines take in the vector that is summed, a multiple
 * of DT_STEP_SUMS_ALIGN. */
int64_t dt_exact_flags(const dt_exact *e);

/* As dt_gradient_compute. Collective. */
void dt_exact_compute(dt_gradient *g, dt_loader *loader, const float *parameters, dt_times *t,
                      dt_step_sums *step_sums);

/* The same for the samples that exact.part has already. Collective. */
void dt_exact_compute_part(dt_gradient *g, const float *parameters, dt_step_sums *step_sums);

/* As dt_gradient_sum. Collective. */
bool dt_exact_sum(dt_gradient *g, const float *parameters, bool whole, dt_step_sums *step_sums);

#endif
