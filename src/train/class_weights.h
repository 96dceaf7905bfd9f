/* --class-weights: the weights of samples by their class, or by the truth of an output.
 *
 * cross-entropy: the mean over a batch is sum(weight[label] loss) / sum(weight[label]), as
 * torch.nn.CrossEntropyLoss(weight=...) has it; "balanced" is rows / (classes rows_of_class), with
 * the classes that occur in the rows trained on, as scikit-learn's compute_class_weight.
 * bce: a sample that is true in output k counts weight[k] times there, as
 * torch.nn.BCEWithLogitsLoss(pos_weight= ...), and the mean stays one over samples and outputs;
 * "balanced" is false rows / true rows. */
#ifndef DT_TRAIN_CLASS_WEIGHTS_H
#define DT_TRAIN_CLASS_WEIGHTS_H

#include "data/dataset.h"
#include "model/loss.h"
#include <dtrain/options.h>
#include <dtrain/world.h>

/* Every weight is a whole number of units, so that the sum of a batch's weights is exactly the sum
 * of the numbers that its losses are multiplied by, on any number of ranks. The unit is a power of
 * two, 2^-90 to 2^-89 of the largest weight: 2^36 samples fit dt_weight, and the 24 bits of a float
 * are whole units down to 2^-64 of the largest. */
typedef struct {
    float *weight; /* [outputs] weights; NULL: all are 1 */
    dt_weight
        *units;  /* [outputs] weights in units, with cross-entropy; NULL: each sample counts 1 */
    double unit; /* value of a unit */
} dt_class_weights;

/* Check that the text is "balanced" or a list of numbers, or NULL. Not collective. DT_ERR_USAGE
 * names what was expected. */
dt_code dt_class_weights_check(const char *text, dt_error *err);

/* Make the weights that the text means for this data set; NULL: all are 1. Collective; an error is
 * the same on every rank. To be ended with dt_class_weights_free. */
dt_code dt_class_weights_init(dt_class_weights *weights, const char *text, dt_loss loss,
                              const dt_dataset *dataset, const dt_world *world, dt_error *err);

/* The unit of the weights of samples, which are also multiplied by those of their classes: a power
 * of two, 2^-60 of the largest product.
 *   largest  the largest absolute weight of a sample */
double dt_class_weights_sample_unit(const dt_class_weights *weights, int64_t K, float largest);

void dt_class_weights_free(dt_class_weights *weights);

#endif
