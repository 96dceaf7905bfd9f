/* A table of options. An entry has an option's name, type, default, range and meaning. The command
 * line, the configuration file, --help and the JSON in a checkpoint are made from the table. Not
 * collective. */
#ifndef DT_CORE_OPTION_H
#define DT_CORE_OPTION_H

#include <dtrain/options.h> /* dt_widths */
#include <dtrain/status.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    DT_OPTION_FLAG,   /* bool; the name alone sets it; in a file also "name = true|false" */
    DT_OPTION_TEXT,   /* char *, owned by the options struct; NULL when not given */
    DT_OPTION_COUNT,  /* int64_t within [min, max]; max at most DT_OPTION_UNLIMITED */
    DT_OPTION_SIZE,   /* int64_t of bytes, at least 1: "100M"; 0 when not given */
    DT_OPTION_TIME,   /* int64_t of seconds, at least 1: "3h50m"; 0 when not given */
    DT_OPTION_REAL,   /* double within [min, max] (or (min, max] with above_min); finite; max may be
                         INFINITY for no limit */
    DT_OPTION_CHOICE, /* int: the index of the word in choices, a NULL-terminated list. A word with
                         a colon, as "quantile:Q,...", stands for the text up to the colon and
                         the quantiles behind it, which go into the field at `list` */
    DT_OPTION_WIDTHS, /* dt_widths: N,N,... each within [min, max]; "none": an empty list */
    DT_OPTION_EVERY,  /* dt_every: N (steps), Ne (epochs) or Ns (seconds), N within [min, max] */
} dt_option_type;

/* The largest count: every whole number up to it is exact in the table's doubles and in JSON. */
#define DT_OPTION_UNLIMITED 9007199254740992.0 /* 2^53 */

enum { DT_OPTION_MAX_THREADS = 1 << 12 }; /* threads of one rank; far more cannot be created */

typedef struct {
    const char *group;    /* heading in --help; NULL: the heading of the entry before */
    const char *name;     /* without the dashes: "batch-size" */
    const char *argument; /* the argument's name in --help: "N"; NULL for a flag */
    const char *fallback; /* the default as text; NULL: none (NULL, 0, false, an empty list) */
    const char *meaning;  /* one line for --help */
    dt_option_type type;
    size_t offset; /* of the field in the options struct */
    const char *const *choices;
    double min, max;
    bool above_min; /* the value min is not allowed */
    bool
        may_change; /* a resumed run may have another value, since it does not change the results */
    size_t given;   /* offset of a bool that dt_options_set sets to true; 0: none */
    size_t list;    /* offset of the dt_quantiles of a choice; 0: none */
} dt_option;        /* a table ends with an entry whose name is NULL */

/* Set every field that has a default. The caller has zeroed options, and calls dt_options_free,
 * also after an error. */
dt_code dt_options_defaults(const dt_option *table, void *options, dt_error *err);

/* Return the entry with this name, or NULL. */
const dt_option *dt_options_find(const dt_option *table, const char *name);

/* Set one field from text. The value is NULL for a flag that is given by its name alone. A number
 * must be decimal, with nothing after it. An error (DT_ERR_USAGE or DT_ERR_MEMORY) leaves the field
 * unchanged. The message names the option, the value and the expected values:
 *   --batch-size 0: expected a whole number of at least 1 */
dt_code dt_options_set(const dt_option *table, void *options, const char *name, const char *value,
                       dt_error *err);

/* Return all options as {"batch-size": 100, "quiet": true, "hidden": [512, 512], "loss": "mse",
 * ...}, in the order of the table. Null stands for a text, a count or a real that has no default
 * and was not given. The caller owns the reference. NULL when memory runs out. */
json_t *dt_options_json(const dt_option *table, const void *options);

/* Free the memory that the fields own, and set these fields to zero. */
void dt_options_free(const dt_option *table, void *options);

#endif
