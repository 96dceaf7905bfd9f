#include "core/option_value.h"

#include "core/line.h"
#include "core/quantiles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_WIDTHS = 1024, /* so that no sum of layer sizes can overflow an int64_t */
    EXPECTED_TEXT = 256,
};

/* ---- What was expected ---------------------------------------------------------------------- */

static void expect_count(const dt_option *option, bool too_large, char *text, size_t size)
{
    if (option->max < DT_OPTION_UNLIMITED || too_large)
        snprintf(text, size, "a whole number from %.0f to %.0f", option->min, option->max);
    else
        snprintf(text, size, "a whole number of at least %.0f", option->min);
}

static void expect_real(const dt_option *option, char *text, size_t size)
{
    const char *from = option->above_min ? "above" : "of at least";
    if (isinf(option->min) && isinf(option->max))
        snprintf(text, size, "a number");
    else if (isinf(option->max))
        snprintf(text, size, "a number %s %g", from, option->min);
    else if (option->above_min)
        snprintf(text, size, "a number above %g and at most %g", option->min, option->max);
    else
        snprintf(text, size, "a number from %g to %g", option->min, option->max);
}

/* "relu, tanh, sigmoid or gelu" */
static void expect_choice(const dt_option *option, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; option->choices[i] && used < size; i++) {
        const char *before = i == 0 ? "" : option->choices[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", before, option->choices[i]);
    }
}

static dt_code bad_value(const dt_option *option, const char *value, const char *expected,
                         dt_error *err)
{
    const char *quote = *value ? "" : "\"\"";
    const char *more = strlen(value) > DT_OPTION_SHOWN ? "..." : "";
    return dt_fail(err, DT_ERR_USAGE, "--%s %s%.*s%s: expected %s", option->name, quote,
                   dt_line_cut(value, DT_OPTION_SHOWN), value, more, expected);
}

/* ---- From text ------------------------------------------------------------------------------ */

/* Whether text is a whole number, and nothing else. A number beyond int64_t becomes its end. */
static bool parse_whole(const char *text, size_t length, int64_t *value)
{
    size_t sign = length > 0 && (text[0] == '-' || text[0] == '+');
    if (length == sign || strspn(text + sign, "0123456789") < length - sign)
        return false;
    *value = strtoll(text, NULL, 10);
    return true;
}

/* Bounds of counts are whole, but a count beyond 2^53 may not be a double. */
static bool count_within(const dt_option *option, int64_t value)
{
    return value >= (int64_t)option->min && value <= (int64_t)option->max;
}

/* strtod alone would also take blanks, hexadecimals, "inf" and "nan". */
static bool parse_real(const char *text, double *value)
{
    if (!*text || text[strspn(text, "0123456789+-.eE")])
        return false;
    char *end;
    *value = strtod(text, &end);
    return !*end && isfinite(*value);
}

static dt_code set_flag(const dt_option *option, bool *flag, const char *value, dt_error *err)
{
    if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return bad_value(option, value, "true or false", err);
    *flag = !value || strcmp(value, "true") == 0;
    return DT_OK;
}

static dt_code set_text(const dt_option *option, char **text, const char *value, dt_error *err)
{
    if (!*value)
        return bad_value(option, value, "a text that is not empty", err);
    char *copy = strdup(value);
    if (!copy)
        return dt_fail(err, DT_ERR_MEMORY, "no memory for the options");
    free(*text);
    *text = copy;
    return DT_OK;
}

static dt_code set_count(const dt_option *option, int64_t *count, const char *value, dt_error *err)
{
    int64_t whole = 0;
    bool number = parse_whole(value, strlen(value), &whole);
    if (!number || !count_within(option, whole)) {
        char expected[EXPECTED_TEXT];
        expect_count(option, number && whole > (int64_t)option->max, expected, sizeof expected);
        return bad_value(option, value, expected, err);
    }
    *count = whole;
    return DT_OK;
}

/* A number of bytes: a whole number, or one with k, M, G or T for powers of 1024, as Slurm has it.
 */
static dt_code set_size(const dt_option *option, int64_t *bytes, const char *value, dt_error *err)
{
    static const char unit[] = "kMGT";
    size_t digits = strspn(value, "0123456789");
    const char *found =
        value[digits] ? strchr(unit, value[digits] == 'K' ? 'k' : value[digits]) : NULL;
    int shift = found ? 10 * (int)(found - unit + 1) : 0;
    int64_t whole = 0;
    bool good = parse_whole(value, digits, &whole) && whole > 0 && whole <= INT64_MAX >> shift &&
                (value[digits] == '\0' ||
                 (found && (value[digits + 1] == '\0' || strcmp(value + digits + 1, "B") == 0)));
    if (!good)
        return bad_value(option, value, "a size such as 500M or 2G", err);
    *bytes = whole << shift;
    return DT_OK;
}

/* The seconds of "3h50m": numbers with d, h, m and s, each at most once and in this order, or one
 * number alone; 0 if the text is no such time or too long a one. */
static int64_t parse_time(const char *value)
{
    static const struct {
        char name;
        int64_t seconds;
    } unit[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}, {'\0', 1}};
    int64_t seconds = 0, n = 0;
    size_t next = 0;
    do {
        size_t digits = strspn(value, "0123456789");
        size_t u = next;
        while (u < 5 && unit[u].name != value[digits])
            u++;
        if (u == 5 || (u == 4 && next > 0) || !parse_whole(value, digits, &n) ||
            n > INT32_MAX) /* seconds: 68 years */
            return 0;
        seconds += n * unit[u].seconds;
        value += digits + (u < 4);
        next = u + 1;
    } while (*value);
    return seconds <= INT32_MAX ? seconds : 0;
}

