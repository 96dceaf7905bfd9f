#include "cli/arguments.h"

#include "cli/config.h"
#include "cli/unknown.h"
#include "core/line.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 64 }; /* longer than any option's */

typedef struct {
    const char *name;  /* in `copy`, or of the argument itself; without dashes */
    const char *value; /* what stands behind "=", or NULL */
    char copy[MAX_NAME];
} named;

/* Take "--name" or "--name=value" apart. A name too long for any option stays whole. */
static void split_value(const char *argument, named *to)
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

/* Whether an option of this name stands before argv[i]. The value of an option never begins with
 * two dashes, unless it stands behind "=". */
static bool is_repeated(char **argv, int i, const char *name)
{
    named earlier;
    for (int k = 0; k < i; k++)
        if (strncmp(argv[k], "--", 2) == 0) {
            split_value(argv[k], &earlier);
            if (strcmp(earlier.name, name) == 0)
                return true;
        }
    return false;
}

/* Set one option from argv[*i] and, if it takes one, its value. */
static dt_code set_option(const dt_arguments_form *form, int argc, char **argv, int *i,
                          void *options, dt_error *err)
{
    named argument;
    split_value(argv[*i], &argument);
    if (is_repeated(argv, *i, argument.name))
        return dt_fail(err, DT_ERR_USAGE, "--%.*s is given twice", dt_line_cut(argument.name, 80),
                       argument.name);
    if (is_config(form, &argument))
        return take_value(&argument, "FILE", argc, argv, i, err);
    const dt_option *option = dt_options_find(form->table, argument.name);
    if (!option)
        return dt_unknown_option(form, "--", argument.name, err);
    if (option->type == DT_OPTION_FLAG && argument.value)
        return dt_fail(err, DT_ERR_USAGE, "%.*s: takes no value", dt_line_cut(argv[*i], 80),
                       argv[*i]);
    if (option->type != DT_OPTION_FLAG &&
        take_value(&argument, option->argument, argc, argv, i, err) != DT_OK)
        return err->code;
    return dt_options_set(form->table, options, argument.name, argument.value, err);
}

/* A word with a dot or a slash in it is a file. */
dt_code dt_arguments_unexpected(const dt_arguments_form *form, const char *word, dt_error *err)
{
    int shown = dt_line_cut(word, 80);
    bool file = strpbrk(word, "./") && form->max_words == 0 && dt_options_find(form->table, "data");
    if (file && dt_options_find(form->table, "model"))
        return dt_fail(err, DT_ERR_USAGE,
                       "unexpected argument \"%.*s\" (did you mean --model %.*s or --data %.*s? "
                       "see dtrain %s --help)",
                       shown, word, shown, word, shown, word, form->command);
    return dt_fail(err, DT_ERR_USAGE, "unexpected argument \"%.*s\" (%s%.*s%ssee dtrain %s --help)",
                   shown, word, file ? "did you mean --data " : "", file ? shown : 0, word,
                   file ? "? " : "", form->command);
}

static dt_code set_word(const dt_arguments_form *form, const char *word, dt_words *words,
                        dt_error *err)
{
    if (word[0] == '-' && word[1])
        return dt_unknown_option(form, "-", word + 1, err);
    if (words->n == form->max_words)
        return dt_arguments_unexpected(form, word, err);
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
        split_value(argv[i], &argument);
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

static bool has_argument(int argc, char **argv, const char *argument)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], argument) == 0)
            return true;
    return false;
}

bool dt_arguments_want_help(int argc, char **argv)
{
    return has_argument(argc, argv, "--help") || has_argument(argc, argv, "-h");
}

bool dt_arguments_want_version(int argc, char **argv)
{
    return has_argument(argc, argv, "--version") || has_argument(argc, argv, "-V");
}
