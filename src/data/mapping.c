#include "data/mapping.h"

#include "comm/comm.h"
#include "core/line.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Making --------------------------------------------------------------------------------- */

/* Two lists of names that do not fit each other. */
typedef struct {
    const dt_mapping_sides *sides;
    const char *what, *set; /* "columns" of "x" */
    const dt_names *data, *model;
} mismatch;

/* The difference comes first, since long lists are cut, and are left out where they say little. */
static dt_code refuse_names(const mismatch *m, const char *difference, dt_error *err)
{
    enum { SHORT = 20 };
    char text[2][DT_NAMES_TEXT];
    const dt_mapping_sides *s = m->sides;
    if (m->data->n > SHORT || m->model->n > SHORT)
        return dt_fail(err, DT_ERR_SHAPE, "%s: the %lld %s of \"%s\" are not the %lld of %s: %s",
                       s->path, (long long)m->data->n, m->what, m->set, (long long)m->model->n,
                       s->whose, difference);
    return dt_fail(err, DT_ERR_SHAPE,
                   "%s: the %s of \"%s\" are not those of %s: %s; they are %s, but it has %s",
                   s->path, m->what, m->set, s->whose, difference, dt_names_list(m->data, text[0]),
                   dt_names_list(m->model, text[1]));
}

static dt_code refuse_twice(const mismatch *m, const char *name, dt_error *err)
{
    char text[128];
    snprintf(text, sizeof text, "\"%.*s\" is there twice", dt_line_cut(name, 60), name);
    return refuse_names(m, text, err);
}

/* The names that have no place in the other list, in words; "": each has one.
 *   word  "unknown" */
static dt_code list_lost(const dt_names *names, const int64_t *place, const char *word,
                         char text[DT_NAMES_TEXT + 16], dt_error *err)
{
    char list[DT_NAMES_TEXT];
    dt_names lost = {.name = dt_alloc(names->n, sizeof *lost.name, "names", err)};
    text[0] = '\0';
    for (int64_t i = 0; i < names->n && lost.name; i++)
        if (place[i] < 0)
            lost.name[lost.n++] = names->name[i];
    if (lost.n > 0)
        snprintf(text, DT_NAMES_TEXT + 16, "%s %s", word, dt_names_list(&lost, list));
    free(lost.name); /* the names are borrowed */
    return err->code;
}

/* Refuse names that have no place on the other side.
 *   back   [data->n] places in the model's list
 *   order  [model->n] places in the file's; NULL: it need not have all */
static dt_code check_lost(const mismatch *m, const int64_t *back, const int64_t *order,
                          dt_error *err)
{
    char unknown[DT_NAMES_TEXT + 16], missing[DT_NAMES_TEXT + 16] = "";
    char both[2 * DT_NAMES_TEXT + 40];
    if (list_lost(m->data, back, "unknown", unknown, err) ||
        (order && list_lost(m->model, order, "missing", missing, err)) ||
        (!unknown[0] && !missing[0]))
        return err->code;
    snprintf(both, sizeof both, "%s%s%s", missing, missing[0] && unknown[0] ? ", " : "", unknown);
    return refuse_names(m, both, err);
}

/* The columns of a file in the order that the model has them; each must have all of the other's.
 *   order  [out] [n] owned by the caller; NULL where it is the same */
static dt_code order_columns(const dt_mapping_sides *s, const char *set, const dt_names *data,
                             const dt_names *model, int64_t **order, dt_error *err)
{
    const char *twice[2] = {NULL, NULL};
    *order = NULL;
    if (data->n == 0 || model->n == 0 || dt_names_equal(data, model))
        return DT_OK;
    int64_t *back = dt_alloc(data->n, sizeof *back, "names", err);
    *order = dt_alloc(model->n, sizeof **order, "names", err);
    if (!err->code && !dt_names_find(data, model, back, &twice[0], err))
        dt_names_find(model, data, *order, &twice[1], err);
    mismatch m = {s, "columns", set, data, model};
    for (int i = 0; i < 2 && !err->code; i++)
        if (twice[i])
            refuse_twice(&m, twice[i], err);
    if (!err->code)
        check_lost(&m, back, *order, err);
    free(back);
    return err->code;
}

static bool is_identity(const int64_t *place, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (place[i] != i)
            return false;
    return true;
}

/* A file need not have all of the model's classes. */
static dt_code match_classes(dt_mapping *m, const dt_mapping_sides *s, dt_error *err)
{
    const dt_names *data = &s->data->classes, *model = &s->model->classes;
    const char *twice[2] = {NULL, NULL};
    if (data->n == 0 || model->n == 0)
        return DT_OK;
    int64_t *back = dt_alloc(model->n, sizeof *back, "names", err);
    m->label = dt_alloc(data->n, sizeof *m->label, "names", err);
    if (!err->code && !dt_names_find(data, model, m->label, &twice[0], err))
        dt_names_find(model, data, back, &twice[1], err);
    free(back);
    mismatch names = {s, "classes", s->y, data, model};
    for (int i = 0; i < 2 && !err->code && !dt_names_equal(data, model); i++)
        if (twice[i])
            refuse_twice(&names, twice[i], err);
    if (!err->code)
        check_lost(&names, m->label, NULL, err);
    if (!err->code && (dt_names_equal(data, model) || is_identity(m->label, data->n))) {
        free(m->label);
        m->label = NULL;
    }
    return err->code;
}

