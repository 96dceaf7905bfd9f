#include "checkpoint/attribute.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor.h"
#include "file/h5.h"
#include "file/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dt_code make_folders(char *path, dt_error *err)
{
    for (char *c = path + 1;; c++) {
        char end = *c;
        if (end != '/' && end != '\0')
            continue;
        *c = '\0';
        if (mkdir(path, 0777) && errno != EEXIST && errno != EISDIR)
            return dt_fail(err, DT_ERR_FILE, "%s: cannot make the folder: %s", path,
                           strerror(errno));
        *c = end;
        if (end == '\0')
            return DT_OK;
    }
}

dt_code dt_checkpoint_prepare(const char *folder, dt_error *err)
{
    char *path = strdup(folder), *probe = NULL;
    if (!path || asprintf(&probe, "%s/.dtrain-XXXXXX", folder) < 0)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the name of %s", folder);
    else if (folder[0] == '\0')
        dt_fail(err, DT_ERR_USAGE, "--checkpoint: expected a folder");
    else if (!make_folders(path, err)) {
        int fd = mkstemp(probe); /* the only test that holds for root and for every file system */
        if (fd < 0) {
            dt_fail(err, errno == ENOSPC ? DT_ERR_SPACE : DT_ERR_FILE,
                    "%s: cannot write to this folder: %s", folder, strerror(errno));
        } else {
            close(fd);
            unlink(probe);
        }
    }
    free(probe);
    free(path);
    return err->code;
}

static herr_t put_attributes(hid_t file, const dt_checkpoint *c)
{
    if (dt_attribute_put_text(file, "format", "dtrain-checkpoint") < 0 ||
        dt_attribute_put_integer(file, "version", DT_CHECKPOINT_VERSION) < 0 ||
        dt_attribute_put_integer(file, "global_step", c->global_step) < 0 ||
        dt_attribute_put_integer(file, "epoch", c->epoch) < 0 ||
        dt_attribute_put_integer(file, "step", c->step) < 0 ||
        dt_attribute_put_integer(file, "seed", c->seed) < 0)
        return -1;
    return dt_attribute_put_text(file, "options", c->options);
}

/* A vector over the parameters, tensor by tensor, in a group of its own.
 * Returns the number of its first dataset in the output, or -1. */
static int add_vector(dt_output *output, hid_t parent, const char *name, const dt_model *model,
                      const float *values)
{
    int first = -1;
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 2 * model->n_layers; i++) {
        dt_tensor tensor = dt_model_tensor(model, i);
        int number = dt_tensor_add(output, group, &tensor, values + tensor.begin);
        if (number < 0)
            return -1;
        first = i == 0 ? number : first;
    }
    return H5Gclose(group) < 0 ? -1 : first;
}

static dt_code write_vector(dt_output *output, int first, const dt_model *model,
                            const float *values, dt_error *err)
{
    for (int i = 0; i < 2 * model->n_layers && !err->code; i++) {
        dt_tensor tensor = dt_model_tensor(model, i);
        dt_output_write(output, first + i, 0, values + tensor.begin,
                        tensor.count * (int64_t)sizeof *values, err);
    }
    return err->code;
}

/* /normalization; the numbers of its two datasets, or -1. */
static void add_normalizer(dt_output *output, const dt_normalizer *n, int number[2])
{
    hid_t group = H5Gcreate2(output->file, "normalization", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    number[0] = dt_vector_add(output, group, "mean", n->features, n->mean);
    number[1] = dt_vector_add(output, group, "scale", n->features, n->scale);
    H5Gclose(group);
}

static dt_code write_normalizer(dt_output *output, const dt_normalizer *n, const int number[2],
                                dt_error *err)
{
    int64_t bytes = n->features * (int64_t)sizeof *n->mean;
    if (!dt_output_write(output, number[0], 0, n->mean, bytes, err))
        dt_output_write(output, number[1], 0, n->scale, bytes, err);
    return err->code;
}

/* /optimizer with its name and each kind of state; first: the numbers of their datasets, -1 after
 * an error. */
static herr_t add_optimizer(dt_output *output, const dt_checkpoint *c, int *first)
{
    const dt_optimizer *o = c->optimizer;
    hid_t group = H5Gcreate2(output->file, "optimizer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < o->n_vectors; i++) {
        first[i] = add_vector(output, group, o->vector[i].name, c->model, o->vector[i].values);
        if (first[i] < 0)
            return -1;
    }
    return dt_attribute_put_text(group, "name", dt_optimizer_name(o->options.kind));
}

static dt_code write_optimizer(dt_output *output, const dt_checkpoint *c, const int *first,
                               dt_error *err)
{
    for (int i = 0; i < c->optimizer->n_vectors && !err->code; i++)
        write_vector(output, first[i], c->model, c->optimizer->vector[i].values, err);
    return err->code;
}

/* /model, /optimizer and /normalization. */
static dt_code fill(dt_output *output, const dt_checkpoint *c, dt_error *err)
{
    int weights = add_vector(output, output->file, "model", c->model, c->parameters);
    int normalizer[2] = {0}, state[DT_OPTIMIZER_VECTORS];
    if (c->normalizer)
        add_normalizer(output, c->normalizer, normalizer);
    if (weights < 0 || add_optimizer(output, c, state) < 0 || normalizer[0] < 0 ||
        normalizer[1] < 0 || put_attributes(output->file, c) < 0)
        return dt_output_failed(output, err);
    if (dt_output_begin_values(output, err) ||
        write_vector(output, weights, c->model, c->parameters, err) ||
        write_optimizer(output, c, state, err))
        return err->code;
    return c->normalizer ? write_normalizer(output, c->normalizer, normalizer, err) : DT_OK;
}

dt_code dt_checkpoint_write(const char *folder, const dt_checkpoint *c, char **path, dt_error *err)
{
    dt_output output;
    if (asprintf(path, "%s/step-%010lld.h5", folder, (long long)c->global_step) < 0) {
        *path = NULL;
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for a checkpoint in %s", folder);
    }
    dt_h5_lock();
    if (!dt_output_create(&output, *path, err) && !fill(&output, c, err) &&
        !dt_output_seal(&output, err))
        dt_output_commit(&output, err);
    dt_output_close(&output);
    dt_h5_unlock();
    if (err->code) {
        free(*path);
        *path = NULL;
    }
    return err->code;
}
