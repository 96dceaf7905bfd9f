#include "apply/scorer.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/store.h"
#include "comm/comm.h"
#include "core/line.h"
#include "core/memory.h"
#include "file/h5.h"
#include "model/loss.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Probabilities of the classes take the place of labels. */
static void choose_loss(dt_scorer *s)
{
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    if (s->model.loss == DT_LOSS_CROSS_ENTROPY && !info->y_is_integer && info->y_width > 1)
        s->model.loss = DT_LOSS_SOFT_CROSS_ENTROPY;
}

static dt_code check_fit(const dt_scorer *s, const dt_scorer_options *o, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    if (info->features != s->model.inputs)
        return dt_fail(err, DT_ERR_SHAPE,
                       "%s: the rows of \"%s\" have %lld value%s, the model in %s "
                       "takes %lld",
                       o->data, s->x_names, (long long)info->features, dt_plural(info->features),
                       o->model, (long long)s->model.inputs);
    if (o->reads_y && !dt_loss_takes_labels(s->model.loss) && info->y_width != s->model.targets)
        return dt_fail(err, DT_ERR_SHAPE,
                       "%s: the rows of \"%s\" have %lld value%s, the model in %s "
                       "predicts %lld",
                       o->data, s->y_names, (long long)info->y_width, dt_plural(info->y_width),
                       o->model, (long long)s->model.targets);
    return DT_OK;
}

/* Some megabytes of rows, in whole chunks of the file so that each is unpacked once, unless chunks
 * are huge. */
static int64_t choose_piece(const dt_data_file_info *info, int64_t outputs)
{
    enum { BYTES = 8 << 20, MAX_BYTES = 256 << 20 };
    int64_t row_bytes = (info->features + outputs + info->y_width) * (int64_t)sizeof(float);
    int64_t rows = BYTES / row_bytes + 1, chunk = info->chunk_rows;
    int64_t whole = (rows + chunk - 1) / chunk * chunk;
    rows = whole <= MAX_BYTES / row_bytes ? whole : rows;
    return rows < info->rows ? rows : info->rows;
}

/* The rest of it, when the file is open. */
static dt_code prepare_scorer(dt_scorer *s, const dt_scorer_options *o, dt_error *err)
{
    if (check_fit(s, o, err))
        return err->code;
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    s->rows = info->rows;
    s->piece_rows = choose_piece(info, s->model.outputs);
    s->x = dt_alloc(s->piece_rows * info->features, sizeof *s->x, "rows of x", err);
    if (info->x_is_bytes)
        s->bytes = dt_alloc(s->piece_rows * info->features, 1, "rows of x", err);
    if (o->reads_y)
        s->y =
            dt_alloc(s->piece_rows,
                     (size_t)dt_target_bytes(s->model.loss, s->model.targets, o->weights != NULL),
                     "rows of y", err);
    s->output = dt_alloc(s->piece_rows * s->model.outputs, sizeof *s->output, "outputs", err);
    if (!dt_engine_create(&s->engine, &s->model, &s->team, 0, NULL, err))
        dt_engine_load_weights(s->engine, s->parameters);
    return err->code;
}

/* Elsewhere than on rank 0 there is no attribute to tell of. */
static void warn_file(const dt_scorer *s, const dt_scorer_options *o, int rank)
{
    for (int i = 0; o->warn && i < DT_SCHEMA_LISTS; i++)
        if (dt_data_file_unused(s->file, i)[0])
            o->warn(dt_data_file_unused(s->file, i));
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    char line[512];
    snprintf(line, sizeof line, "%.*s: %lld of %lld samples have a missing value and are left out",
             dt_line_cut(info->path, 400), info->path, (long long)info->dropped,
             (long long)(info->rows + info->dropped));
    if (rank == 0 && o->warn && info->dropped > 0)
        o->warn(line);
}

/* The NAMES of x or y: as they were given, or as the model was trained; elsewhere than on rank 0
 * NULL. */
static char *choose_names(const char *checkpoint, const char *given, const char *option,
                          dt_error *err)
{
    if (!checkpoint)
        return NULL;
    char *names = given ? strdup(given) : dt_checkpoint_option(checkpoint, option);
    if (!names)
        names = strdup(option);
    if (!names)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    return names;
}

/* Rank 0 sends names to all. Collective. */
static dt_code share_names(const dt_world *world, char **names, dt_error *err)
{
    int64_t bytes = *names ? (int64_t)strlen(*names) + 1 : 0;
    dt_broadcast(world, &bytes, sizeof bytes);
    if (!*names)
        *names = dt_alloc(bytes, 1, "the names of datasets", err);
    if (dt_world_agree(world, err))
        return err->code;
    dt_broadcast(world, *names, (size_t)bytes);
    return DT_OK;
}

