#include "cli/cli.h"
#include "cli/config.h"
#include "train/options.h"

#include <dtrain/train.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static dt_code run_train(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_train = {
    .form = {.command = "train", .table = dt_train_option_table, .config = true},
    .usage = {"[OPTION...]"},
    .meaning = "Train a model.",
    .run = run_train,
    .ranks = true,
    .stops = true,
};

/* Cut the last part off a path: "/a/b" becomes "/a". */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
}

/* Write the path of the data set that comes with the program into path [size]: beside the program
 * in the build folder, or where it is installed. */
static dt_code find_bundled_data(char *path, size_t size, dt_error *err)
{
    static const char *const places[] = {"data/linear.h5", "../share/dtrain/linear.h5",
                                         "../data/linear.h5"};
    char folder[PATH_MAX] = "";
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    cut_name(folder);
    for (size_t i = 0; length > 0 && i < sizeof places / sizeof *places; i++) {
        int needed = snprintf(path, size, "%s/%s", folder, places[i]);
        if (needed > 0 && (size_t)needed < size && access(path, R_OK) == 0)
            return DT_OK;
    }
    return dt_fail(err, DT_ERR_FILE,
                   "the data set that comes with dtrain is not where it should be; choose one "
                   "with --data FILE");
}

static dt_code set_bundled_data(dt_train_options *options, dt_error *err)
{
    char path[PATH_MAX + sizeof "/../share/dtrain/linear.h5"];
    if (find_bundled_data(path, sizeof path, err) != DT_OK)
        return err->code;
    return dt_train_options_set(options, "data", path, err);
}

static dt_code parse_options(const dt_arguments_form *form, int argc, char **argv,
                             dt_train_options *options, dt_error *err)
{
    dt_words none;
    if (dt_train_options_init(options, err) != DT_OK ||
        dt_arguments_parse(form, argc, argv, options, &none, err) != DT_OK ||
        dt_train_options_check(options, err) != DT_OK)
        return err->code;
    return options->data ? DT_OK : set_bundled_data(options, err);
}

static dt_code run_train(const dt_world *world, int argc, char **argv, dt_error *err)
{
    dt_train_options options;
    dt_arguments_form form = dt_command_train.form;
    dt_text text = {0};
    const char *config = dt_arguments_config(&form, argc, argv);
    if (config) {
        form.text = &text;
        if (dt_config_share(world, config, &text, err)) {
            free(text.bytes);
            return err->code;
        }
    }
    parse_options(&form, argc, argv, &options, err);
    free(text.bytes);
    if (dt_world_agree(world, err) == DT_OK)
        dt_train(world, &options, err);
    dt_train_options_free(&options);
    return err->code;
}
