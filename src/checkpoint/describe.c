#include "checkpoint/attribute.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor.h"
#include "core/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void print_options(const char *text, FILE *to)
{
    json_t *options = json_loads(text ? text : "", 0, NULL), *value;
    const char *name;
    fputs("Options:", to);
    json_object_foreach(options, name, value)
    {
        if (json_is_null(value) || json_is_false(value))
            continue;
        char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
        fprintf(to, " %s=%s", name, shown ? shown : "?");
        free(shown);
    }
    fputc('\n', to);
    json_decref(options);
}

static void print_tensors(const dt_model *model, FILE *to)
{
    for (int i = 0; i < 2 * model->n_layers; i++) {
        dt_tensor t = dt_model_tensor(model, i);
        fprintf(to, "  %s [%lld", t.name, (long long)t.dim[0]);
        if (t.dims > 1)
            fprintf(to, ",%lld", (long long)t.dim[1]);
        fputs("]\n", to);
    }
}

dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err)
{
    dt_model model = {0};
    float *parameters = NULL;
    dt_normalizer *normalizer = NULL;
    char *options = dt_attribute_text(file, "options");
    dt_checkpoint_read(file, path, &model, &parameters, &normalizer, err);
    char *text = err->code ? NULL : dt_model_describe(&model);
    if (text) {
        fprintf(to, "Checkpoint: %s, %lld parameters\n", text, (long long)model.parameters);
        fprintf(to, "Run: %lld steps done (%lld whole epochs and %lld steps), seed %lld\n",
                (long long)dt_attribute_integer(file, "global_step", 0),
                (long long)dt_attribute_integer(file, "epoch", 0),
                (long long)dt_attribute_integer(file, "step", 0),
                (long long)dt_attribute_integer(file, "seed", 0));
        if (normalizer)
            fputs("Inputs: normalised (mean 0, variance 1 in the training rows)\n", to);
        print_options(options, to);
        print_tensors(&model, to);
        fputs("Checksums: good\n", to); /* or this place would not have been reached */
    }
    free(text);
    free(options);
    free(parameters);
    dt_normalizer_destroy(normalizer);
    dt_model_free(&model);
    return err->code;
}
