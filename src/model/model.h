/* A multilayer perceptron as shapes over one flat vector of parameters: optimizer, allreduce and
 * checkpoint are loops over the vector, and the layers are views into it. */
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
    int64_t weight; /* where its weight [out,in] begins in the parameters */
    int64_t bias;   /* where its bias [out] begins */
    int64_t gamma;  /* where weight [out] and bias [out] of the LayerNorm behind it begin, if the */
    int64_t beta;   /* model has such and this is not the last layer */
    int module_index; /* in PyTorch's nn.Sequential, in which the layers between count too */
} dt_layer;

typedef struct {
    int n_layers; /* linear layers, >= 1; each but the last is followed by a LayerNorm if the model
                     has such, the activation, and dropout if it has some */
    dt_layer *layer;
    dt_activation activation;
    bool layer_norm;
    dt_dropout dropout;     /* its seed is the owner's to set */
    dt_loss loss;           /* never DT_LOSS_AUTO */
    dt_criterion criterion; /* what training makes of it; plain, unless the owner says otherwise */
    int64_t inputs, outputs;
    int64_t parameters;
} dt_model;

/* Vectors [out] of a layer, that follow its weight one after the other: its bias, and the weight
 * and bias of a LayerNorm behind it. */
static inline int dt_layer_vectors(const dt_model *m, int layer)
{
    return m->layer_norm && layer < m->n_layers - 1 ? 3 : 1;
}

/* A tensor of the model under PyTorch's name for it. */
typedef struct {
    char name[32];
    int dims;
    int64_t dim[2];
    int64_t begin, count; /* in the parameters */
} dt_tensor;

typedef struct {
    int64_t inputs, outputs;
    const int64_t *hidden; /* [n_hidden] */
    int n_hidden;
    dt_activation activation;
    dt_loss loss;
    bool layer_norm;
    double dropout;
} dt_model_shape;

/* Lay the model out. Not collective; to be ended with dt_model_free.
 * DT_ERR_MEMORY if it has more parameters than can be counted. */
dt_code dt_model_init(dt_model *model, const dt_model_shape *shape, dt_error *err);

void dt_model_free(dt_model *model);

/* The tensors in PyTorch's order, and how many they are. */
int dt_model_tensors(const dt_model *model);
dt_tensor dt_model_tensor(const dt_model *model, int i);

/* Of a model of such a shape: by how much the numbers of two linear layers that follow each other
 * differ. */
int dt_model_modules_per_layer(bool layer_norm, double dropout);

/* PyTorch's default initialisation: of nn.Linear weight and bias uniform in +-1/sqrt(in)
 * (torch.nn.Linear.reset_parameters), of nn.LayerNorm 1 and 0. The same for every number of ranks.
 *   parameters  [out] [parameters] */
void dt_model_init_parameters(const dt_model *model, uint64_t seed, float *parameters);

/* "784-512-10 relu, cross-entropy" in a buffer that the caller frees; NULL without memory. */
char *dt_model_describe(const dt_model *model);

const char *dt_activation_name(dt_activation activation);
const char *dt_loss_name(dt_loss loss);

#endif
