#include "checkpoint/saved.h"

#include "checkpoint/attribute.h"
#include "checkpoint/store.h"
#include "checkpoint/tensor.h"
#include "core/memory.h"
#include "file/h5.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Runs whose checkpoints do not name an offset had their seed moved by this one. */
enum { OLD_SEED_OFFSET = 97 };

/* ---- One file ------------------------------------------------------------------------------- */

static dt_code read_vector(dt_saved *s, hid_t optimizer, dt_error *err)
{
    dt_saved_vector *v = &s->vector[s->n_vectors - 1];
    hid_t group = H5Gopen2(optimizer, v->name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: cannot read \"/optimizer/%s\"", s->path, v->name);
    v->values = dt_alloc(s->model.parameters, sizeof *v->values, "the optimizer's state", err);
    if (v->values)
        dt_tensors_read(group, s->path, &s->model, v->values, err);
    H5Gclose(group);
    return err->code;
}

static dt_code read_optimizer(dt_saved *s, hid_t file, dt_error *err)
{
    hsize_t members = 0;
    hid_t group = H5Gopen2(file, "optimizer", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return DT_OK; /* weights for --init-from need none */
    s->optimizer_steps = dt_attribute_integer(group, "step", 0);
    H5Gget_num_objs(group, &members);
    if (members > DT_OPTIMIZER_VECTORS)
        dt_fail(err, DT_ERR_DATA, "%s: \"/optimizer\" is of an optimizer that is not known here",
                s->path);
    for (hsize_t i = 0; i < members && !err->code; i++) {
        dt_saved_vector *v = &s->vector[s->n_vectors++];
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, v->name, sizeof v->name,
                           H5P_DEFAULT);
        read_vector(s, group, err);
    }
    H5Gclose(group);
    return err->code;
}

static void read_course(dt_saved *s, hid_t file, hid_t run, dt_error *err)
{
    s->course = (dt_course){
        .global_step = dt_attribute_integer(file, "global_step", 0),
        .epoch = dt_attribute_integer(file, "epoch", 0),
        .step = dt_attribute_integer(file, "step", 0),
        .best_loss = INFINITY,
    };
    s->seed = dt_attribute_integer(file, "seed", 0);
    s->options = dt_attribute_text(file, "options", err);
    if (run < 0)
        return;
    s->course.samples = dt_attribute_integer(run, "epoch_samples", 0);
    s->course.loss = dt_attribute_real(run, "epoch_loss", 0);
    s->course.weight = dt_attribute_real(run, "epoch_weight", 0);
    s->course.best_loss = dt_attribute_real(run, "best_loss", INFINITY);
    s->course.best_epoch = dt_attribute_integer(run, "best_epoch", 0);
    s->course.epochs_since_best = dt_attribute_integer(run, "epochs_since_best", 0);
    s->data = (dt_course_data){
        .samples = dt_attribute_integer(run, "samples", 0),
        .features = dt_attribute_integer(run, "features", 0),
        .outputs = dt_attribute_integer(run, "outputs", 0),
        .block_rows = dt_attribute_integer(run, "block_rows", 0),
        .window_blocks = dt_attribute_integer(run, "window_blocks", 0),
        .seed_offset = dt_attribute_integer(run, "seed_offset", OLD_SEED_OFFSET),
    };
    s->lr = dt_attribute_real(run, "lr", 0);
    s->can_go_on = s->options != NULL && s->data.samples > 0;
}

static dt_code read_scales(dt_saved *s, hid_t run, dt_error *err)
{
    if (run < 0 || H5Lexists(run, "scales", H5P_DEFAULT) <= 0)
        return DT_OK;
    for (int l = 0; l < s->model.n_layers; l++)
        s->n_scales += s->model.layer[l].in + dt_layer_vectors(&s->model, l);
    s->n_scales += 2; /* as engine/scales.h has them */
    s->scales = dt_alloc(s->n_scales, sizeof *s->scales, "the scales", err);
    return err->code ? err->code
                     : dt_vector_read(run, s->path, "scales", s->n_scales, s->scales, err);
}

dt_code dt_saved_read(dt_saved *s, hid_t file, const char *path, dt_error *err)
{
    *s = (dt_saved){.path = strdup(path)};
    if (!s->path)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    if (dt_checkpoint_read(file, path, &s->model, &s->parameters, &s->normalizer, &s->schema,
                           err) ||
        read_optimizer(s, file, err))
        return err->code;
    hid_t run = H5Gopen2(file, "run", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    read_course(s, file, run, err);
    read_scales(s, run, err);
    if (run >= 0)
        H5Gclose(run);
    return err->code;
}

const float *dt_saved_values(const dt_saved *s, const char *name)
{
    for (int i = 0; i < s->n_vectors; i++)
        if (strcmp(s->vector[i].name, name) == 0)
            return s->vector[i].values;
    return NULL;
}

void dt_saved_drop_values(dt_saved *s)
{
    for (int i = 0; i < s->n_vectors; i++)
        free(s->vector[i].values);
    s->n_vectors = 0;
    free(s->parameters);
    s->parameters = NULL;
}

void dt_saved_free(dt_saved *s)
{
    dt_saved_drop_values(s);
    dt_model_free(&s->model);
    dt_normalizer_destroy(s->normalizer);
    dt_schema_free(&s->schema);
    free(s->scales);
    free(s->options);
    free(s->path);
    *s = (dt_saved){0};
}

/* ---- The newest of a folder ----------------------------------------------------------------- */

static dt_code read_whole(dt_saved *s, const char *path, dt_error *err)
{
    *s = (dt_saved){0};
    hid_t file = dt_h5_open(path, err);
    if (file < 0)
        return err->code;
    if (!dt_checkpoint_is_one(file))
        dt_fail(err, DT_ERR_DATA, "%s: not a checkpoint of dtrain", path);
    else if (!dt_saved_read(s, file, path, err) && !s->can_go_on)
        dt_fail(err, DT_ERR_DATA, "%s: no \"/run\", so a run cannot go on from it", path);
    H5Fclose(file);
    return err->code;
}

dt_code dt_saved_find(dt_saved *s, const char *folder, void (*bad)(const char *text), dt_error *err)
{
    int64_t *steps;
    int n;
    *s = (dt_saved){0};
    dt_store_list(folder, &steps, &n, err);
    while (n-- > 0 && !err->code && !s->path) {
        dt_error damage = {0};
        char *path = dt_store_step_path(folder, steps[n], err);
        if (path && read_whole(s, path, &damage)) {
            dt_saved_free(s);
            if (damage.code == DT_ERR_MEMORY)
                *err = damage;
            else
                bad(damage.text);
        }
        free(path);
    }
    free(steps);
    return err->code;
}