static dt_code set_time(const dt_option *option, int64_t *seconds, const char *value, dt_error *err)
{
    int64_t parsed = parse_time(value);
    if (parsed == 0)
        return bad_value(option, value, "a time such as 90s, 10m, 3h50m or 1d", err);
    *seconds = parsed;
    return DT_OK;
}

static dt_code set_real(const dt_option *option, double *real, const char *value, dt_error *err)
{
    double number;
    if (!parse_real(value, &number) || !dt_option_is_within(option, number)) {
        char expected[EXPECTED_TEXT];
        expect_real(option, expected, sizeof expected);
        return bad_value(option, value, expected, err);
    }
    *real = number;
    return DT_OK;
}

/* The choice whose word the value is, or begins with before a colon; -1: none. */
static int find_choice(const dt_option *option, const char *value)
{
    size_t length = strcspn(value, ":");
    for (int i = 0; option->choices[i]; i++) {
        const char *word = option->choices[i];
        bool same = strchr(word, ':')
                        ? strcspn(word, ":") == length && strncmp(word, value, length) == 0
                        : strcmp(word, value) == 0;
        if (same)
            return i;
    }
    return -1;
}

static dt_code set_choice(const dt_option *option, int *choice, const char *value, dt_error *err)
{
    char expected[EXPECTED_TEXT];
    int found = find_choice(option, value);
    if (found < 0) {
        expect_choice(option, expected, sizeof expected);
        return bad_value(option, value, expected, err);
    }
    dt_quantiles parsed = {0};
    const char *colon = strchr(value, ':');
    bool takes_list = strchr(option->choices[found], ':') != NULL;
    if (takes_list && !(colon && dt_quantiles_parse(colon + 1, &parsed))) {
        snprintf(expected, sizeof expected,
                 "%s with 1 to %d increasing numbers between 0 and 1, as in %.*s:0.1,0.5,0.9",
                 option->choices[found], DT_MAX_QUANTILES, (int)strcspn(value, ":"), value);
        return bad_value(option, value, expected, err);
    }
    if (option->list)
        *(dt_quantiles *)(void *)((char *)choice - option->offset + option->list) = parsed;
    *choice = found;
    return DT_OK;
}

/* The numbers of "512,256" into width [MAX_WIDTHS]; how many there are, or -1 if the text is not
 * such a list. */
static int parse_widths(const dt_option *option, const char *value, int64_t *width)
{
    int n = 0;
    for (const char *item = value;; n++) {
        size_t length = strcspn(item, ",");
        if (n == MAX_WIDTHS || !parse_whole(item, length, &width[n]) ||
            !count_within(option, width[n]))
            return -1;
        if (!item[length])
            return n + 1;
        item += length + 1;
    }
}

static dt_code set_widths(const dt_option *option, dt_widths *widths, const char *value,
                          dt_error *err)
{
    int64_t parsed[MAX_WIDTHS];
    int n = strcmp(value, "none") == 0 ? 0 : parse_widths(option, value, parsed);
    if (n < 0) {
        char expected[EXPECTED_TEXT];
        snprintf(expected, sizeof expected,
                 "up to %d whole numbers from %.0f to %.0f, as in 512,256, or none", MAX_WIDTHS,
                 option->min, option->max);
        return bad_value(option, value, expected, err);
    }
    int64_t *copy = n > 0 ? malloc((size_t)n * sizeof *copy) : NULL;
    if (n > 0 && !copy)
        return dt_fail(err, DT_ERR_MEMORY, "no memory for the options");
    for (int i = 0; i < n; i++)
        copy[i] = parsed[i];
    free(widths->width);
    *widths = (dt_widths){copy, n};
    return DT_OK;
}

static dt_code set_every(const dt_option *option, dt_every *every, const char *value, dt_error *err)
{
    size_t digits = strspn(value, "0123456789");
    int64_t n = 0;
    int unit = strcmp(value + digits, "e") == 0   ? DT_EVERY_EPOCH
               : strcmp(value + digits, "s") == 0 ? DT_EVERY_SECOND
                                                  : DT_EVERY_STEP;
    bool good = unit != DT_EVERY_STEP || value[digits] == '\0';
    if (!good || !parse_whole(value, digits, &n) || !count_within(option, n))
        return bad_value(option, value, "N steps, Ne epochs or Ns seconds, as in 100, 2e or 600s",
                         err);
    *every = (dt_every){n, unit};
    return DT_OK;
}

dt_code dt_option_parse(const dt_option *option, const char *value, void *to, dt_error *err)
{
    if (option->type == DT_OPTION_FLAG)
        return set_flag(option, to, value, err);
    if (!value)
        return dt_fail(err, DT_ERR_USAGE, "--%s: expected a value (%s)", option->name,
                       option->argument);
    switch (option->type) {
    case DT_OPTION_TEXT:
        return set_text(option, to, value, err);
    case DT_OPTION_COUNT:
        return set_count(option, to, value, err);
    case DT_OPTION_SIZE:
        return set_size(option, to, value, err);
    case DT_OPTION_TIME:
        return set_time(option, to, value, err);
    case DT_OPTION_REAL:
        return set_real(option, to, value, err);
    case DT_OPTION_CHOICE:
        return set_choice(option, to, value, err);
    case DT_OPTION_EVERY:
        return set_every(option, to, value, err);
    default:
        return set_widths(option, to, value, err);
    }
}
