/* Parses a command line and a configuration file into an options struct. */
#ifndef DT_CLI_ARGUMENTS_H
#define DT_CLI_ARGUMENTS_H

#include "core/option.h"

enum { DT_MAX_WORDS = 2 };

/* The contents of a file. */
typedef struct {
    char *bytes; /* [n] */
    int64_t n;
} dt_text;

/* What a command's arguments may be. */
typedef struct {
    const char *command;    /* "train", for messages */
    const dt_option *table; /* of its options */
    int max_words;          /* arguments without a "--name", at most; <= DT_MAX_WORDS */
    bool config;            /* takes --config FILE */
    const dt_text *text;    /* the text of that file; NULL: it has to be read */
} dt_arguments_form;

/* The arguments without a "--name", in their order; borrowed from argv. */
typedef struct {
    const char *word[DT_MAX_WORDS];
    int n;
} dt_words;

/* Set the fields of options, which hold their defaults, from argv [argc] (without the names of
 * program and command), and before that from the file that --config names, so that the command line
 * wins wherever it names the file. Not collective: every rank parses the same argv, but a file may
 * be readable on some ranks only, so the caller makes the ranks agree.
 * Returns DT_OK, DT_ERR_USAGE naming what was not understood, DT_ERR_FILE or DT_ERR_MEMORY. */
dt_code dt_arguments_parse(const dt_arguments_form *form, int argc, char **argv, void *options,
                           dt_words *words, dt_error *err);

/* The file of the last --config, or NULL. */
const char *dt_arguments_config(const dt_arguments_form *form, int argc, char **argv);

/* Whether the arguments have --help or -h, or, for the second function, --version or -V. */
bool dt_arguments_want_help(int argc, char **argv);
bool dt_arguments_want_version(int argc, char **argv);

/* DT_ERR_USAGE for a word in a place where none is expected. */
dt_code dt_arguments_unexpected(const dt_arguments_form *form, const char *word, dt_error *err);

#endif
