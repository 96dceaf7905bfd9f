#include "optim/optim.h"

#include "core/memory.h"
#include "optim/internal.h"

#include <stdlib.h>
#include <string.h>

/* The names of what is remembered, as many as there are. */
static int state_names(const dt_optimizer_options *options, const char *name[DT_OPTIMIZER_VECTORS])
{
    switch (options->kind) {
    case DT_OPTIM_SGD:
    case DT_OPTIM_LARS:
        name[0] = "momentum_buffer";
        return options->kind == DT_OPTIM_LARS || options->momentum > 0;
    default:
        name[0] = "exp_avg";
        name[1] = "exp_avg_sq";
        return 2;
    }
}

int dt_optimizer_vectors(const dt_optimizer_options *options)
{
    const char *name[DT_OPTIMIZER_VECTORS];
    return state_names(options, name);
}

static float *alloc_state(const dt_optimizer *o, dt_error *err)
{
    static const char what[] = "the optimizer's state";
    if (o->sharing.with)
        return o->sharing.alloc(o->sharing.with, o->n, sizeof(float), what, err);
    float *values = dt_alloc(o->n, sizeof *values, what, err);
    if (values)
        memset(values, 0, (size_t)o->n * sizeof *values);
    return values;
}

dt_code dt_optimizer_init(dt_optimizer *o, const dt_optimizer_options *options, int64_t n,
                          const dt_sharing *sharing, dt_error *err)
{
    const char *name[DT_OPTIMIZER_VECTORS];
    *o = (dt_optimizer){.options = *options, .n = n, .n_vectors = state_names(options, name)};
    if (sharing)
        o->sharing = *sharing;
    for (int i = 0; i < o->n_vectors; i++)
        o->vector[i] = (dt_optimizer_vector){.name = name[i], .values = alloc_state(o, err)};
    return err->code;
}

void dt_optimizer_free(dt_optimizer *o)
{
    for (int i = 0; i < o->n_vectors && !o->sharing.with; i++)
        free(o->vector[i].values);
    o->n_vectors = 0;
}

bool dt_optimizer_wants_all(const dt_optimizer *o)
{
    return o->options.kind == DT_OPTIM_LARS || o->options.kind == DT_OPTIM_LAMB; /* by tensors */
}

bool dt_optimizer_step(dt_optimizer *o, double lr, double scale, const float *gradient,
                       float *weights)
{
    static double (*const step[])(const dt_update *) = {/* in the order of dt_optim_kind */
                                                        dt_sgd_step, dt_adam_step, dt_adam_step,
                                                        dt_lars_step, dt_lamb_step};
    dt_update update = {.optimizer = o,
                        .lr = lr,
                        .decay = o->options.weight_decay,
                        .scale = scale,
                        .gradient = gradient,
                        .w = weights,
                        .n = o->n};
    o->steps++;
    if (!o->sharing.with)
        return step[o->options.kind](&update) == 0;
    update.n = o->sharing.part(o->sharing.with, o->n, &update.begin);
    return o->sharing.barrier(o->sharing.with, step[o->options.kind](&update) == 0);
}

const char *dt_optimizer_name(dt_optim_kind kind)
{
    static const char *const name[] = {"sgd", "adam", "adamw", "lars", "lamb"};
    return name[kind];
}
