#include "train/resume.h"

#include "comm/comm.h"
#include "report/report.h"
#include "train/options.h"

#include <stdlib.h>
#include <string.h>

dt_code dt_resume_find(dt_resume *r, const dt_world *world, const char *folder, dt_error *err)
{
    *r = (dt_resume){0};
    if (world->rank == 0 && !dt_contents_find_newest(&r->contents, folder, dt_report_warn, err)) {
        r->found = r->contents.path != NULL;
        r->progress = r->contents.progress;
        r->data = r->contents.data;
        r->lr = r->contents.lr;
        r->optimizer_steps = r->contents.optimizer_steps;
    }
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, &r->found, sizeof r->found);
    dt_broadcast(world, &r->progress, sizeof r->progress);
    dt_broadcast(world, &r->data, sizeof r->data);
    dt_broadcast(world, &r->lr, sizeof r->lr);
    dt_broadcast(world, &r->optimizer_steps, sizeof r->optimizer_steps);
    r->normalizer = r->contents.normalizer;
    r->y_normalizer = r->contents.y_normalizer;
    r->contents.normalizer = r->contents.y_normalizer = NULL;
    if (dt_normalizer_broadcast(world, r->data.features, &r->normalizer, err))
        return err->code;
    return dt_normalizer_broadcast(world, r->data.outputs, &r->y_normalizer, err);
}

/* ---- Whether it is the same run ------------------------------------------------------------- */

/* A value of an option as the command line has it, to be freed. */
static char *value_text(const json_t *value)
{
    if (json_is_string(value))
        return strdup(json_string_value(value));
    if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
        return strdup("none");
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text && text[0] == '[') {
        memmove(text, text + 1, strlen(text));
        text[strlen(text) - 1] = '\0';
    }
    return text;
}

static dt_code differs(const char *path, const dt_option *option, const json_t *now,
                       const json_t *then, dt_error *err)
{
    char *a = value_text(now), *b = value_text(then);
    dt_fail(err, DT_ERR_USAGE,
            "--%s is %s, but %s in the run of %s; with another one it is another run, for another "
            "--checkpoint folder",
            option->name, a ? a : "?", b ? b : "?", path);
    free(a);
    free(b);
    return err->code;
}

dt_code dt_resume_check_options(const dt_resume *r, const char *options, dt_error *err)
{
    json_t *now = json_loads(options, 0, NULL), *then = json_loads(r->contents.options, 0, NULL);
    if (!now || !then)
        dt_fail(err, DT_ERR_DATA, "%s: its \"options\" cannot be read", r->contents.path);
    for (const dt_option *o = dt_train_option_table; o->name && !err->code; o++) {
        const json_t *a = json_object_get(now, o->name), *b = json_object_get(then, o->name);
        if (!o->may_change && b && !json_equal(a, b)) /* an older program had fewer options */
            differs(r->contents.path, o, a, b, err);
    }
    json_decref(now);
    json_decref(then);
    return err->code;
}

char *dt_resume_identity(const dt_resume *r, const char *options)
{
    json_t *now = json_loads(options, 0, NULL), *then = json_loads(r->contents.options, 0, NULL);
    json_t *all = json_object();
    for (const dt_option *o = dt_train_option_table; now && then && o->name; o++) {
        json_t *a = json_object_get(now, o->name), *b = json_object_get(then, o->name);
        if (a && !o->may_change)
            json_object_set_new(all, o->name, json_pack("[O]", a));
        else if (a && b && strcmp(o->name, "lr") == 0)
            json_object_set_new(all, o->name, json_pack("[OO]", a, b));
    }
    char *text = now && then ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(all);
    json_decref(now);
    json_decref(then);
    return text;
}

static dt_code check_count(const char *file, const char *what, int64_t now, int64_t then,
                           dt_error *err)
{
    if (now < 0 || now == then)
        return DT_OK;
    return dt_fail(err, DT_ERR_SHAPE,
                   "%s: %lld %s, but %lld in the run that is to go on; its data must be the same",
                   file, (long long)now, what, (long long)then);
}

