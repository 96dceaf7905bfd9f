/* Parses a command line and a configuration file into an options struct. Not collective: every rank
 * parses the same argv. */
#ifndef DT_CLI_ARGUMENTS_H
#define DT_CLI_ARGUMENTS_H

#include "core/option.h"

enum { DT_MAX_WORDS = 2 };

/* The contents of a file. */
typedef struct {
    char *bytes; /* [n] */
    int64_t n;
} dt_text;

/* The arguments that a command allows. */
typedef struct {
    const char *command;    /* "train", for messages */
    const dt_option *table; /* the options */
    int max_words;          /* largest number of arguments that are not options; <= DT_MAX_WORDS */
    bool config;            /* the command takes --config FILE */
    const dt_text *text;    /* the text of that file; NULL: it must be read */
} dt_arguments_form;

/* The arguments that are not options, in their order; borrowed from argv. */
typedef struct {
    const char *word[DT_MAX_WORDS];
    int n;
} dt_words;

/* Set the fields of options, which have their defaults, first from the file of --config and then
 * from argv. So the command line has priority over the file, wherever --config stands in it. A file
 * may be readable on some ranks only, so the caller makes the ranks agree on the error.
 *   argv   [argc] without the names of the program and the command
 *   words  [out]
 * Returns DT_OK, DT_ERR_USAGE naming the wrong argument, DT_ERR_FILE or DT_ERR_MEMORY. */
dt_code dt_arguments_parse(const dt_arguments_form *form, int argc, char **argv, void *options,
                           dt_words *words, dt_error *err);

/* Return the file of the last --config, or NULL. It is borrowed from argv. */
const char *dt_arguments_config(const dt_arguments_form *form, int argc, char **argv);

/* Return whether the arguments have --help or -h; for the second function, --version or -V. */
bool dt_arguments_want_help(int argc, char **argv);
bool dt_arguments_want_version(int argc, char **argv);

/* Fail with DT_ERR_USAGE for an unexpected argument that is not an option. Returns err->code. */
dt_code dt_arguments_unexpected(const dt_arguments_form *form, const char *word, dt_error *err);

#endif
