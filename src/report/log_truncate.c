#include "report/log_truncate.h"

#include "file/temporary.h"
#include "report/failure.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The state of going through a log. */
typedef struct {
    const char *path;
    const dt_log_truncate_options *options;
    json_t *values;  /* options->options */
    int64_t last;    /* epoch */
    bool has_start;  /* that is one of the run */
    dt_error other;  /* in what one of them is another run's */
    dt_error chosen; /* in what one differs that may have gone on otherwise */
} truncation;

/* ---- A line --------------------------------------------------------------------------------- */

/* The digits of a whole number at *at, which then is behind them. */
static bool read_count(const char **at, int64_t *value)
{
    const char *digit = *at;
    for (*value = 0; *digit >= '0' && *digit <= '9' && *value < INT64_MAX / 10 - 1; digit++)
        *value = *value * 10 + (*digit - '0');
    bool some = digit > *at;
    *at = digit;
    return some;
}

static bool skip_text(const char **at, const char *text)
{
    size_t n = strlen(text);
    bool same = strncmp(*at, text, n) == 0;
    *at += same ? n : 0;
    return same;
}

/* A number, which may be real, or null. */
static bool skip_value(const char **at)
{
    char *end;
    if (skip_text(at, "null"))
        return true;
    size_t n = strspn(*at, "0123456789+-.eE");
    strtod(*at, &end);
    bool whole = n > 0 && end == *at + n;
    *at = end;
    return whole;
}

/* A line as dt_log_step writes it, and the global step in it. A log may have millions of them, and
 * to read each as JSON takes minutes. */
static bool is_step(const char *at, size_t length, int64_t *global_step)
{
    const char *end = at + length;
    int64_t count;
    return skip_text(&at, "{\"event\":\"step\",\"epoch\":") && read_count(&at, &count) &&
           skip_text(&at, ",\"step\":") && read_count(&at, &count) &&
           skip_text(&at, ",\"global_step\":") && read_count(&at, global_step) &&
           skip_text(&at, ",\"samples\":") && read_count(&at, &count) &&
           skip_text(&at, ",\"loss\":") && skip_value(&at) && skip_text(&at, ",\"lr\":") &&
           skip_value(&at) && skip_text(&at, "}\n") && at == end;
}

static bool is_among(const json_t *value, json_t *list)
{
    size_t i;
    json_t *may;
    json_array_foreach(list, i, may) if (json_equal(value, may)) return true;
    return false;
}

/* Whether the options of a run that the log tells of may be those of the one that goes on. An
 * option that the log lacks is of a newer program. */
static void check_options(const truncation *c, const json_t *event, dt_error *fixed,
                          dt_error *chosen)
{
    const json_t *options = json_object_get(event, "options");
    const char *name;
    json_t *list;
    json_object_foreach(c->values, name, list)
    {
        const json_t *then = json_object_get(options, name);
        if (then && !is_among(then, list)) {
            char *text = json_dumps(then, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
            dt_fail(json_array_size(list) > 1 ? chosen : fixed, DT_ERR_DATA, "--%s %s there", name,
                    text ? text : "is another");
            free(text);
        }
    }
}

/* Whether a run that the log tells of is the one that goes on. An option with several values may
 * have been changed whenever the run went on: one start with one of them is enough. */
static void check_start(truncation *c, const json_t *event)
{
    for (int i = 0; i < DT_LOG_IDENTITY && c->options->is[i].name; i++) {
        const json_t *then = json_object_get(event, c->options->is[i].name);
        int64_t now = c->options->is[i].value;
        if (json_is_integer(then) && json_integer_value(then) != now)
            dt_fail(&c->other, DT_ERR_DATA, "%s %lld there, %lld here", c->options->is[i].name,
                    (long long)json_integer_value(then), (long long)now);
    }
    dt_error chosen = {0};
    check_options(c, event, &c->other, &chosen);
    c->has_start = c->has_start || !chosen.code;
    if (chosen.code)
        c->chosen = chosen;
}

/* Whether an event happened before the cut. */
static bool event_stays_in_log(truncation *c, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    bool stay = kind && strcmp(kind, "end") != 0 &&
                json_integer_value(json_object_get(event, "global_step")) <= c->options->steps;
    if (stay && strcmp(kind, "start") == 0) {
        check_start(c, event);
        c->last = c->last < 0 ? 0 : c->last;
    }
    if (stay && strcmp(kind, "epoch") == 0) {
        int64_t epoch = json_integer_value(json_object_get(event, "epoch"));
        stay = epoch <= c->options->epochs;
        c->last = stay && epoch > c->last ? epoch : c->last;
    }
    return stay;
}

static bool stays_in_log(truncation *c, const char *line, size_t length, dt_error *err)
{
    int64_t global_step;
    if (line[length - 1] != '\n')
        return false;
    if (is_step(line, length, &global_step))
        return global_step <= c->options->steps;
    json_error_t why = {0};
    json_t *event = json_loadb(line, length, 0, &why);
    if (!event && !why.text[0]) /* all that is wrong with a text has one */
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the log %s", c->path);
    bool stay = event_stays_in_log(c, event);
    json_decref(event);
    return stay;
}

/* ---- The file ------------------------------------------------------------------------------- */

static dt_code copy_lines(truncation *c, FILE *from, FILE *to, dt_error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (!err->code && (length = getline(&line, &capacity, from)) > 0)
        if (stays_in_log(c, line, (size_t)length, err) &&
            fwrite(line, 1, (size_t)length, to) != (size_t)length)
            dt_write_failed(err, c->path);
    if (!err->code && !feof(from))
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", c->path, strerror(errno));
    free(line);
    return err->code;
}

/* Replace the file by what stays of it, if it is of this run. real: where it is, links followed. */
static dt_code replace_file(truncation *c, FILE *from, const char *real, mode_t mode, dt_error *err)
{
    char *name;
    int file = dt_temporary_open(real, mode & 0777, &name);
    FILE *to = file < 0 ? NULL : fdopen(file, "w");
    if (!to)
        dt_write_failed(err, c->path);
    else if (!copy_lines(c, from, to, err) && (fflush(to) != 0 || fsync(file) != 0))
        dt_write_failed(err, c->path);
    if (to)
        fclose(to);
    bool is_own = c->has_start && !c->other.code;
    if (!err->code && is_own && rename(name, real) != 0)
        dt_write_failed(err, c->path);
    if ((err->code || !is_own) && file >= 0)
        unlink(name);
    free(name);
    return err->code;
}

dt_code dt_log_truncate(const char *path, const dt_log_truncate_options *options, int64_t *last,
                        dt_error *other, dt_error *err)
{
    struct stat info;
    char *real = realpath(path, NULL); /* a link to a log stays one */
    if (!real && errno == ENOMEM)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the log %s", path);
    *last = real || errno != ENOENT ? options->epochs : -1;
    if (!real || stat(real, &info) != 0 || !S_ISREG(info.st_mode)) {
        free(real);
        return DT_OK;
    }
    truncation c = {.path = path, .options = options, .last = -1};
    FILE *from = fopen(real, "re");
    if (options->options && !(c.values = json_loads(options->options, 0, NULL)))
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the log %s", path);
    else if (!from)
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    else
        replace_file(&c, from, real, info.st_mode, err);
    if (from)
        fclose(from);
    json_decref(c.values);
    free(real);
    *last = c.has_start && !c.other.code ? c.last : -1;
    *other = c.other.code || c.has_start ? c.other : c.chosen;
    return err->code;
}
