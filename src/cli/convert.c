#include "cli/cli.h"
#include "report/report.h"

#include <dtrain/convert.h>
#include <dtrain/info.h>

typedef struct {
    char *target, *x, *y;
} arguments;

#define TEXT(field) .type = DT_OPTION_TEXT, .offset = offsetof(arguments, field)

static const dt_option table[] = {
    {"From a table", "target", "COLUMN", NULL,
     "the column that becomes y, by its name or its number from 1 (-1 is the last); without it all "
     "become x, to predict from",
     TEXT(target)},
    {"From arrays", "x", "FILE", NULL, "IDX or NPY file that becomes x, gzipped or not", TEXT(x)},
    {NULL, "y", "FILE", NULL, "the same for y; without it there is only x", TEXT(y)},
    {0},
};

static dt_code run_convert(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_convert = {
    .form = {.command = "convert", .table = table, .max_words = 2},
    .usage = {"TABLE.csv OUT.h5 [--target COLUMN]", "--x FILE [--y FILE] OUT.h5"},
    .meaning = "Make a data set from a CSV table or from two arrays.",
    .run = run_convert,
};

static dt_code convert_files(const arguments *given, const dt_words *words, dt_error *err)
{
    bool table_form = words->n == 2 && !given->x && !given->y;
    bool array_form = words->n == 1 && !given->target && given->x;
    if (table_form)
        return dt_convert_table(words->word[0], words->word[1], given->target,
                                &(dt_convert_notes){.to = stdout, .warn = dt_report_warn}, err);
    if (array_form)
        return dt_convert_arrays(given->x, given->y, words->word[0], err);
    return dt_fail(err, DT_ERR_USAGE,
                   "convert: expected TABLE.csv OUT.h5 [--target COLUMN], or --x FILE [--y FILE] "
                   "OUT.h5 (see dtrain convert --help)");
}

/* One rank converts while the others wait for its verdict. */
static dt_code run_convert(const dt_world *world, int argc, char **argv, dt_error *err)
{
    arguments given = {0};
    dt_words words;
    if (world->rank == 0 && dt_options_defaults(table, &given, err) == DT_OK &&
        dt_arguments_parse(&dt_command_convert.form, argc, argv, &given, &words, err) == DT_OK)
        convert_files(&given, &words, err);
    if (world->rank == 0 &&
        !err->code) /* what it has become: classes or numbers, and of what shape */
        dt_info(words.word[words.n - 1], &(dt_info_options){.no_values = true}, stdout, err);
    dt_options_free(table, &given);
    return dt_world_agree(world, err);
}
