#include "cli/cli.h"
#include "report/report.h"

#include <dtrain/predict.h>

typedef struct {
    char *model, *data, *x, *y, *out;
    bool transpose;
    int64_t threads;
    int bind;
} arguments;

static const char *const bindings[] = {"auto", "keep", NULL}; /* in the order of dt_bind */

#define FIELD(name) .offset = offsetof(arguments, name)
#define TEXT(field) .type = DT_OPTION_TEXT, FIELD(field)

static const dt_option table[] = {
    {"Data", "model", "FILE", NULL, "checkpoint of the model, or a run's folder of them",
     TEXT(model)},
    {NULL, "data", "DATA", NULL, "HDF5 files, as train has them", TEXT(data)},
    {NULL, "x", "NAMES", NULL, "the inputs in them, as train has them [as the model was trained]",
     TEXT(x)},
    {NULL, "y", "NAMES", NULL, "the targets in them, which are not needed", TEXT(y)},
    {NULL, "transpose", NULL, NULL, "the datasets are stored [features, rows]",
     .type = DT_OPTION_FLAG, FIELD(transpose)},
    {NULL, "out", "FILE", NULL, "HDF5 file to be made", TEXT(out)},
    {"Machine", "threads", "N", NULL, "threads of a rank [its share of the node's cores]",
     .type = DT_OPTION_COUNT, FIELD(threads), .min = 1, .max = DT_OPTION_MAX_THREADS},
    {NULL, "bind", "HOW", "auto", "auto: each thread gets a core; keep: the launcher's binding",
     .type = DT_OPTION_CHOICE, FIELD(bind), .choices = bindings},
    {0},
};

static dt_code run_predict(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_predict = {
    .form = {.command = "predict", .table = table},
    .usage = {"--model FILE --data FILE --out FILE [OPTION...]"},
    .meaning = "Write a model's output for every row of a data set.",
    .run = run_predict,
    .ranks = true,
};

static dt_code parse_options(int argc, char **argv, arguments *to, dt_error *err)
{
    dt_words none;
    if (dt_options_defaults(table, to, err) == DT_OK &&
        dt_arguments_parse(&dt_command_predict.form, argc, argv, to, &none, err) == DT_OK &&
        dt_command_needs(&dt_command_predict, "model", to->model, err) == DT_OK &&
        dt_command_needs(&dt_command_predict, "data", to->data, err) == DT_OK)
        dt_command_needs(&dt_command_predict, "out", to->out, err);
    return err->code;
}

static dt_code run_predict(const dt_world *world, int argc, char **argv, dt_error *err)
{
    arguments given = {0};
    parse_options(argc, argv, &given, err);
    if (dt_world_agree(world, err) == DT_OK) {
        dt_predict_options options = {.model = given.model,
                                      .data = given.data,
                                      .x = given.x,
                                      .y = given.y,
                                      .transpose = given.transpose,
                                      .out = given.out,
                                      .threads = given.threads,
                                      .bind = given.bind,
                                      .warn = dt_report_warn,
                                      .chosen = dt_command_print_chosen};
        if (!dt_predict(world, &options, err) && world->rank == 0)
            printf("Predictions: %s\n", given.out);
    }
    dt_options_free(table, &given);
    return err->code;
}
