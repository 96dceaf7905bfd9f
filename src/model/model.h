/* The model: a multilayer perceptron. All parameters are one flat vector; layers and tensors are
 * views of it. Optimizer, allreduce and checkpoint are loops over the vector. */
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
    int n_layers; /* linear layers, >= 1; each but the last is followed by a LayerNorm if the model
                     has such, the activation, and dropout if it has some */
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

/* The number of vectors [out] that follow the weight of a layer, one behind the other: the bias,
 * and gamma and beta of a LayerNorm. */
static inline int dt_layer_vectors(const dt_model *m, int layer)
{
    return m->layer_norm && layer < m->n_layers - 1 ? 3 : 1;
}

/* A tensor of the model, under PyTorch's name. */
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

/* Compute the layers and their offsets. Not collective; to be ended with dt_model_free.
 * DT_ERR_MEMORY if the model has more parameters than can be counted. */
dt_code dt_model_init(dt_model *model, const dt_model_shape *shape, dt_error *err);

void dt_model_free(dt_model *model);

/* The number of tensors, and tensor i, in PyTorch's order. */
int dt_model_tensors(const dt_model *model);
dt_tensor dt_model_tensor(const dt_model *model, int i);

/* The number of modules that nn.Sequential has for each hidden layer: Linear, LayerNorm if there is
 * one, the activation, Dropout if there is one. */
int dt_model_modules_per_layer(bool layer_norm, double dropout);

/* PyTorch's default initialisation: weight and bias of nn.Linear are uniform in +-1/sqrt(in)
 * (torch.nn.Linear.reset_parameters), those of nn.LayerNorm are 1 and 0. The same for every number
 * of ranks.
 *   parameters  [out] [parameters] */
void dt_model_init_parameters(const dt_model *model, uint64_t seed, float *parameters);

/* The model as "784-512-10 relu, cross-entropy"; to be freed; NULL when memory runs out. */
char *dt_model_describe(const dt_model *model);

const char *dt_activation_name(dt_activation activation);

#endif
