#include "model/model.h"

#include "core/random.h"
#include "model/loss_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add_layer(dt_model *m, dt_layer *layer, int64_t in, int64_t out, bool last)
{
    int64_t weights, total = m->parameters;
    layer->in = in;
    layer->out = out;
    layer->weight = total;
    if (__builtin_mul_overflow(in, out, &weights) ||
        __builtin_add_overflow(total, weights, &layer->bias) ||
        __builtin_add_overflow(layer->bias, out, &layer->gamma) ||
        __builtin_add_overflow(layer->gamma, out, &layer->beta) ||
        __builtin_add_overflow(layer->beta, out, &total))
        return false;
    m->parameters = m->layer_norm && !last ? total : layer->gamma;
    return m->parameters < INT64_MAX / 64; /* so that sizes in bytes can be computed */
}

dt_code dt_model_init(dt_model *m, const dt_model_shape *shape, dt_error *err)
{
    *m = (dt_model){.n_layers = shape->n_hidden + 1,
                    .activation = shape->activation,
                    .layer_norm = shape->layer_norm,
                    .dropout = {.p = shape->dropout},
                    .loss = shape->loss,
                    .criterion = {.quantiles = shape->quantiles},
                    .inputs = shape->inputs,
                    .outputs = shape->outputs,
                    .targets =
                        shape->outputs / dt_outputs_per_target(shape->loss, &shape->quantiles)};
    m->layer = calloc((size_t)m->n_layers, sizeof *m->layer);
    if (!m->layer)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the layers of the model");
    for (int i = 0; i < m->n_layers; i++) {
        int64_t in = i == 0 ? shape->inputs : shape->hidden[i - 1];
        int64_t out = i == shape->n_hidden ? shape->outputs : shape->hidden[i];
        m->layer[i].module_index =
            i * dt_model_modules_per_layer(shape->layer_norm, shape->dropout);
        if (!add_layer(m, &m->layer[i], in, out, i == shape->n_hidden))
            return dt_fail(err, DT_ERR_MEMORY, "no memory could hold a layer of %lld by %lld",
                           (long long)in, (long long)out);
    }
    return DT_OK;
}

void dt_model_free(dt_model *m)
{
    free(m->layer);
    m->layer = NULL;
}

int dt_model_modules_per_layer(bool layer_norm, double dropout)
{
    return 2 + layer_norm + (dropout > 0);
}

/* Tensors of a layer but the last. */
static int tensors_a_layer(const dt_model *m)
{
    return m->layer_norm ? 4 : 2;
}

int dt_model_tensors(const dt_model *m)
{
    return tensors_a_layer(m) * (m->n_layers - 1) + 2;
}

dt_tensor dt_model_tensor(const dt_model *m, int i)
{
    const dt_layer *l = &m->layer[i / tensors_a_layer(m)];
    int which = i % tensors_a_layer(m); /* weight, bias, gamma, shift */
    const int64_t begin[] = {l->weight, l->bias, l->gamma, l->beta};
    dt_tensor t = {.dims = which == 0 ? 2 : 1,
                   .dim = {l->out, l->in},
                   .begin = begin[which],
                   .count = which == 0 ? l->out * l->in : l->out};
    snprintf(t.name, sizeof t.name, "%d.%s", l->module_index + which / 2,
             which % 2 == 0 ? "weight" : "bias");
    return t;
}

static void init_layer(const dt_model *m, int l, uint64_t seed, float *parameters)
{
    const dt_layer *layer = &m->layer[l];
    float bound = 1 / sqrtf((float)layer->in);
    dt_random random = {.seed = seed, .purpose = DT_RANDOM_INIT, .stream = 2 * (uint32_t)l};
    dt_random_uniform(&random, -bound, bound, parameters + layer->weight, layer->out * layer->in);
    random.stream++;
    dt_random_uniform(&random, -bound, bound, parameters + layer->bias, layer->out);
    for (int64_t i = 0; i < layer->out && m->layer_norm && l < m->n_layers - 1; i++) {
        parameters[layer->gamma + i] = 1;
        parameters[layer->beta + i] = 0;
    }
}

void dt_model_init_parameters(const dt_model *m, uint64_t seed, float *parameters)
{
    for (int l = 0; l < m->n_layers; l++)
        init_layer(m, l, seed, parameters);
}

const char *dt_activation_name(dt_activation activation)
{
    static const char *const name[] = {"relu", "tanh", "sigmoid", "gelu"};
    return name[activation];
}

char *dt_model_describe(const dt_model *m)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (m->n_layers == 1)
        fprintf(out, "linear ");
    for (int i = 0; i < m->n_layers; i++)
        fprintf(out, "%lld-", (long long)m->layer[i].in);
    fprintf(out, "%lld", (long long)m->outputs);
    if (m->n_layers > 1) {
        fprintf(out, " %s", dt_activation_name(m->activation));
        if (m->layer_norm)
            fputs(", layer norm", out);
        if (m->dropout.p > 0)
            fprintf(out, ", dropout %g", m->dropout.p);
    }
    char loss[DT_LOSS_WORDS];
    fprintf(out, ", %s", dt_loss_describe(loss, m->loss, &m->criterion.quantiles));
    fclose(out);
    return text;
}
