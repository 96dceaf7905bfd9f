/* From a rank's samples and the parameters to the loss and its gradient, on all the rank's threads.
 *
 * Samples are taken in waves of a block of rows for each thread. In a wave each thread first runs
 * forward and backward over its own rows; then the threads share out the rows of every weight's
 * gradient, which is one product over the wave. So there is one gradient, not one a thread, no
 * thread ever writes where another does, and memory is bounded by the number of threads, whatever
 * the batch. */
#ifndef DT_ENGINE_H
#define DT_ENGINE_H

#include "core/feed.h"
#include "core/team.h"
#include "model/model.h"

typedef struct dt_engine dt_engine;

/* Not collective. model and team are borrowed for the engine's life. *engine NULL after an error.
 */
dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         dt_error *err);

/* Memory that so many rows at a time and their activations will take, the most that a call is
 * given. */
double dt_engine_bytes(const dt_model *model, int threads, int64_t rows);

/* Sum the loss and its gradient over some samples; dividing by their weight is the caller's.
 *   parameters  [P]
 *   feed        of at least so many rows
 *   gradient    [P] replaced, or added to if accumulate; with no rows it is set to 0 or kept
 *   weight      [in,out] the samples' weight is added, as dt_loss_weight counts it
 * Returns the sum of the losses. */
double dt_engine_gradient(dt_engine *engine, const float *parameters, const dt_feed *feed,
                          int64_t rows, bool accumulate, float *gradient, int64_t *weight);

/* The model's outputs before any softmax, and the loss if the feed has y, or is fetched from.
 *   output  [rows,outputs]
 * Returns the sum of the losses over the rows; 0 without y. */
double dt_engine_forward(dt_engine *engine, const float *parameters, const dt_feed *feed,
                         int64_t rows, float *output);

/* Takes NULL. */
void dt_engine_destroy(dt_engine *engine);

#endif
