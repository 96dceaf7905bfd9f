/* A multilayer perceptron as shapes over one flat vector of parameters: optimizer, allreduce and
 * checkpoint are loops over the vector, and the layers are views into it. */
#ifndef DT_MODEL_H
#define DT_MODEL_H

#include "model/loss.h"
#include <dtrain/options.h>
#include <dtrain/status.h>
#include <stdint.h>

/* A linear layer y = x W^T + b. */
typedef struct {
    int64_t in, out;
    int64_t weight; /* where its weight [out,in] begins in the parameters */
    int64_t bias;   /* where its bias [out] begins */
    int number;     /* in PyTorch's nn.Sequential, in which activations count too */
} dt_layer;

typedef struct {
    int n_layers; /* linear layers, >= 1; an activation follows each but the last */
    dt_layer *layer;
    dt_activation activation;
    dt_loss loss;           /* never DT_LOSS_AUTO */
    dt_criterion criterion; /* what training makes of it; plain, unless the owner says otherwise */
    int64_t inputs, outputs;
    int64_t parameters;
} dt_model;

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
} dt_model_shape;

/* Lay the model out. Not collective; to be ended with dt_model_free.
 * DT_ERR_MEMORY if it has more parameters than can be counted. */
dt_code dt_model_init(dt_model *model, const dt_model_shape *shape, dt_error *err);

void dt_model_free(dt_model *model);

/* The tensors in PyTorch's order, and how many they are. */
int dt_model_tensors(const dt_model *model);
dt_tensor dt_model_tensor(const dt_model *model, int i);

/* PyTorch's default initialisation of nn.Linear: weight and bias uniform in +-1/sqrt(in)
 * (torch.nn.Linear.reset_parameters). The same for every number of ranks.
 *   parameters  [out] [parameters] */
void dt_model_draw(const dt_model *model, uint64_t seed, float *parameters);

/* "784-512-10 relu, cross-entropy" in a buffer that the caller frees; NULL without memory. */
char *dt_model_describe(const dt_model *model);

const char *dt_activation_name(dt_activation activation);
const char *dt_loss_name(dt_loss loss);

#endif
