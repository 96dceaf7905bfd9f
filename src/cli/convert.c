#include "cli/cli.h"
#include "report/report.h"

#include <dtrain/convert.h>
#include <dtrain/info.h>
#include <string.h>

typedef struct {
    char *target, *columns, *drop, *like;
    bool one_hot;
    int header; /* a dt_convert_header */
    char *separator, *decimal, *thousands, *missing_words;
    char *x, *y;
} arguments;

#define TEXT(field) .type = DT_OPTION_TEXT, .offset = offsetof(arguments, field)

static const char *const headers[] = {"auto", "yes", "no", NULL};

static const dt_option table[] = {
    {"From a table", "target", "COLUMN,...", NULL,
     "the column that becomes y, by its name or its number from 1 (-1 is the last); several "
     "columns "
     "of numbers become y [N,K]; without it all become x, to predict from",
     TEXT(target)},
    {NULL, "columns", "COLUMN,...", NULL, "the columns that become x, in this order; default: all",
     TEXT(columns)},
    {NULL, "drop", "COLUMN,...", NULL, "leave these columns out", TEXT(drop)},
    {NULL, "one-hot", NULL, NULL, "columns of words become 0/1 columns, one for each word",
     .type = DT_OPTION_FLAG, .offset = offsetof(arguments, one_hot)},
    {NULL, "like", "OTHER.h5", NULL,
     "the same columns, words and classes as in OTHER.h5, which convert wrote, in the same order",
     TEXT(like)},
    {NULL, "header", "HOW", "auto",
     "whether the first line has names; auto: if a word stands above a number",
     .type = DT_OPTION_CHOICE, .offset = offsetof(arguments, header), .choices = headers},
    {NULL, "separator", "SIGN", NULL,
     "between cells: a sign, \"tab\", or \"space\" for any number of blanks; by itself: tab ; | , "
     "or "
     "blanks",
     TEXT(separator)},
    {NULL, "decimal", "SIGN", NULL, "decimal sign of numbers: a point (the default) or a comma",
     TEXT(decimal)},
    {NULL, "thousands", "SIGN", NULL, "sign between thousands, as in 1,234: a sign, or \"space\"",
     TEXT(thousands)},
    {NULL, "missing-words", "WORD,...", NULL,
     "words that stand for a missing value, beside an empty cell, NA, nan, null, None, N/A and ?",
     TEXT(missing_words)},
    {"From arrays", "x", "FILE", NULL, "IDX or NPY file that becomes x, gzipped or not", TEXT(x)},
    {NULL, "y", "FILE", NULL, "the same for y; without it there is only x", TEXT(y)},
    {0},
};

static dt_code run_convert(const dt_world *world, int argc, char **argv, dt_error *err);

const dt_command dt_command_convert = {
    .form = {.command = "convert", .table = table, .max_words = 2},
    .usage = {"TABLE.csv OUT.h5 [--target COLUMN] [OPTION...]", "--x FILE [--y FILE] OUT.h5"},
    .meaning = "Make a data set from a CSV table or from two arrays.",
    .run = run_convert,
};

/* The sign that an option gives by itself or by its name. */
static dt_code read_sign(const char *option, const char *text, char *sign, dt_error *err)
{
    *sign = '\0';
    if (!text)
        return DT_OK;
    if (strlen(text) == 1)
        *sign = text[0];
    else if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *sign = '\t';
    else if (strcmp(text, "space") == 0)
        *sign = ' ';
    else
        return dt_fail(err, DT_ERR_USAGE, "--%s %s: expected one sign, \"tab\" or \"space\"",
                       option, text);
    return DT_OK;
}

static dt_code convert_one_table(const arguments *given, const dt_words *words, dt_error *err)
{
    dt_convert_options options = {
        .target = given->target,
        .drop = given->drop,
        .columns = given->columns,
        .like = given->like,
        .one_hot = given->one_hot,
        .header = (dt_convert_header)given->header,
        .missing_words = given->missing_words,
    };
    if (read_sign("separator", given->separator, &options.separator, err) ||
        read_sign("decimal", given->decimal, &options.decimal, err) ||
        read_sign("thousands", given->thousands, &options.thousands, err))
        return err->code;
    return dt_convert_table_with(words->word[0], words->word[1], &options,
                                 &(dt_convert_notes){.to = stdout, .warn = dt_report_warn}, err);
}

static bool has_table_options(const arguments *given)
{
    return given->target || given->drop || given->columns || given->like || given->one_hot ||
           given->header || given->separator || given->decimal || given->thousands ||
           given->missing_words;
}

static dt_code convert_files(const arguments *given, const dt_words *words, dt_error *err)
{
    if (words->n == 2 && !given->x && !given->y)
        return convert_one_table(given, words, err);
    if (words->n == 1 && given->x && !has_table_options(given))
        return dt_convert_arrays(given->x, given->y, words->word[0], err);
    if (words->n == 1 && given->x)
        return dt_fail(err, DT_ERR_USAGE,
                       "convert: with --x, only --y goes; other options are for tables (see dtrain "
                       "convert --help)");
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
