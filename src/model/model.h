/* The model: a multilayer perceptron. All P parameters are one flat vector, and layers and tensors
 * are views of it. Optimizer, allreduce and checkpoint are loops over the vector. Not collective.
 * */
#ifndef DT_MODEL_H
#define DT_MODEL_H

#include "model/dropout.h"
#include "model/loss.h"
#include <dtrain/options.h>
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

/* A linear layer y = x W^T + b. */
typedef struct {
    int64_t in, out;
    int64_t weight;   /* the offset of weight [out,in] in the parameters */
    int64_t bias;     /* the offset of bias [out] */
    int64_t gamma;    /* the offset of weight [out] of a LayerNorm behind the layer */
    int64_t beta;     /* the offset of its bias [out] */
    int module_index; /* the number of the module in PyTorch's nn.Sequential */
} dt_layer;

typedef struct {
    int n_layers; /* linear layers, >= 1. Each but the last is followed by a LayerNorm (optional),
                     the activation, and dropout (optional) */
    dt_layer *layer;
    dt_activation activation;
    bool layer_norm;
    dt_dropout dropout;     /* the owner sets its seed */
    dt_loss loss;           /* never DT_LOSS_AUTO */
    dt_criterion criterion; /* the options of the loss; the owner may set them */
    int64_t inputs, outputs;
    int64_t targets; /* values in a row of y; for labels the number of classes */
    int64_t parameters;
} dt_model;

/* Return the number of vectors [out] that follow the weight of a layer in the parameters: the bias,
 * and gamma and beta if the layer has a LayerNorm. */
static inline int dt_layer_vectors(const dt_model *m, int layer)
{
    return m->layer_norm && layer < m->n_layers - 1 ? 3 : 1;
}

/* A tensor of the model, with PyTorch's name. */
typedef struct {
    char name[32];
    int dims;
    int64_t dim[2];
    int64_t begin, count; /* its values are [begin, begin + count) of the parameters */
} dt_tensor;

typedef struct {
    int64_t inputs;
    int64_t outputs;       /* dt_outputs_per_target for each target */
    const int64_t *hidden; /* [n_hidden] */
    int n_hidden;
    dt_activation activation;
    dt_loss loss;
    bool layer_norm;
    double dropout;
    dt_quantiles quantiles; /* of DT_LOSS_QUANTILE */
} dt_model_shape;

/* Compute the layers and their offsets. The caller calls dt_model_free. DT_ERR_MEMORY if there is
 * no memory, or if the number of parameters is too large. */
dt_code dt_model_init(dt_model *model, const dt_model_shape *shape, dt_error *err);

/* Free the layers. A model of zeros is allowed. */
void dt_model_free(dt_model *model);

/* Return the number of tensors, or tensor i in PyTorch's order. */
int dt_model_tensors(const dt_model *model);
dt_tensor dt_model_tensor(const dt_model *model, int i);

/* Return the number of modules that nn.Sequential has for each hidden layer: Linear, LayerNorm if
 * there is one, the activation, Dropout if there is one. */
int dt_model_modules_per_layer(bool layer_norm, double dropout);

/* Initialise the parameters with PyTorch's default: weight and bias of nn.Linear are uniform in
 * +-1/sqrt(in) (torch.nn.Linear.reset_parameters), and those of nn.LayerNorm are 1 and 0. They
 * depend on the seed only, so they are the same on every rank.
 *   parameters  [out] [P] */
void dt_model_init_parameters(const dt_model *model, uint64_t seed, float *parameters);

/* Return a text like "784-512-10 relu, cross-entropy", which the caller frees. NULL when memory
 * runs out. */
char *dt_model_describe(const dt_model *model);

/* Return the name that options and checkpoints use. */
const char *dt_activation_name(dt_activation activation);

#endif
