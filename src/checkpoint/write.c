#include "checkpoint/attribute.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor.h"
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

static herr_t put_tensors(hid_t parent, const char *name, const dt_model *model,
                          const float *values)
{
    herr_t status = 0;
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 2 * model->n_layers && status >= 0; i++) {
        dt_tensor tensor = dt_model_tensor(model, i);
        status = dt_tensor_write(group, &tensor, values + tensor.begin);
    }
    return H5Gclose(group) < 0 ? -1 : status;
}

/* /optimizer: its name, and each kind of state under PyTorch's name for it, tensor by tensor. */
static herr_t put_optimizer(hid_t file, const dt_checkpoint *c)
{
    herr_t status;
    hid_t group = H5Gcreate2(file, "optimizer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    status = dt_attribute_put_text(group, "name", "sgd");
    if (status >= 0 && c->optimizer->momentum)
        status = put_tensors(group, "momentum_buffer", c->model, c->optimizer->momentum);
    return H5Gclose(group) < 0 ? -1 : status;
}

dt_code dt_checkpoint_write(const char *folder, const dt_checkpoint *c, char **path, dt_error *err)
{
    dt_output output;
    if (asprintf(path, "%s/step-%010lld.h5", folder, (long long)c->global_step) < 0) {
        *path = NULL;
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for a checkpoint in %s", folder);
    }
    if (!dt_output_create(&output, *path, err)) {
        if (put_attributes(output.file, c) < 0 ||
            put_tensors(output.file, "model", c->model, c->parameters) < 0 ||
            put_optimizer(output.file, c) < 0)
            dt_output_failed(&output, err);
        else
            dt_output_commit(&output, err);
    }
    dt_output_close(&output);
    if (err->code) {
        free(*path);
        *path = NULL;
    }
    return err->code;
}