dt_code dt_resume_check_data(const dt_resume *r, const char *file, int64_t features,
                             int64_t samples, int64_t outputs, dt_error *err)
{
    if (!check_count(file, "values in a row", features, r->data.features, err) &&
        !check_count(file, "samples to train on", samples, r->data.samples, err))
        check_count(file, "outputs", outputs, r->data.outputs, err);
    return err->code;
}

dt_code dt_resume_check_position(const dt_resume *r, int64_t batch_size, int64_t steps_per_epoch,
                                 dt_error *err)
{
    const dt_run_progress *c = &r->progress;
    int64_t steps, samples;
    bool fits = !__builtin_mul_overflow(c->epoch, steps_per_epoch, &steps) &&
                !__builtin_add_overflow(steps, c->step, &steps) && steps == c->global_step &&
                c->step <= steps_per_epoch;
    if (__builtin_mul_overflow(c->step, batch_size, &samples) || samples > r->data.samples)
        samples = r->data.samples;
    if (fits && c->samples == samples)
        return DT_OK;
    return dt_fail(err, DT_ERR_DATA,
                   "%s: it was edited: it stands at step %lld, in epoch %lld after %lld steps and "
                   "%lld samples, but an epoch has %lld steps of up to %lld samples",
                   r->contents.path ? r->contents.path : "the checkpoint",
                   (long long)c->global_step, (long long)c->epoch + 1, (long long)c->step,
                   (long long)c->samples, (long long)steps_per_epoch, (long long)batch_size);
}

/* ---- Its state ------------------------------------------------------------------------------ */

/* On rank 0. */
static dt_code copy_state(const dt_resume *r, float *parameters, dt_optimizer *o, dt_error *err)
{
    size_t bytes = (size_t)o->n * sizeof(float);
    if (r->contents.model.parameters != o->n)
        return dt_fail(err, DT_ERR_SHAPE, "%s: %lld parameters, this model has %lld",
                       r->contents.path, (long long)r->contents.model.parameters, (long long)o->n);
    memcpy(parameters, r->contents.parameters, bytes);
    for (int i = 0; i < o->n_vectors; i++) {
        const float *values = dt_contents_values(&r->contents, o->vector[i].name);
        if (!values)
            return dt_fail(err, DT_ERR_DATA, "%s: no \"/optimizer/%s\", which this run needs",
                           r->contents.path, o->vector[i].name);
        memcpy(o->vector[i].values, values, bytes);
    }
    return DT_OK;
}

/* A run of sums of floats leaves none, nor do older programs: then the next step finds them. */
static void take_scales(const dt_resume *r, const dt_world *world, dt_scales *scales)
{
    bool there = r->contents.rounding && r->contents.n_rounding == scales->n;
    dt_broadcast(world, &there, sizeof there);
    if (!there)
        return;
    if (world->rank == 0)
        memcpy(scales->state, r->contents.rounding, (size_t)scales->n * sizeof *scales->state);
    dt_broadcast(world, scales->state, scales->n * (int64_t)sizeof *scales->state);
    dt_scales_set(scales);
}

dt_code dt_resume_take(dt_resume *r, const dt_world *world, float *parameters, dt_optimizer *o,
                       dt_scales *scales, dt_error *err)
{
    int64_t bytes = o->n * (int64_t)sizeof(float);
    if (world->rank == 0)
        copy_state(r, parameters, o, err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, parameters, bytes);
    for (int i = 0; i < o->n_vectors; i++)
        dt_broadcast(world, o->vector[i].values, bytes);
    o->steps = r->optimizer_steps;
    take_scales(r, world, scales);
    dt_contents_drop_values(&r->contents);
    return DT_OK;
}

void dt_resume_free(dt_resume *r)
{
    dt_normalizer_destroy(r->normalizer);
    dt_normalizer_destroy(r->y_normalizer);
    r->normalizer = r->y_normalizer = NULL;
    dt_contents_free(&r->contents);
}
