#include "checkpoint/contents.h"
#include "core/line.h"
#include "file/footer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 12 }; /* columns of what a line is about, with its blanks */

/* "Run:        ", before the rest of the line. */
static void print_label(const char *label, FILE *to)
{
    fprintf(to, "%s:%*s", label, LABEL - 1 - (int)strlen(label), "");
}

static void print_standing(const dt_contents *s, FILE *to)
{
    const dt_run_progress *c = &s->progress;
    print_label("Run", to);
    fprintf(to, "%lld epoch%s", (long long)c->epoch, dt_plural(c->epoch));
    if (c->step)
        fprintf(to, " and %lld step%s of the next", (long long)c->step, dt_plural(c->step));
    fprintf(to, ", %lld step%s in all; seed %lld\n", (long long)c->global_step,
            dt_plural(c->global_step), (long long)s->seed);
    if (s->can_go_on) {
        print_label("Data", to);
        fprintf(to, "%lld sample%s of %lld feature%s, %s\n", (long long)s->data.samples,
                dt_plural(s->data.samples), (long long)s->data.features,
                dt_plural(s->data.features), s->data.window_blocks ? "streamed" : "in memory");
    }
    if (c->best_epoch) {
        print_label("Best", to);
        fprintf(to, "validation loss %.9g, after epoch %lld\n", c->best_loss,
                (long long)c->best_epoch);
    }
}

/* In the order in which the inputs are changed. */
static void print_scaling(const dt_normalizer *n, FILE *to)
{
    bool is_scaled = false;
    for (int64_t f = 0; f < n->features; f++)
        is_scaled = is_scaled || n->mean[f] != 0 || n->scale[f] != 1;
    fprintf(to, "%s%s%s\n", is_scaled || !n->fill ? "normalised, as --normalize says" : "",
            is_scaled && n->fill ? "; " : "", n->fill ? "a missing value becomes the mean" : "");
}

static void print_inputs(const dt_contents *s, FILE *to)
{
    dt_x_units units = s->schema.units;
    dt_schema_print(&s->schema, LABEL, to);
    if (units == DT_X_BYTES || units == DT_X_FLAGS) {
        print_label("Inputs", to);
        fprintf(to, "uint8, divided by 255%s\n", units == DT_X_FLAGS ? " (none was above 1)" : "");
    }
    if (units == DT_X_AS_IS || units == DT_X_DIVIDED) {
        print_label("Inputs", to);
        fprintf(to, "%s\n", units == DT_X_DIVIDED ? "divided by 255" : "not divided by 255");
    }
    if (s->normalizer) {
        print_label("Inputs", to);
        print_scaling(s->normalizer, to);
    }
    if (s->y_normalizer) {
        print_label("Targets", to);
        fputs("normalised, as --normalize-y says; predictions are in the units of the data\n", to);
    }
}

static void print_optimizer(const dt_contents *s, FILE *to)
{
    if (s->n_vectors == 0)
        return;
    print_label("Optimizer", to);
    for (int i = 0; i < s->n_vectors; i++)
        fprintf(to, "%s%s", i ? ", " : "state: ", s->vector[i].name);
    fputc('\n', to);
}

/* ---- Tables --------------------------------------------------------------------------------- */

/* "[512,784]" */
static const char *shape_text(const dt_tensor *t, char text[48])
{
    if (t->dims > 1)
        snprintf(text, 48, "[%lld,%lld]", (long long)t->dim[0], (long long)t->dim[1]);
    else
        snprintf(text, 48, "[%lld]", (long long)t->dim[0]);
    return text;
}

static void print_tensors(const dt_model *model, FILE *to)
{
    static const char format[] = "%-16s %-20s %14s\n";
    char shape[48], count[24];
    fputc('\n', to);
    fprintf(to, format, "Tensor", "Shape", "Parameters");
    for (int i = 0; i < dt_model_tensors(model); i++) {
        dt_tensor t = dt_model_tensor(model, i);
        snprintf(count, sizeof count, "%lld",
                 (long long)t.dim[0] * (t.dims > 1 ? (long long)t.dim[1] : 1));
        fprintf(to, format, t.name, shape_text(&t, shape), count);
    }
}

/* An option's value as it is given: a text without quotes, a list without brackets. */
static void print_value(const json_t *value, FILE *to)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
    size_t length = text ? strlen(text) : 0;
    bool framed = length >= 2 && (json_is_string(value) || json_is_array(value));
    if (framed && length == 2)
        fputs("none", to);
    else if (framed)
        fprintf(to, "%.*s", (int)length - 2, text + 1);
    else
        fputs(text ? text : "?", to);
    free(text);
}

static void print_options(const char *text, FILE *to)
{
    json_t *options = json_loads(text ? text : "", 0, NULL), *value;
    const char *name;
    fprintf(to, "\n%-18s %s\n", "Option", "Value");
    json_object_foreach(options, name, value)
    {
        if (json_is_null(value) || json_is_false(value))
            continue;
        fprintf(to, "%-18s ", name);
        print_value(value, to);
        fputc('\n', to);
    }
    json_decref(options);
}

/* ---- Checksums ------------------------------------------------------------------------------ */

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
    print_label("Checksums", to);
    if (dt_footer_exists(path))
        fputs("good\n", to);
    else if (hashed == 0)
        fputs("none\n", to);
    else
        fprintf(to,
                "none of the whole file, which another program has changed; good of %d "
                "of the %d tensors\n",
                hashed, tensors);
}

dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err)
{
    dt_contents s;
    dt_contents_read(&s, file, path, err);
    char *text = err->code ? NULL : dt_model_describe(&s.model);
    if (text) {
        print_label("Checkpoint", to);
        fprintf(to, "%s; %lld parameter%s\n", text, (long long)s.model.parameters,
                dt_plural(s.model.parameters));
        print_standing(&s, to);
        print_inputs(&s, to);
        print_optimizer(&s, to);
        print_checksums(file, path, &s.model, to);
        print_tensors(&s.model, to);
        print_options(s.options, to);
    }
    free(text);
    dt_contents_free(&s);
    return err->code;
}
