#include "checkpoint/saved.h"
#include "file/seal.h"

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
    for (int i = 0; i < dt_model_tensors(model); i++) {
        dt_tensor t = dt_model_tensor(model, i);
        fprintf(to, "  %s [%lld", t.name, (long long)t.dim[0]);
        if (t.dims > 1)
            fprintf(to, ",%lld", (long long)t.dim[1]);
        fputs("]\n", to);
    }
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_standing(const dt_saved *s, FILE *to)
{
    const dt_course *c = &s->course;
    fprintf(to, "Run: %lld step%s done (%lld whole epoch%s and %lld step%s), seed %lld\n",
            (long long)c->global_step, plural(c->global_step), (long long)c->epoch,
            plural(c->epoch), (long long)c->step, plural(c->step), (long long)s->seed);
    if (s->can_go_on)
        fprintf(to, "Data: %lld sample%s of %lld feature%s, %s\n", (long long)s->data.samples,
                plural(s->data.samples), (long long)s->data.features, plural(s->data.features),
                s->data.window_blocks ? "streamed" : "in memory");
    if (c->best_epoch)
        fprintf(to, "Best validation loss: %.9g, after epoch %lld\n", c->best_loss,
                (long long)c->best_epoch);
}

/* In the order in which the inputs are changed. */
static void print_inputs(const dt_saved *s, FILE *to)
{
    dt_x_units units = s->schema.units;
    dt_schema_print(&s->schema, to);
    if (units == DT_X_BYTES || units == DT_X_FLAGS)
        fprintf(to, "Inputs: uint8, divided by 255%s\n",
                units == DT_X_FLAGS ? " (none was above 1)" : "");
    if (s->normalizer)
        fputs("Inputs: normalised (mean 0, variance 1 in the training rows)\n", to);
}

static void print_optimizer(const dt_saved *s, FILE *to)
{
    if (s->n_vectors)
        fputs("Optimizer's state:", to);
    for (int i = 0; i < s->n_vectors; i++)
        fprintf(to, "%s %s", i ? "," : "", s->vector[i].name);
    if (s->n_vectors)
        fputc('\n', to);
}

static int count_hashed(hid_t group, const dt_model *model)
{
    int n = 0;
    for (int i = 0; i < dt_model_tensors(model); i++) {
        dt_tensor t = dt_model_tensor(model, i);
        n += H5Aexists_by_name(group, t.name, "xxh3", H5P_DEFAULT) > 0;
    }
    return n;
}

/* Those that there are hold, or this place would not have been reached. */
static void print_checksums(hid_t file, const char *path, const dt_model *model, FILE *to)
{
    hid_t group = H5Gopen2(file, "model", H5P_DEFAULT);
    int hashed = count_hashed(group, model), tensors = dt_model_tensors(model);
    H5Gclose(group);
    if (dt_seal_is_there(path))
        fputs("Checksums: good\n", to);
    else if (hashed == 0)
        fputs("Checksums: none\n", to);
    else
        fprintf(to,
                "Checksums: none of the whole file, which another program has changed; good of %d "
                "of the %d tensors\n",
                hashed, tensors);
}

dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err)
{
    dt_saved s;
    dt_saved_read(&s, file, path, err);
    char *text = err->code ? NULL : dt_model_describe(&s.model);
    if (text) {
        fprintf(to, "Checkpoint: %s, %lld parameters\n", text, (long long)s.model.parameters);
        print_standing(&s, to);
        print_inputs(&s, to);
        print_options(s.options, to);
        print_tensors(&s.model, to);
        print_optimizer(&s, to);
        print_checksums(file, path, &s.model, to);
    }
    free(text);
    dt_saved_free(&s);
    return err->code;
}
