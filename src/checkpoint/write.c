#include "checkpoint/attribute.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/schema.h"
#include "checkpoint/tensor.h"
#include "file/h5.h"
#include "file/output.h"

#include <math.h>

static herr_t put_position(hid_t file, const dt_run_progress *c)
{
    if (dt_attribute_put_integer(file, "global_step", c->global_step) < 0 ||
        dt_attribute_put_integer(file, "epoch", c->epoch) < 0)
        return -1;
    return dt_attribute_put_integer(file, "step", c->step);
}

static herr_t put_attributes(hid_t file, const dt_checkpoint *c)
{
    if (dt_attribute_put_text(file, "format", "dtrain-checkpoint") < 0 ||
        dt_attribute_put_integer(file, "version", DT_CHECKPOINT_VERSION) < 0 ||
        put_position(file, &c->progress) < 0 || dt_attribute_put_integer(file, "seed", c->seed) < 0)
        return -1;
    return dt_attribute_put_text(file, "options", c->options);
}

static herr_t put_progress(hid_t group, const dt_run_progress *c)
{
    if (dt_attribute_put_integer(group, "epoch_samples", c->samples) < 0 ||
        dt_attribute_put_real(group, "epoch_loss", c->loss) < 0 ||
        dt_attribute_put_real(group, "epoch_weight", c->weight) < 0 ||
        dt_attribute_put_integer(group, "best_epoch", c->best_epoch) < 0 ||
        dt_attribute_put_integer(group, "epochs_since_best", c->epochs_since_best) < 0)
        return -1;
    return dt_attribute_put_real(group, "best_loss", c->best_epoch ? c->best_loss : INFINITY);
}

static herr_t put_data(hid_t group, const dt_run_data *d)
{
    if (dt_attribute_put_integer(group, "samples", d->samples) < 0 ||
        dt_attribute_put_integer(group, "features", d->features) < 0 ||
        dt_attribute_put_integer(group, "outputs", d->outputs) < 0 ||
        dt_attribute_put_integer(group, "block_rows", d->block_rows) < 0 ||
        dt_attribute_put_integer(group, "seed_offset", d->seed_offset) < 0)
        return -1;
    return dt_attribute_put_integer(group, "window_blocks", d->window_blocks);
}

/* /run */
static herr_t put_run(dt_output *output, const dt_checkpoint *c)
{
    hid_t group = dt_output_add_group(output->file, "run");
    if (c->n_rounding > 0 &&
        dt_vector_add(output, group, "rounding", c->n_rounding, c->rounding) < 0)
        return -1;
    if (put_progress(group, &c->progress) < 0 || put_data(group, &c->data) < 0 ||
        dt_attribute_put_real(group, "lr", c->lr) < 0)
        return -1;
    return H5Gclose(group);
}

/* A vector over the parameters, tensor by tensor, in a group of its own. */
static herr_t add_vector(dt_output *output, hid_t parent, const char *name, const dt_model *model,
                         const float *values)
{
    hid_t group = dt_output_add_group(parent, name);
    for (int i = 0; i < dt_model_tensors(model); i++) {
        dt_tensor tensor = dt_model_tensor(model, i);
        if (dt_tensor_add(output, group, &tensor, values + tensor.begin) < 0)
            return -1;
    }
    return H5Gclose(group);
}

/* /normalization, where there is one, or that of the targets */
static herr_t add_normalizer(dt_output *output, const char *name, const dt_normalizer *n)
{
    if (!n)
        return 0;
    hid_t group = dt_output_add_group(output->file, name);
    if (dt_vector_add(output, group, "mean", n->features, n->mean) < 0 ||
        dt_vector_add(output, group, "scale", n->features, n->scale) < 0 ||
        (n->fill && dt_vector_add(output, group, "fill", n->features, n->fill) < 0))
        return -1;
    return H5Gclose(group);
}

/* /optimizer with its name and each kind of state. */
static herr_t add_optimizer(dt_output *output, const dt_checkpoint *c)
{
    const dt_optimizer *o = c->optimizer;
    hid_t group = dt_output_add_group(output->file, "optimizer");
    for (int i = 0; i < o->n_vectors; i++)
        if (add_vector(output, group, o->vector[i].name, c->model, o->vector[i].values) < 0)
            return -1;
    if (dt_attribute_put_integer(group, "step", o->steps) < 0 ||
        dt_attribute_put_text(group, "name", dt_optimizer_name(o->options.kind)) < 0)
        return -1;
    return H5Gclose(group);
}

static herr_t add_all(dt_output *output, const dt_checkpoint *c)
{
    if (add_vector(output, output->file, "model", c->model, c->parameters) < 0 ||
        add_optimizer(output, c) < 0 ||
        add_normalizer(output, "normalization", c->normalizer) < 0 ||
        add_normalizer(output, "target_normalization", c->y_normalizer) < 0 ||
        dt_schema_put(output->file, c->schema) < 0 || put_run(output, c) < 0)
        return -1;
    return put_attributes(output->file, c);
}

/* What differs from the checkpoint before. */
static herr_t update_attributes(dt_output *output, const dt_checkpoint *c)
{
    hid_t optimizer = H5Gopen2(output->file, "optimizer", H5P_DEFAULT);
    hid_t run = H5Gopen2(output->file, "run", H5P_DEFAULT);
    if (put_position(output->file, &c->progress) < 0 ||
        dt_attribute_put_integer(optimizer, "step", c->optimizer->steps) < 0 ||
        put_progress(run, &c->progress) < 0)
        return -1;
    H5Gclose(optimizer);
    return H5Gclose(run);
}

static dt_code begin_file(dt_output *output, const char *path, const char *recycled,
                          const dt_checkpoint *c, dt_error *err)
{
    bool again = output->file > 0;
    if (again ? dt_output_reuse_layout(output, path, recycled, err)
              : dt_output_create(output, path, recycled, err))
        return err->code;
    return (again ? update_attributes : add_all)(output, c) < 0
               ? dt_output_layout_failed(output, err)
               : DT_OK;
}

static dt_code finish_layout(dt_output *output, dt_error *err)
{
    for (int i = 0; i < output->sets; i++)
        if (dt_tensor_write_hash(&output->extent[i]) < 0)
            return dt_output_layout_failed(output, err);
    return dt_output_flush_layout(output, err);
}

dt_code dt_checkpoint_write(const char *path, const char *recycled, const dt_checkpoint *c,
                            dt_output *layout, dt_error *err)
{
    dt_output once = {0}, *output = layout ? layout : &once;
    dt_h5_lock();
    begin_file(output, path, recycled, c, err);
    dt_h5_unlock();
    if (!err->code && !dt_output_write_values(output, &c->reader, err)) {
        dt_h5_lock();
        finish_layout(output, err);
        dt_h5_unlock();
    }
    if (!err->code && !dt_output_write_footer(output, err))
        dt_output_commit(output, err);
    if (!layout || err->code)
        dt_checkpoint_close_layout(output);
    return err->code;
}

void dt_checkpoint_close_layout(dt_output *layout)
{
    dt_h5_lock();
    dt_output_close(layout);
    dt_h5_unlock();
}
