#include "model/model.h"

#include "core/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add_layer(dt_model *m, dt_layer *layer, int64_t in, int64_t out)
{
    int64_t weights, total = m->parameters;
    layer->in = in;
    layer->out = out;
    layer->weight = total;
    if (__builtin_mul_overflow(in, out, &weights) ||
        __builtin_add_overflow(total, weights, &layer->bias) ||
        __builtin_add_overflow(layer->bias, out, &m->parameters))
        return false;
    return m->parameters < INT64_MAX / 64; /* so that sizes in bytes can be computed */
}

dt_code dt_model_init(dt_model *m, const dt_model_shape *shape, dt_error *err)
{
    *m = (dt_model){.n_layers = shape->n_hidden + 1,
                    .activation = shape->activation,
                    .loss = shape->loss,
                    .inputs = shape->inputs,
                    .outputs = shape->outputs};
    m->layer = calloc((size_t)m->n_layers, sizeof *m->layer);
    if (!m->layer)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the layers of the model");
    for (int i = 0; i < m->n_layers; i++) {
        int64_t in = i == 0 ? shape->inputs : shape->hidden[i - 1];
        int64_t out = i == shape->n_hidden ? shape->outputs : shape->hidden[i];
        m->layer[i].number = 2 * i;
        if (!add_layer(m, &m->layer[i], in, out))
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

int dt_model_tensors(const dt_model *m)
{
    return 2 * m->n_layers;
}

dt_tensor dt_model_tensor(const dt_model *m, int i)
{
    const dt_layer *l = &m->layer[i / 2];
    bool is_weight = i % 2 == 0;
    dt_tensor t = {.dims = is_weight ? 2 : 1,
                   .dim = {l->out, l->in},
                   .begin = is_weight ? l->weight : l->bias,
                   .count = is_weight ? l->out * l->in : l->out};
    snprintf(t.name, sizeof t.name, "%d.%s", l->number, is_weight ? "weight" : "bias");
    return t;
}

void dt_model_draw(const dt_model *m, uint64_t seed, float *parameters)
{
    for (int i = 0; i < 2 * m->n_layers; i++) {
        dt_tensor t = dt_model_tensor(m, i);
        dt_random random = {.seed = seed, .purpose = DT_RANDOM_INIT, .stream = (uint32_t)i};
        float bound = 1 / sqrtf((float)m->layer[i / 2].in);
        dt_random_uniform(&random, -bound, bound, parameters + t.begin, t.count);
    }
}

const char *dt_activation_name(dt_activation activation)
{
    static const char *const name[] = {"relu", "tanh", "sigmoid", "gelu"};
    return name[activation];
}

const char *dt_loss_name(dt_loss loss)
{
    static const char *const name[] = {"auto", "mse", "mae", "huber", "cross-entropy", "bce"};
    return name[loss];
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
    if (m->n_layers > 1)
        fprintf(out, " %s", dt_activation_name(m->activation));
    fprintf(out, ", %s", dt_loss_name(m->loss));
    fclose(out);
    return text;
}
