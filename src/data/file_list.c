#include "data/file_list.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dt_code append_path(dt_file_list *list, const char *path, size_t length, dt_error *err)
{
    char **longer = list->path;
    if ((list->n & (list->n - 1)) == 0) /* it is full at powers of two */
        longer = realloc(list->path, (size_t)(list->n ? 2 * list->n : 1) * sizeof *longer);
    if (longer) {
        list->path = longer;
        list->path[list->n] = strndup(path, length);
    }
    if (!longer || !list->path[list->n])
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the list of files %s", list->text);
    list->n++;
    return DT_OK;
}

/* ---- Patterns ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n]))
        n++;
    return n;
}

/* By bytes, except that numbers are compared by their value: run_9 is before run_10. */
static int compare_names(const void *first, const void *second)
{
    const char *a = *(char *const *)first, *b = *(char *const *)second;
    while (*a && *b) {
        if (is_digit(*a) && is_digit(*b)) {
            const char *x = a + strspn(a, "0"), *y = b + strspn(b, "0");
            size_t m = count_digits(x), n = count_digits(y);
            int order = m != n ? (m < n ? -1 : 1) : strncmp(x, y, m);
            if (order != 0)
                return order;
            a = x + m;
            b = y + n;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    int order = (unsigned char)*a - (unsigned char)*b;
    return order ? order : strcmp(*(char *const *)first, *(char *const *)second);
}

static dt_code append_matches(dt_file_list *list, const char *pattern, dt_error *err)
{
    glob_t found = {0};
    int failed = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (failed == GLOB_NOSPACE)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the files of %s", pattern);
    else if (failed || found.gl_pathc == 0)
        dt_fail(err, DT_ERR_FILE, "%s: no file has a name of this pattern", pattern);
    else
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_names);
    for (size_t i = 0; i < found.gl_pathc && !err->code; i++)
        append_path(list, found.gl_pathv[i], strlen(found.gl_pathv[i]), err);
    globfree(&found);
    return err->code;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* A path, or a pattern if no file has this name. */
static dt_code append_item(dt_file_list *list, const char *item, size_t length, dt_error *err)
{
    char *text = strndup(item, length);
    if (!text)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the list of files %s", list->text);
    if (text[strcspn(text, "*?[")] && access(text, F_OK) != 0)
        append_matches(list, text, err);
    else
        append_path(list, text, length, err);
    free(text);
    return err->code;
}

static dt_code append_items(dt_file_list *list, const char *text, dt_error *err)
{
    for (const char *at = text; !err->code;) {
        size_t length = strcspn(at, ",");
        if (length == 0)
            return dt_fail(err, DT_ERR_FILE, "%s: a name is missing in the list of files", text);
        append_item(list, at, length, err);
        if (!at[length])
            break;
        at += length + 1;
    }
    return err->code;
}

/* A line without the blanks around it. An empty one counts for nothing, as one that begins with #. */
static dt_code append_line(dt_file_list *list, char *line, dt_error *err)
{
    size_t skip = strspn(line, " \t"), length = strlen(line + skip);
    while (length > 0 && strchr(" \t\r\n", line[skip + length - 1]))
        length--;
    if (length == 0 || line[skip] == '#')
        return DT_OK;
    return append_item(list, line + skip, length, err);
}

static dt_code append_lines(dt_file_list *list, const char *path, dt_error *err)
{
    char *line = NULL;
    size_t size = 0;
    FILE *from = fopen(path, "r");
    if (!from)
        return dt_fail(err, DT_ERR_FILE, "%s: %s", path, strerror(errno));
    errno = 0;
    while (getline(&line, &size, from) >= 0 && !append_line(list, line, err))
        ;
    if (ferror(from) && !err->code)
        dt_fail(err, DT_ERR_FILE, "%s: %s", path, strerror(errno));
    else if (list->n == 0 && !err->code)
        dt_fail(err, DT_ERR_FILE, "%s: names no file; each line is the path of one", path);
    free(line);
    fclose(from);
    return err->code;
}

dt_code dt_file_list_find(dt_file_list *list, const char *data, dt_error *err)
{
    *list = (dt_file_list){.text = strdup(data)};
    if (!list->text)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of files");
    if (access(data, F_OK) == 0)
        return append_path(list, data, strlen(data), err);
    if (data[0] == '@')
        return append_lines(list, data + 1, err);
    return append_items(list, data, err);
}

/* ---- To every rank -------------------------------------------------------------------------- */

/* All paths one behind the other, each with its NUL. */
static char *join_paths(const dt_file_list *list, int64_t *bytes, dt_error *err)
{
    *bytes = 0;
    for (int64_t i = 0; i < list->n; i++)
        *bytes += (int64_t)strlen(list->path[i]) + 1;
    char *text = dt_alloc(*bytes, 1, "the names of files", err), *at = text;
    for (int64_t i = 0; i < list->n && text; i++)
        at = stpcpy(at, list->path[i]) + 1;
    return text;
}

static void split_paths(dt_file_list *list, const char *text, int64_t n, dt_error *err)
{
    for (int64_t i = 0; i < n && !err->code; i++) {
        append_path(list, text, strlen(text), err);
        text += strlen(text) + 1;
    }
}

dt_code dt_file_list_find_all(dt_file_list *list, const dt_world *world, const char *data,
                              dt_error *err)
{
    int64_t head[2] = {0}; /* files, and bytes of their paths */
    char *text = NULL;
    *list = (dt_file_list){.text = NULL};
    if (world->rank == 0 && !dt_file_list_find(list, data, err))
        text = join_paths(list, &head[1], err);
    head[0] = list->n;
    if (world->rank != 0 && !(list->text = strdup(data)))
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of files");
    dt_broadcast(world, head, sizeof head);
    if (world->rank != 0)
        text = dt_alloc(head[1], 1, "the names of files", err);
    if (!dt_world_agree(world, err)) {
        dt_broadcast(world, text, head[1]);
        if (world->rank != 0)
            split_paths(list, text, head[0], err);
        dt_world_agree(world, err);
    }
    free(text);
    return err->code;
}

/* ---- Two lists ------------------------------------------------------------------------------ */

/* A file, by what the system calls it. */
typedef struct {
    dev_t device;
    ino_t number;
    const char *path;
} file_id;

static int compare_ids(const void *first, const void *second)
{
    const file_id *a = first, *b = second;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

const char *dt_file_list_find_common(const dt_file_list *a, const dt_file_list *b)
{
    struct stat info;
    dt_error none = {0};
    int64_t n = 0;
    const char *found = NULL;
    file_id *ids = dt_alloc(a->n, sizeof *ids, "the names of files", &none);
    for (int64_t i = 0; ids && i < a->n; i++)
        if (stat(a->path[i], &info) == 0)
            ids[n++] = (file_id){info.st_dev, info.st_ino, a->path[i]};
    if (n > 0)
        qsort(ids, (size_t)n, sizeof *ids, compare_ids);
    for (int64_t i = 0; n > 0 && i < b->n && !found; i++) {
        if (stat(b->path[i], &info))
            continue;
        file_id key = {info.st_dev, info.st_ino, NULL};
        const file_id *same = bsearch(&key, ids, (size_t)n, sizeof *ids, compare_ids);
        found = same ? b->path[i] : NULL;
    }
    free(ids);
    return found;
}

void dt_file_list_free(dt_file_list *list)
{
    for (int64_t i = 0; i < list->n; i++)
        free(list->path[i]);
    free(list->path);
    free(list->text);
    *list = (dt_file_list){.text = NULL};
}
