#include "cli/config.h"

#include "cli/unknown.h"
#include "comm/comm.h"
#include "core/memory.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 256 }; /* of a table */

typedef struct {
    const dt_arguments_form *form;
    const char *file;
    FILE *stream;
    int line; /* the one in hand, counted from 1; inih does not tell its handler */
    void *options;
    int line_of[MAX_OPTIONS]; /* that sets the option of this number in the table; 0: none yet */
    dt_error *err;            /* the first failure, with file and line */
} reading;

static const char byte_order_mark[] = "\xef\xbb\xbf"; /* which some editors put before UTF-8 text */

static dt_code fail_at(reading *in, dt_code code, int line, const char *text)
{
    return dt_fail(in->err, code, "%s:%d: %s", in->file, line, text);
}

/* What is wrong with a line, or NULL. inih would tell of it only after it has read all lines, and a
 * later line's bad value would be told first. */
static const char *bad_form(const char *line)
{
    if (line[0] == '[')
        return "a section, but there are only name = value lines";
    bool empty = !line[0] || strchr("#;\r\n", line[0]);
    const char *sign = strpbrk(line, "=:");
    return empty || (sign && sign > line) ? NULL : "expected name = value";
}

/* A line for inih, without the blanks before it: to inih an indented line carries on the value of
 * the line above, which no option needs and nobody who indents would expect. */
static char *read_line(char *line, int size, void *user)
{
    reading *in = user;
    if (in->err->code != DT_OK || !fgets(line, size, in->stream))
        return NULL;
    in->line++;
    if (!strchr(line, '\n') && !feof(in->stream)) {
        fail_at(in, DT_ERR_USAGE, in->line, "the line is too long");
        return NULL;
    }
    size_t skip = in->line == 1 && strncmp(line, byte_order_mark, 3) == 0 ? 3 : 0;
    skip += strspn(line + skip, " \t\v\f");
    memmove(line, line + skip, strlen(line + skip) + 1);
    const char *wrong = bad_form(line);
    if (wrong) {
        fail_at(in, DT_ERR_USAGE, in->line, wrong);
        return NULL;
    }
    return line;
}

/* End the value at a blank and #, as inih does at a blank and ;. */
static void cut_comment(char *value)
{
    for (char *c = value; *c; c++)
        if (*c == '#' && (c == value || isspace((unsigned char)c[-1]))) {
            while (c > value && isspace((unsigned char)c[-1]))
                c--;
            *c = '\0';
            return;
        }
}

static bool is_quoted(const char *value)
{
    size_t n = strlen(value);
    return n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0];
}

/* Set an option that no line before has set. */
static dt_code set_once(reading *in, const char *name, const char *value, dt_error *err)
{
    const dt_option *option = dt_options_find(in->form->table, name);
    if (!option)
        return dt_unknown_option(in->form, "", name, err);
    int *line = &in->line_of[(option - in->form->table) % MAX_OPTIONS];
    if (*line)
        return dt_fail(err, DT_ERR_USAGE, "%s is given twice, first in line %d", name, *line);
    *line = in->line;
    if (is_quoted(value))
        return dt_fail(err, DT_ERR_USAGE, "%s = %s: expected a value without quotes", name, value);
    return dt_options_set(in->form->table, in->options, name, value, err);
}

static int set_option(void *user, const char *section, const char *name, const char *text)
{
    (void)section;
    reading *in = user;
    dt_error local = {0};
    char *value = strdup(text);
    if (!value)
        return dt_fail(in->err, DT_ERR_MEMORY, "%s: no memory to read it", in->file), 0;
    cut_comment(value);
    set_once(in, name, value, &local);
    free(value);
    if (local.code != DT_OK)
        fail_at(in, local.code, in->line, local.text);
    return local.code == DT_OK;
}

static dt_code read_stream(reading *in)
{
    int bad_line = ini_parse_stream(read_line, in, set_option, in);
    if (ferror(in->stream))
        return dt_fail(in->err, DT_ERR_FILE, "%s: cannot be read: %s", in->file, strerror(errno));
    if (bad_line > 0)
        return fail_at(in, DT_ERR_USAGE, bad_line, "expected name = value");
    if (bad_line < 0)
        return dt_fail(in->err, DT_ERR_MEMORY, "%s: no memory to read it", in->file);
    return in->err->code;
}

static dt_code cannot_open(const char *file, dt_error *err)
{
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be opened: %s", file, strerror(errno));
}

static dt_code read_all(const char *file, dt_text *text, dt_error *err)
{
    FILE *stream = fopen(file, "r");
    if (!stream)
        return cannot_open(file, err);
    size_t room = 0, got = 1;
    while (got > 0 && !err->code) {
        char *more = (size_t)text->n < room ? text->bytes : realloc(text->bytes, room += 1 << 12);
        if (!more) {
            dt_fail(err, DT_ERR_MEMORY, "%s: no memory to read it", file);
            break;
        }
        text->bytes = more;
        got = fread(text->bytes + text->n, 1, room - (size_t)text->n, stream);
        text->n += (int64_t)got;
    }
    if (ferror(stream))
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", file, strerror(errno));
    fclose(stream);
    return err->code;
}

dt_code dt_config_share(const dt_world *world, const char *file, dt_text *text, dt_error *err)
{
    *text = (dt_text){0};
    if (world->rank == 0)
        read_all(file, text, err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, &text->n, sizeof text->n);
    if (world->rank != 0)
        text->bytes = dt_alloc(text->n, 1, file, err);
    if (!dt_world_agree(world, err))
        dt_broadcast(world, text->bytes, text->n);
    return err->code;
}

dt_code dt_config_read(const dt_arguments_form *form, const char *file, void *options,
                       dt_error *err)
{
    static char nothing[] = "\n";
    const dt_text *text = form->text;
    FILE *stream = !text ? fopen(file, "r")
                         : fmemopen(text->n > 0 ? text->bytes : nothing,
                                    text->n > 0 ? (size_t)text->n : 1, "r");
    if (!stream)
        return cannot_open(file, err);
    reading in = {.form = form, .file = file, .stream = stream, .options = options, .err = err};
    read_stream(&in);
    fclose(stream);
    return err->code;
}
