#include "cli/arguments.h"

#include "cli/config.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 64 }; /* longer than any option's */

typedef struct {
    const char *name;  /* in `copy`, or of the argument itself; without dashes */
    const char *value; /* what stands behind "=", or NULL */
    char copy[MAX_NAME];
} named;

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters must be put in, taken out or changed to make b of a. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[MAX_NAME + 1], lb = strlen(b);
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < lb; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = smallest(changed, row[j] + 1, row[j + 1] + 1);
        }
    }
    return row[lb];
}

static const char *nearest(const dt_option *table, const char *name)
{
    const char *best = NULL;
    size_t length = strlen(name), beyond = 3; /* too far to be a slip */
    if (length < 5)
        beyond = length < 2 ? 0 : 2;
    for (const dt_option *option = table; length < MAX_NAME && option->name; option++) {
        size_t distance = edit_distance(name, option->name);
        if (distance < beyond) {
            best = option->name;
            beyond = distance;
        }
    }
    return best;
}

dt_code dt_arguments_unknown(const dt_arguments_form *form, const char *dashes, const char *name,
                             dt_error *err)
{
    const char *near = nearest(form->table, name);
    if (near)
        return dt_fail(err, DT_ERR_USAGE,
                       "unknown option %s%.80s (did you mean %s%s? see dtrain %s --help)", dashes,
                       name, dashes, near, form->command);
    return dt_fail(err, DT_ERR_USAGE, "unknown option %s%.80s (see dtrain %s --help)", dashes, name,
                   form->command);
}

/* Take "--name" or "--name=value" apart. A name too long for any option stays whole. */
static void split(const char *argument, named *to)
{
    to->name = argument + 2;
    to->value = NULL;
    size_t length = strcspn(to->name, "=");
    if (!to->name[length] || length >= MAX_NAME)
        return;
    memcpy(to->copy, to->name, length);
    to->copy[length] = '\0';
    to->value = to->name + length + 1;
    to->name = to->copy;
}

/* The value of an option that must have one: behind "=", or the next argument, which *i then passes
 * over. One that looks like an option is taken for a forgotten value; with "=" anything goes. */
static dt_code take_value(named *from, const char *argument, int argc, char **argv, int *i,
                          dt_error *err)
{
    if (from->value)
        return DT_OK;
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return dt_fail(err, DT_ERR_USAGE, "--%s: expected a value (%s)", from->name, argument);
    from->value = argv[++*i];
    return DT_OK;
}

static bool is_config(const dt_arguments_form *form, const named *argument)
{
    return form->config && strcmp(argument->name, "config") == 0;
}

/* Set one option from argv[*i] and, if it takes one, its value. */
static dt_code set_option(const dt_arguments_form *form, int argc, char **argv, int *i,
                          void *options, dt_error *err)
{
    named argument;
    split(argv[*i], &argument);
    if (is_config(form, &argument))
        return take_value(&argument, "FILE", argc, argv, i, err);
    const dt_option *option = dt_options_find(form->table, argument.name);
    if (!option)
        return dt_arguments_unknown(form, "--", argument.name, err);
    if (option->type == DT_OPTION_FLAG && argument.value)
        return dt_fail(err, DT_ERR_USAGE, "%.80s: takes no value", argv[*i]);
    if (option->type != DT_OPTION_FLAG &&
        take_value(&argument, option->argument, argc, argv, i, err) != DT_OK)
        return err->code;
    return dt_options_set(form->table, options, argument.name, argument.value, err);
}

static dt_code set_word(const dt_arguments_form *form, const char *word, dt_words *words,
                        dt_error *err)
{
    if (word[0] == '-' && word[1])
        return dt_fail(err, DT_ERR_USAGE, "unknown option %.80s (see dtrain %s --help)", word,
                       form->command);
    if (words->n == form->max_words)
        return dt_fail(err, DT_ERR_USAGE, "unexpected argument \"%.80s\" (see dtrain %s --help)",
                       word, form->command);
    words->word[words->n++] = word;
    return DT_OK;
}

/* A --config without a value is left for the pass that sets
 * the options to complain of, as is everything else. */
const char *dt_arguments_config(const dt_arguments_form *form, int argc, char **argv)
{
    const char *file = NULL;
    for (int i = 0; i < argc; i++) {
        named argument;
        if (strncmp(argv[i], "--", 2) != 0)
            continue;
        split(argv[i], &argument);
        if (!is_config(form, &argument))
            continue;
        if (argument.value)
            file = argument.value;
        else if (i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
            file = argv[++i];
    }
    return file;
}

dt_code dt_arguments_parse(const dt_arguments_form *form, int argc, char **argv, void *options,
                           dt_words *words, dt_error *err)
{
    *words = (dt_words){0};
    const char *config = dt_arguments_config(form, argc, argv);
    if (config && dt_config_read(form, config, options, err) != DT_OK)
        return err->code;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 ? set_option(form, argc, argv, &i, options, err)
                                           : set_word(form, argv[i], words, err))
            return err->code;
    }
    return DT_OK;
}

static bool has(int argc, char **argv, const char *argument)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], argument) == 0)
            return true;
    return false;
}

bool dt_arguments_want_help(int argc, char **argv)
{
    return has(argc, argv, "--help") || has(argc, argv, "-h");
}

bool dt_arguments_want_version(int argc, char **argv)
{
    return has(argc, argv, "--version");
}