/* Whether --x-scale is another one than that of the run that goes on: an older program had none. */
static bool has_other_scale(dt_x_units model, dt_x_units data)
{
    return (data == DT_X_AS_IS || data == DT_X_DIVIDED) && model != DT_X_UNKNOWN && model != data;
}

/* Whether x is in the units that the model knows. */
static dt_code match_units(dt_mapping *m, const dt_mapping_sides *s, dt_error *err)
{
    dt_x_units model = s->model->units, data = s->data->units;
    bool is_bytes = data == DT_X_BYTES;
    if (has_other_scale(model, data))
        return dt_fail(err, DT_ERR_USAGE,
                       "--x-scale %s: \"%s\" of %s is not what %s had, which was without this "
                       "option",
                       data == DT_X_AS_IS ? "none" : "255", s->x, s->path, s->whose);
    if (model == DT_X_NUMBERS && is_bytes)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" is uint8, which is divided by 255, but %s has numbers that "
                       "are not: store it in the type and the units of that data",
                       s->path, s->x, s->whose);
    if (model == DT_X_FLAGS && !is_bytes)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" is not uint8, but %s has uint8 that was divided by 255, with "
                       "no value above 1: store it as uint8 too",
                       s->path, s->x, s->whose);
    m->raw = model == DT_X_AS_IS && is_bytes;
    m->divide = model == DT_X_DIVIDED && data == DT_X_NUMBERS;
    m->unit = model == DT_X_BYTES && data == DT_X_NUMBERS;
    m->flags = model == DT_X_FLAGS;
    return DT_OK;
}

dt_code dt_mapping_make(dt_mapping *m, const dt_mapping_sides *s, dt_error *err)
{
    *m = (dt_mapping){.classes = s->data->classes.n, .model_classes = s->data->classes.n};
    if (!s->model)
        return DT_OK;
    if (s->model->classes.n > 0)
        m->model_classes = s->model->classes.n;
    if (!order_columns(s, s->x, &s->data->columns, &s->model->columns, &m->column, err) &&
        !order_columns(s, s->y, &s->data->targets, &s->model->targets, &m->target, err) &&
        !match_classes(m, s, err))
        match_units(m, s, err);
    return err->code;
}

/* ---- To every rank -------------------------------------------------------------------------- */

/* Room for a list that rank 0 has and this rank has not. */
static void allocate_list(const dt_world *world, int64_t **list, bool there, int64_t n,
                          dt_error *err)
{
    if (there && world->rank != 0)
        *list = dt_alloc(n, sizeof **list, "names", err);
}

static void broadcast_list(const dt_world *world, int64_t *list, int64_t n)
{
    if (list)
        dt_broadcast(world, list, n * (int64_t)sizeof *list);
}

dt_code dt_mapping_broadcast(const dt_world *world, dt_mapping *m, int64_t features,
                             int64_t y_width, dt_error *err)
{
    int64_t head[] = {m->column != NULL, m->target != NULL, m->label != NULL, m->classes,
                      m->model_classes,  m->unit,           m->flags,         m->raw,
                      m->divide};
    dt_broadcast(world, head, sizeof head);
    m->classes = head[3];
    m->model_classes = head[4];
    m->unit = head[5];
    m->flags = head[6];
    m->raw = head[7];
    m->divide = head[8];
    allocate_list(world, &m->column, head[0], features, err);
    allocate_list(world, &m->target, head[1], y_width, err);
    allocate_list(world, &m->label, head[2], m->classes, err);
    if (dt_world_agree(world, err))
        return err->code;
    broadcast_list(world, m->column, features);
    broadcast_list(world, m->target, y_width);
    broadcast_list(world, m->label, m->classes);
    return DT_OK;
}

void dt_mapping_free(dt_mapping *m)
{
    free(m->column);
    free(m->target);
    free(m->label);
    *m = (dt_mapping){0};
}

/* ---- Applying ------------------------------------------------------------------------------- */

dt_code dt_mapping_order(const int64_t *column, int64_t width, size_t size, int64_t n, void *rows,
                         dt_error *err)
{
    if (!column)
        return DT_OK;
    char *row = dt_alloc(width, size, "a row", err), *at = rows;
    for (int64_t i = 0; i < n && row; i++, at += (size_t)width * size) {
        memcpy(row, at, (size_t)width * size);
        if (size == 1)
            for (int64_t c = 0; c < width; c++)
                at[c] = row[column[c]];
        else
            for (int64_t c = 0; c < width; c++)
                ((float *)(void *)at)[c] = ((float *)(void *)row)[column[c]];
    }
    free(row);
    return err->code;
}
