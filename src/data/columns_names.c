/* The names of columns and classes, and the words of a column of strings. */
#include "data/columns.h"

#include "comm/comm.h"
#include "core/line.h"
#include "core/memory.h"
#include "data/columns_internal.h"
#include "file/h5.h"
#include "file/strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Attributes ----------------------------------------------------------------------------- */

/* Read a list of names from an attribute of a dataset.
 *   expected  how many there must be; -1: any number
 *   unused    [out] why it is not used; "" if it is, or is not there */
static dt_code read_list(const dt_h5_array *a, const char *attribute, int64_t expected,
                         dt_names *names, char unused[DT_SCHEMA_TEXT], dt_error *err)
{
    unused[0] = '\0';
    if (dt_strings_read_attribute(a->id, attribute, names, err) || H5Aexists(a->id, attribute) <= 0)
        return err->code;
    int path = dt_line_cut(a->path, 300), name = dt_line_cut(a->name, 60);
    if (names->n == 0)
        snprintf(unused, DT_SCHEMA_TEXT,
                 "%.*s: the attribute \"%s\" of \"%.*s\" is not a list of strings: it is not "
                 "used",
                 path, a->path, attribute, name, a->name);
    else if (expected >= 0 && names->n != expected)
        snprintf(unused, DT_SCHEMA_TEXT,
                 "%.*s: the attribute \"%s\" of \"%.*s\" has %lld name%s for %lld column%s: it is "
                 "not used, and columns are taken by their place",
                 path, a->path, attribute, name, a->name, (long long)names->n, dt_plural(names->n),
                 (long long)expected, dt_plural(expected));
    if (unused[0])
        dt_names_free(names);
    return err->code;
}

/* ---- Names of columns ----------------------------------------------------------------------- */

static dt_code append_name(dt_names *names, const char *name, dt_error *err)
{
    names->name[names->n] = strdup(name);
    if (!names->name[names->n])
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of columns");
    names->n++;
    return DT_OK;
}

/* The last part of a path of HDF5. */
static const char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* The names of the columns of a view, after those that are there already. */
static dt_code append_names(dt_names *names, const dt_column_file *f, int i, dt_error *err)
{
    const dt_column_view *v = &f->view[i];
    int64_t numbers = v->array->elements * v->number.count;
    bool is_member = strcmp(f->label[i], v->array->name) != 0;
    char name[512], unused[DT_SCHEMA_TEXT];
    dt_names own = {0};
    if (!is_member && read_list(v->array, "columns", numbers, &own, unused, err))
        return err->code;
    for (int64_t c = v->first; c < v->first + v->width && !err->code; c++) {
        const char *label = short_name(f->label[i]);
        if (own.n > 0)
            append_name(names, own.name[c], err);
        else if (numbers == 1 && !append_name(names, label, err))
            ;
        else if (!err->code && numbers > 1) {
            snprintf(name, sizeof name, "%.*s[%lld]", dt_line_cut(label, 400), label, (long long)c);
            append_name(names, name, err);
        }
    }
    dt_names_free(&own);
    return err->code;
}

/* Whether it is nothing but one dataset. Its columns need not have names. */
static bool is_one_dataset(const dt_column_file *f)
{
    return f->views == 1 && strcmp(f->label[0], f->array[0]->name) == 0 &&
           f->width == f->array[0]->elements * f->view[0].number.count;
}

static dt_code read_names(const dt_column_file *f, dt_names *names, char unused[DT_SCHEMA_TEXT],
                          dt_error *err)
{
    unused[0] = '\0';
    if (is_one_dataset(f))
        return read_list(f->array[0], "columns", f->width, names, unused, err);
    if (dt_names_init(names, f->width, err))
        return err->code;
    names->n = 0;
    for (int i = 0; i < f->views && !err->code; i++)
        append_names(names, f, i, err);
    return err->code;
}

dt_code dt_columns_names(dt_columns *c, dt_names *names, char unused[DT_SCHEMA_TEXT], dt_error *err)
{
    *names = (dt_names){0};
    const dt_column_file *f = dt_columns_take(c, 0, err);
    if (f)
        read_names(f, names, unused, err);
    if (f)
        dt_columns_give_back(c, 0);
    return err->code;
}

dt_code dt_columns_classes(dt_columns *c, dt_names *names, char unused[DT_SCHEMA_TEXT],
                           dt_error *err)
{
    *names = (dt_names){0};
    unused[0] = '\0';
    if (c->info.width != 1 || c->info.is_text)
        return DT_OK;
    const dt_column_file *f = dt_columns_take(c, 0, err);
    if (f)
        read_list(f->array[0], "classes", -1, names, unused, err);
    if (f)
        dt_columns_give_back(c, 0);
    return err->code;
}

static dt_code refuse_names(const dt_column_file *f, const dt_column_file *first, const char *what,
                            const dt_names *a, const dt_names *b, dt_error *err)
{
    int64_t i = 0;
    while (i < a->n && i < b->n && strcmp(a->name[i], b->name[i]) == 0)
        i++;
    return dt_fail(err, DT_ERR_SHAPE,
                   "%s: the names of its %s are not those of %s: the one with number %lld (counted "
                   "from 0) is \"%s\", but \"%s\" there",
                   f->path, what, first->path, (long long)i, i < a->n ? a->name[i] : "",
                   i < b->n ? b->name[i] : "");
}

