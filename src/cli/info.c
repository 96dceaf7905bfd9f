#include "cli/cli.h"

#include <dtrain/info.h>

#define FIELD(name) .offset = offsetof(arguments, name)

typedef struct {
    char *x, *y, *y_data;
    bool transpose;
    bool no_values;
} arguments;

static const dt_option table[] = {
    {"Data", "x", "NAMES", NULL, "the inputs in the file, as train has them [x]",
     .type = DT_OPTION_TEXT, FIELD(x)},
    {NULL, "y", "NAMES", NULL, "the targets in it [y]", .type = DT_OPTION_TEXT, FIELD(y)},
    {NULL, "y-data", "DATA", NULL, "the files that have y, where these are others",
     .type = DT_OPTION_TEXT, FIELD(y_data)},
    {NULL, "transpose", NULL, NULL, "the datasets are stored [features, rows]",
     .type = DT_OPTION_FLAG, FIELD(transpose)},
    {NULL, "no-values", NULL, NULL,
     "do not read the values through: no range, classes, NaN and speed", .type = DT_OPTION_FLAG,
     FIELD(no_values)},
    {0},
};

static dt_code run_info(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_info = {
    .form = {.command = "info", .table = table, .max_words = 1},
    .usage = {"FILE [OPTION...]"},
    .meaning = "Say what a data set or a checkpoint holds, and what about its layout will be slow.",
    .run = run_info,
};

static dt_code print_info(int argc, char **argv, dt_error *err)
{
    dt_words words;
    arguments given = {0};
    if (dt_options_defaults(table, &given, err) == DT_OK &&
        dt_arguments_parse(&dt_command_info.form, argc, argv, &given, &words, err) == DT_OK) {
        dt_info_options options = {.x = given.x,
                                   .y = given.y,
                                   .y_data = given.y_data,
                                   .transpose = given.transpose,
                                   .no_values = given.no_values};
        if (words.n == 0)
            dt_fail(err, DT_ERR_USAGE, "info: expected FILE (see dtrain info --help)");
        else
            dt_info(words.word[0], &options, stdout, err);
    }
    dt_options_free(table, &given);
    return err->code;
}

static dt_code run_info(const dt_world *world, int argc, char **argv, dt_error *err)
{
    if (world->rank == 0)
        print_info(argc, argv, err);
    return dt_world_agree(world, err);
}
