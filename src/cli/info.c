#include "cli/cli.h"

#include <dtrain/info.h>

static const dt_option table[] = {{0}};

static dt_code run(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_info = {
    .form = {.command = "info", .table = table, .max_words = 1},
    .usage = {"FILE"},
    .meaning = "Say what a data set or a checkpoint holds, and what about its layout will be slow.",
    .run = run,
};

static dt_code info(int argc, char **argv, dt_error *err)
{
    dt_words words;
    if (dt_arguments_parse(&dt_command_info.form, argc, argv, NULL, &words, err) != DT_OK)
        return err->code;
    if (words.n == 0)
        return dt_fail(err, DT_ERR_USAGE, "info: expected FILE (see dtrain info --help)");
    return dt_info(words.word[0], stdout, err);
}

static dt_code run(const dt_world *world, int argc, char **argv, dt_error *err)
{
    if (world->rank == 0)
        info(argc, argv, err);
    return dt_world_agree(world, err);
}