dt_code dt_columns_compare_names(dt_columns *c, const dt_column_file *f, dt_error *err)
{
    char unused[DT_SCHEMA_TEXT];
    dt_names of[2] = {{0}, {0}}, classes[2] = {{0}, {0}};
    const dt_column_file *first = dt_columns_take(c, 0, err);
    if (first && !read_names(first, &of[1], unused, err) && !read_names(f, &of[0], unused, err) &&
        of[0].n > 0 && of[1].n > 0 && !dt_names_equal(&of[0], &of[1]))
        refuse_names(f, first, "columns", &of[0], &of[1], err);
    if (first && !err->code && c->spec.text && c->info.width == 1 && !c->info.is_text &&
        !read_list(first->array[0], "classes", -1, &classes[1], unused, err) &&
        !read_list(f->array[0], "classes", -1, &classes[0], unused, err) &&
        !dt_names_equal(&classes[0], &classes[1]))
        refuse_names(f, first, "classes", &classes[0], &classes[1], err);
    if (first)
        dt_columns_give_back(c, 0);
    for (int i = 0; i < 2; i++) {
        dt_names_free(&of[i]);
        dt_names_free(&classes[i]);
    }
    return err->code;
}

bool dt_columns_are_from_matlab(dt_columns *c)
{
    dt_error none = {0};
    const dt_column_file *f = dt_columns_take(c, 0, &none);
    bool found = false;
    for (int i = 0; f && i < f->arrays; i++)
        found = found || (f->array[i]->id >= 0 && H5Aexists(f->array[i]->id, "MATLAB_class") > 0);
    if (f)
        dt_columns_give_back(c, 0);
    H5Eclear2(H5E_DEFAULT);
    return found;
}

/* ---- Words ---------------------------------------------------------------------------------- */

enum { MAX_WORDS = 1 << 16 /* more are no names of classes */ };

/* Distinct words, sorted. */
typedef struct {
    dt_names names;
    int64_t room;
    bool too_many, no_memory;
} word_set;

/* Make room for one more. */
static bool grow(word_set *set)
{
    if (set->names.n < set->room)
        return true;
    set->too_many = set->names.n >= MAX_WORDS;
    if (set->too_many)
        return false;
    int64_t room = set->room ? 2 * set->room : 16;
    char **longer = realloc(set->names.name, (size_t)room * sizeof *longer);
    if (longer) {
        set->names.name = longer;
        set->room = room;
    }
    return longer != NULL;
}

/* An empty string is a missing label, not a class. */
static void add_word(int64_t row, const char *word, void *data)
{
    word_set *set = data;
    bool found;
    (void)row;
    int64_t at = dt_names_search(&set->names, word, &found);
    if (found || !word[0] || set->too_many || set->no_memory)
        return;
    char *copy = grow(set) ? strdup(word) : NULL;
    set->no_memory = !copy && !set->too_many;
    if (!copy)
        return;
    memmove(set->names.name + at + 1, set->names.name + at,
            (size_t)(set->names.n - at) * sizeof *set->names.name);
    set->names.name[at] = copy;
    set->names.n++;
}

static dt_code check_words(const dt_columns *c, const word_set *set, dt_error *err)
{
    if (set->no_memory)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the strings of \"%s\"", c->names);
    if (set->too_many)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has more than %d different strings, too many to be classes",
                       c->files->text, c->names, MAX_WORDS);
    return DT_OK;
}

/* The words of all ranks, one behind the other, on rank 0. */
static dt_code gather_words(const dt_world *world, word_set *set, dt_error *err)
{
    int64_t bytes = 0, total;
    for (int64_t i = 0; i < set->names.n; i++)
        bytes += (int64_t)strlen(set->names.name[i]) + 1;
    total = bytes;
    dt_sum_int64(world, &total, 1);
    char *own = dt_alloc(bytes, 1, "words", err);
    char *all = dt_alloc(world->rank == 0 ? total : 1, 1, "words", err);
    if (!dt_world_agree(world, err)) {
        char *at = own;
        for (int64_t i = 0; i < set->names.n; i++)
            at = stpcpy(at, set->names.name[i]) + 1;
        dt_gather(world, own, bytes, 1, all);
        for (at = all; world->rank == 0 && at < all + total; at += strlen(at) + 1)
            add_word(0, at, set);
    }
    free(all);
    free(own);
    return err->code;
}

/* From rank 0 to all. */
static dt_code spread_words(const dt_world *world, word_set *set, dt_error *err)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < set->names.n && world->rank == 0; i++)
        bytes += (int64_t)strlen(set->names.name[i]) + 1;
    dt_broadcast(world, &bytes, sizeof bytes);
    char *text = dt_alloc(bytes, 1, "words", err), *at = text;
    if (!dt_world_agree(world, err)) {
        for (int64_t i = 0; i < set->names.n && world->rank == 0; i++)
            at = stpcpy(at, set->names.name[i]) + 1;
        dt_broadcast(world, text, bytes);
        for (at = text; world->rank != 0 && at < text + bytes; at += strlen(at) + 1)
            add_word(0, at, set);
    }
    free(text);
    return err->code;
}

dt_code dt_columns_words(dt_columns *c, const dt_world *world, dt_names *words, dt_error *err)
{
    word_set set = {0};
    int64_t rows = c->info.rows, rank = world ? world->rank : 0, ranks = world ? world->size : 1;
    int64_t begin = (int64_t)((__int128)rows * rank / ranks);
    int64_t end = (int64_t)((__int128)rows * (rank + 1) / ranks);
    if (begin < end && !dt_columns_visit(c, begin, end - begin, add_word, &set, err))
        check_words(c, &set, err);
    if (world && !dt_world_agree(world, err) && world->size > 1 &&
        !gather_words(world, &set, err)) {
        check_words(c, &set, err);
        if (!dt_world_agree(world, err) && !spread_words(world, &set, err)) {
            check_words(c, &set, err);
            dt_world_agree(world, err);
        }
    }
    *words = set.names;
    return err->code;
}
