#include "cli/cli.h"
#include "report/format.h"
#include "report/report.h"

#include <dtrain/evaluate.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct {
    char *model, *data, *x, *y, *y_data, *weights, *ignore_label;
    int missing_y, drops;
    bool transpose;
    int64_t threads;
    int bind;
} arguments;

static const char *const bindings[] = {"auto", "keep", NULL}; /* in the order of dt_bind */

static const char *const missing_ys[] = {"error", "mask", "drop", NULL};
static const char *const missings[] = {"error", "drop", NULL};

#define FIELD(name) .offset = offsetof(arguments, name)
#define TEXT(field) .type = DT_OPTION_TEXT, FIELD(field)

static const dt_option table[] = {
    {"Data", "model", "FILE", NULL, "checkpoint of the model, or a run's folder of them",
     TEXT(model)},
    {NULL, "data", "DATA", NULL, "HDF5 files, as train has them", TEXT(data)},
    {NULL, "x", "NAMES", NULL, "the inputs in them, as train has them [as the model was trained]",
     TEXT(x)},
    {NULL, "y", "NAMES", NULL, "the targets in them [as the model was trained]", TEXT(y)},
    {NULL, "y-data", "DATA", NULL, "the files that have y, where these are others", TEXT(y_data)},
    {NULL, "weights", "NAME", NULL, "one weight a row, beside y", TEXT(weights)},
    {NULL, "missing-y", "HOW", "error", "NaN and fill values in y: error, mask or drop",
     .type = DT_OPTION_CHOICE, FIELD(missing_y), .choices = missing_ys},
    {NULL, "missing", "HOW", "error",
     "and in x, if the model has no mean for them: error; drop: the row is left out",
     .type = DT_OPTION_CHOICE, FIELD(drops), .choices = missings},
    {NULL, "ignore-label", "N", NULL, "rows of this class do not count", TEXT(ignore_label)},
    {NULL, "transpose", NULL, NULL, "the datasets are stored [features, rows]",
     .type = DT_OPTION_FLAG, FIELD(transpose)},
    {"Machine", "threads", "N", NULL, "threads of a rank [its share of the node's cores]",
     .type = DT_OPTION_COUNT, FIELD(threads), .min = 1, .max = DT_OPTION_MAX_THREADS},
    {NULL, "bind", "HOW", "auto", "auto: each thread gets a core; keep: the launcher's binding",
     .type = DT_OPTION_CHOICE, FIELD(bind), .choices = bindings},
    {0},
};

static dt_code run_evaluate(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_evaluate = {
    .form = {.command = "evaluate", .table = table},
    .usage = {"--model FILE --data FILE [OPTION...]"},
    .meaning =
        "Print a model's mean loss over every row of a data set, and its accuracy or, for numbers, "
        "RMSE, MAE and R^2.",
    .run = run_evaluate,
    .ranks = true,
};

static dt_code parse_options(int argc, char **argv, arguments *to, dt_error *err)
{
    dt_words none;
    if (dt_options_defaults(table, to, err) == DT_OK &&
        dt_arguments_parse(&dt_command_evaluate.form, argc, argv, to, &none, err) == DT_OK &&
        dt_command_needs(&dt_command_evaluate, "model", to->model, err) == DT_OK)
        dt_command_needs(&dt_command_evaluate, "data", to->data, err);
    return err->code;
}

/* The means over the targets, then the scores of each. */
static void print_numbers(const dt_evaluate_result *result)
{
    char rmse[DT_LOSS_TEXT], mae[DT_LOSS_TEXT];
    printf("RMSE: %s\nMAE: %s\nR^2: %.4f\n", dt_format_loss(rmse, result->rmse),
           dt_format_loss(mae, result->mae), result->r2);
    if (result->targets > 0)
        printf("%10s %10s %10s  of\n", "RMSE", "MAE", "R^2");
    for (int64_t k = 0; k < result->targets; k++) {
        const dt_target_scores *t = &result->target[k];
        printf("%10s %10s %10.4f  ", dt_format_loss(rmse, t->rmse), dt_format_loss(mae, t->mae),
               t->r2);
        if (t->name[0])
            printf("%s\n", t->name);
        else
            printf("target %" PRId64 "\n", k);
    }
}

static void print_scores(const dt_evaluate_result *result)
{
    char text[DT_LOSS_TEXT];
    printf("Loss: %s\n", dt_format_loss(text, result->loss));
    if (result->has_accuracy)
        printf("Accuracy: %.2f %%\n", 100 * result->accuracy);
    if (result->has_f1 && result->f1_class[0])
        printf("Of the class \"%s\":\n", result->f1_class);
    if (result->has_f1)
        printf("Precision: %.4f\nRecall: %.4f\nF1: %.4f\n", result->precision, result->recall,
               result->f1);
    if (result->has_r2)
        print_numbers(result);
}

static dt_code run_evaluate(const dt_world *world, int argc, char **argv, dt_error *err)
{
    arguments given = {0};
    parse_options(argc, argv, &given, err);
    if (dt_world_agree(world, err) == DT_OK) {
        dt_evaluate_options options = {.model = given.model,
                                       .data = given.data,
                                       .x = given.x,
                                       .y = given.y,
                                       .y_data = given.y_data,
                                       .weights = given.weights,
                                       .missing_y = given.missing_y,
                                       .missing = given.drops ? DT_MISSING_DROP : DT_MISSING_ERROR,
                                       .ignore_label = given.ignore_label,
                                       .transpose = given.transpose,
                                       .threads = given.threads,
                                       .bind = given.bind,
                                       .warn = dt_report_warn,
                                       .chosen = dt_command_print_chosen};
        dt_evaluate_result result;
        if (dt_evaluate(world, &options, &result, err) == DT_OK && world->rank == 0)
            print_scores(&result);
    }
    dt_options_free(table, &given);
    return err->code;
}