/* Read the model, from a checkpoint or the one to use of a folder. Collective. */
static dt_code load_model(dt_scorer *s, const dt_world *world, const dt_scorer_options *o,
                          dt_error *err)
{
    char *path = world->rank == 0 ? dt_store_choose(o->model, err) : NULL;
    if (path && o->chosen && strcmp(path, o->model) != 0)
        o->chosen(path);
    dt_checkpoint_load(world, path, &s->model, &s->parameters, &s->normalizer, &s->y_normalizer,
                       &s->schema, err);
    s->x_names = choose_names(path, o->x, "x", err);
    s->y_names = choose_names(path, o->y, "y", err);
    free(path);
    if (dt_world_agree(world, err) || share_names(world, &s->x_names, err))
        return err->code;
    return share_names(world, &s->y_names, err);
}

dt_code dt_scorer_open(dt_scorer *s, const dt_world *world, const dt_scorer_options *o,
                       dt_error *err)
{
    memset(s, 0, sizeof *s);
    if (dt_place_threads(world, o->threads, o->keep_binding, &s->team, NULL, err) ||
        load_model(s, world, o, err))
        return err->code;
    char whose[PATH_MAX];
    snprintf(whose, sizeof whose, "the model in %s", o->model);
    dt_sequence sequence = s->schema.sequence; /* rank 0's */
    dt_broadcast(world, &sequence, sizeof sequence);
    dt_data_spec spec = {.path = o->data,
                         .sequence = sequence,
                         .x = s->x_names,
                         .y = o->reads_y ? s->y_names : NULL,
                         .y_path = o->y_data,
                         .weights = o->weights,
                         .ignore_label = o->ignore_label,
                         .mask_y = o->mask_y,
                         .drop_x = o->drop_x,
                         .drop_y = o->drop_y,
                         .transposed = o->transpose};
    if (dt_data_file_open_all(&s->file, world, &spec, err) ||
        dt_data_file_fit(s->file, world, &s->schema, whose, NULL, err))
        return err->code;
    if (s->normalizer && s->normalizer->fill)
        dt_data_file_accept_gaps(s->file);
    warn_file(s, o, world->rank);
    choose_loss(s);
    prepare_scorer(s, o, err);
    return dt_world_agree(world, err);
}

void dt_scorer_close(dt_scorer *s)
{
    dt_engine_destroy(s->engine);
    dt_data_file_close(s->file);
    dt_model_free(&s->model);
    dt_team_free(&s->team);
    dt_h5_restore();
    dt_normalizer_destroy(s->normalizer);
    dt_normalizer_destroy(s->y_normalizer);
    dt_schema_free(&s->schema);
    free(s->parameters);
    free(s->x_names);
    free(s->y_names);
    free(s->bytes);
    free(s->x);
    free(s->y);
    free(s->output);
}

static dt_code read_x(dt_scorer *s, int64_t row, int64_t n, dt_error *err)
{
    if (dt_data_file_read_x(s->file, row, n, s->bytes ? (void *)s->bytes : s->x, err))
        return err->code;
    if (s->bytes)
        dt_unit_from_bytes(s->bytes, n * s->model.inputs, s->x);
    dt_normalizer_apply(s->normalizer, n, s->x);
    return DT_OK;
}

static dt_code read_y(dt_scorer *s, int64_t row, int64_t n, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    if (dt_data_file_read_y(s->file, dt_y_kind_of(s->model.loss), row, n, s->y, err))
        return err->code;
    dt_normalizer_apply_targets(s->y_normalizer, n, info->y_width + info->weighted, s->y);
    for (int64_t i = 0; i < n && dt_loss_takes_labels(s->model.loss); i++) {
        int32_t label = ((const int32_t *)s->y)[i * (1 + info->weighted)];
        if (label >= s->model.outputs)
            return dt_fail(err, DT_ERR_DATA,
                           "%s: \"%s\" has the class label %d in row %lld (counted from 0), but "
                           "the model knows %lld classes, from 0",
                           info->path, info->y_name, label, (long long)(row + i),
                           (long long)s->model.outputs);
    }
    return DT_OK;
}

dt_code dt_scorer_run(dt_scorer *s, int64_t row, int64_t n, dt_error *err)
{
    if (read_x(s, row, n, err) || (s->y && read_y(s, row, n, err)))
        return err->code;
    dt_row_source source = {.x = s->x};
    dt_engine_forward(s->engine, s->parameters, &source, n, s->output);
    return DT_OK;
}
