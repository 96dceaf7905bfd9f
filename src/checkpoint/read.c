#include "checkpoint/attribute.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/schema.h"
#include "checkpoint/store.h"
#include "checkpoint/tensor.h"
#include "comm/comm.h"
#include "core/memory.h"
#include "file/h5.h"
#include "model/loss_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool dt_checkpoint_is_one(hid_t file)
{
    return dt_attribute_equals(file, "format", "dtrain-checkpoint");
}

static dt_code check_version(hid_t file, const char *path, dt_error *err)
{
    int64_t version = dt_attribute_integer(file, "version", 0);
    if (version != DT_CHECKPOINT_VERSION)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: a checkpoint of format version %lld; this program reads version %d",
                       path, (long long)version, DT_CHECKPOINT_VERSION);
    if (!dt_h5_is_whole(file, path))
        return dt_fail(err, DT_ERR_FILE, "%s: the file is truncated: its end is missing", path);
    return DT_OK;
}

/* Open a file and its /model. Of a file that is a checkpoint the version must be known. */
static hid_t open_model(hid_t file, const char *path, dt_error *err)
{
    if (dt_checkpoint_is_one(file) && check_version(file, path, err))
        return -1;
    hid_t group = H5Gopen2(file, "model", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        dt_fail(err, DT_ERR_DATA, "%s: no group \"/model\": not a checkpoint", path);
    return group;
}

dt_code dt_checkpoint_read_weights(const char *path, const dt_model *model, float *parameters,
                                   dt_error *err)
{
    hid_t file = dt_h5_open(path, err);
    if (file < 0)
        return err->code;
    hid_t group = open_model(file, path, err);
    if (group >= 0) {
        dt_tensors_read(group, path, model, parameters, err);
        H5Gclose(group);
    }
    H5Fclose(file);
    return err->code;
}

/* ---- What is done to its inputs ------------------------------------------------------------- */

/* group_name: "normalization", or of the targets */
static dt_code read_normalizer(hid_t file, const char *path, const char *group_name,
                               int64_t features, dt_normalizer **normalizer, dt_error *err)
{
    htri_t there = H5Lexists(file, group_name, H5P_DEFAULT);
    if (there == 0)
        return DT_OK;
    hid_t group = H5Gopen2(file, group_name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: cannot read \"/%s\"", path, group_name);
    if (!dt_normalizer_create(normalizer, features, err) &&
        !dt_vector_read(group, path, "mean", features, (*normalizer)->mean, err) &&
        !dt_vector_read(group, path, "scale", features, (*normalizer)->scale, err) &&
        H5Lexists(group, "fill", H5P_DEFAULT) > 0 && !dt_normalizer_add_fill(*normalizer, err))
        dt_vector_read(group, path, "fill", features, (*normalizer)->fill, err);
    H5Gclose(group);
    return err->code;
}

/* ---- A model whose shape is in the file ----------------------------------------------------- */

/* What the options in a checkpoint and its tensors say of the model; hidden is owned. */
typedef struct {
    int64_t inputs, outputs, activation, n_hidden;
    dt_loss loss;
    dt_quantiles quantiles;
    bool layer_norm;
    double dropout;
    int64_t *hidden;
} description;

static int64_t find_word(const char *word, const char *(*name)(int), int n)
{
    for (int i = 0; word && i < n; i++)
        if (strcmp(word, name(i)) == 0)
            return i;
    return -1;
}

static const char *activation_name(int i)
{
    return dt_activation_name((dt_activation)i);
}

static dt_code read_options(const char *path, const char *text, description *d, dt_error *err)
{
    json_t *options = text ? json_loads(text, 0, NULL) : NULL;
    json_t *hidden = json_object_get(options, "hidden"), *width;
    size_t i;
    d->activation = find_word(json_string_value(json_object_get(options, "activation")),
                              activation_name, DT_ACT_GELU + 1);
    bool known =
        dt_loss_parse(json_string_value(json_object_get(options, "loss")), &d->loss, &d->quantiles);
    d->layer_norm = json_is_true(json_object_get(options, "layer-norm"));
    d->dropout = json_number_value(json_object_get(options, "dropout"));
    d->n_hidden = (int64_t)json_array_size(hidden);
    d->hidden = dt_alloc(d->n_hidden, sizeof *d->hidden, "the widths of a model", err);
    bool good = json_is_array(hidden);
    json_array_foreach(hidden, i, width)
    {
        good = good && json_integer_value(width) > 0;
        if (d->hidden)
            d->hidden[i] = json_integer_value(width);
    }
    if (!good || d->activation < 0 || !known || d->loss == DT_LOSS_AUTO)
        dt_fail(err, DT_ERR_DATA, "%s: its \"options\" do not describe a model that is known here",
                path);
    json_decref(options);
    return err->code;
}

/* Shape of a weight [out,in] in the file. */
static dt_code read_weight_shape(hid_t group, const char *path, int64_t number, int64_t dim[2],
                                 dt_error *err)
{
    char name[32];
    hsize_t found[H5S_MAX_RANK] = {0};
    snprintf(name, sizeof name, "%lld.weight", (long long)number);
    hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (set < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: no \"/model/%s\"", path, name);
    hid_t space = H5Dget_space(set);
    if (H5Sget_simple_extent_dims(space, found, NULL) != 2)
        dt_fail(err, DT_ERR_DATA, "%s: \"/model/%s\" is no matrix", path, name);
    dim[0] = (int64_t)found[0];
    dim[1] = (int64_t)found[1];
    H5Sclose(space);
    H5Dclose(set);
    return err->code;
}

static dt_code read_description(hid_t file, hid_t group, const char *path, description *d,
                                dt_error *err)
{
    int64_t first[2] = {0}, last[2] = {0};
    if (!dt_checkpoint_is_one(file))
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: holds weights but not what model they belong to (no attribute \"format\"); "
            "only --init-from can use it",
            path);
    char *options = dt_attribute_text(file, "options", err);
    if (!err->code && !read_options(path, options, d, err) &&
        !read_weight_shape(group, path, 0, first, err) &&
        !read_weight_shape(group, path,
                           d->n_hidden * dt_model_modules_per_layer(d->layer_norm, d->dropout),
                           last, err)) {
        int64_t per_target = dt_outputs_per_target(d->loss, &d->quantiles);
        d->inputs = first[1];
        d->outputs = last[0];
        if (d->outputs % per_target != 0)
            dt_fail(err, DT_ERR_DATA,
                    "%s: its last layer has %lld outputs; expected %lld for each target", path,
                    (long long)d->outputs, (long long)per_target);
    }
    free(options);
    return err->code;
}

static dt_code build_model(const description *d, dt_model *model, float **parameters, dt_error *err)
{
    dt_model_shape shape = {.inputs = d->inputs,
                            .outputs = d->outputs,
                            .hidden = d->hidden,
                            .n_hidden = (int)d->n_hidden,
                            .activation = (dt_activation)d->activation,
                            .loss = d->loss,
                            .quantiles = d->quantiles,
                            .layer_norm = d->layer_norm,
                            .dropout = d->dropout};
    if (!dt_model_init(model, &shape, err))
        *parameters = dt_alloc(model->parameters, sizeof **parameters, "the model", err);
    return err->code;
}

static dt_code read_model(hid_t file, const char *path, description *d, dt_model *model,
                          float **parameters, dt_error *err)
{
    hid_t group = open_model(file, path, err);
    if (group < 0)
        return err->code;
    if (!read_description(file, group, path, d, err) && !build_model(d, model, parameters, err))
        dt_tensors_read(group, path, model, *parameters, err);
    H5Gclose(group);
    return err->code;
}

/* A model, and what its inputs and outputs are. */
static dt_code read_checkpoint(hid_t file, const char *path, description *d, dt_model *model,
                               float **parameters, dt_normalizer **normalizer,
                               dt_normalizer **y_normalizer, dt_schema *schema, dt_error *err)
{
    if (!read_model(file, path, d, model, parameters, err) &&
        !read_normalizer(file, path, "normalization", model->inputs, normalizer, err) &&
        !read_normalizer(file, path, "target_normalization", model->targets, y_normalizer, err))
        dt_schema_load(schema, file, path, model->inputs, model->targets,
                       model->loss == DT_LOSS_CROSS_ENTROPY, err);
    return err->code;
}

dt_code dt_checkpoint_read(hid_t file, const char *path, dt_model *model, float **parameters,
                           dt_normalizer **normalizer, dt_normalizer **y_normalizer,
                           dt_schema *schema, dt_error *err)
{
    description d = {0};
    read_checkpoint(file, path, &d, model, parameters, normalizer, y_normalizer, schema, err);
    free(d.hidden);
    return err->code;
}

/* Every rank but 0 builds what rank 0 read. Collective. */
static dt_code broadcast_model(const dt_world *world, description *d, dt_model *model,
                               float **parameters, dt_error *err)
{
    int64_t *hidden = d->hidden;
    dt_broadcast(world, d, sizeof *d);
    d->hidden = world->rank == 0
                    ? hidden
                    : dt_alloc(d->n_hidden, sizeof *d->hidden, "the widths of a model", err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, d->hidden, d->n_hidden * (int64_t)sizeof *d->hidden);
    if (world->rank != 0)
        build_model(d, model, parameters, err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, *parameters, model->parameters * (int64_t)sizeof **parameters);
    return DT_OK;
}

/* HDF5's advice on other kinds of files is for data sets. */
static hid_t open_checkpoint(const char *path, dt_error *err)
{
    struct stat info;
    dt_error why = {0};
    hid_t file = dt_h5_open(path, &why);
    if (file >= 0)
        return file;
    bool other = why.code == DT_ERR_FILE && stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
                 access(path, R_OK) == 0 && H5Fis_hdf5(path) == 0;
    H5Eclear2(H5E_DEFAULT);
    if (other)
        dt_fail(err, DT_ERR_FILE,
                "%s: not an HDF5 file, so not a checkpoint, as train writes them into the folder "
                "of --checkpoint",
                path);
    else
        dt_fail(err, why.code, "%s", why.text);
    return -1;
}

dt_code dt_checkpoint_load(const dt_world *world, const char *path, dt_model *model,
                           float **parameters, dt_normalizer **normalizer,
                           dt_normalizer **y_normalizer, dt_schema *schema, dt_error *err)
{
    description d = {0};
    *parameters = NULL;
    *normalizer = *y_normalizer = NULL;
    *schema = (dt_schema){0};
    memset(model, 0, sizeof *model);
    hid_t file = path && world->rank == 0 ? open_checkpoint(path, err) : -1;
    if (file >= 0) {
        if (!read_checkpoint(file, path, &d, model, parameters, normalizer, y_normalizer, schema,
                             err) &&
            !(dt_normalizer_divides(*normalizer) && dt_normalizer_divides(*y_normalizer)))
            dt_fail(err, DT_ERR_DATA,
                    "%s: it was edited: the \"scale\" in \"/%snormalization\" of a feature is not "
                    "above 0",
                    path, dt_normalizer_divides(*normalizer) ? "target_" : "");
        H5Fclose(file);
    }
    if (!dt_world_agree(world, err) && !broadcast_model(world, &d, model, parameters, err))
        (void)(dt_normalizer_broadcast(world, model->inputs, normalizer, err) ||
               dt_normalizer_broadcast(world, model->outputs, y_normalizer, err));
    free(d.hidden);
    if (err->code) {
        dt_model_free(model);
        free(*parameters);
        *parameters = NULL;
        dt_normalizer_destroy(*normalizer);
        dt_normalizer_destroy(*y_normalizer);
        *normalizer = *y_normalizer = NULL;
        dt_schema_free(schema);
    }
    return err->code;
}

char *dt_checkpoint_option(const char *path, const char *name)
{
    dt_error none = {0};
    hid_t file = dt_h5_open_trusted(path, &none);
    char *options = file >= 0 ? dt_attribute_text(file, "options", &none) : NULL;
    json_t *all = options ? json_loads(options, 0, NULL) : NULL;
    const char *value = json_string_value(json_object_get(all, name));
    char *copy = value ? strdup(value) : NULL;
    json_decref(all);
    free(options);
    if (file >= 0)
        H5Fclose(file);
    return copy;
}
