/* The data of a run: the files are opened, the run that it goes on from is compared with them, each
 * rank finds out how much of the rows it can hold, and they are loaded. */
#include "train/run_internal.h"

#include "comm/comm.h"
#include "core/line.h"
#include "model/loss_text.h"
#include "train/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* auto: integers are classes, floats are numbers. */
static dt_loss choose_loss(const dt_train_options *options, const dt_data_file_info *info)
{
    if (options->loss == DT_LOSS_CROSS_ENTROPY && !info->y_is_integer && info->y_width > 1)
        return DT_LOSS_SOFT_CROSS_ENTROPY;
    if (options->loss != DT_LOSS_AUTO)
        return (dt_loss)options->loss;
    return info->y_is_integer ? DT_LOSS_CROSS_ENTROPY : DT_LOSS_MSE;
}

/* What only some losses have. */
static dt_code check_criterion(const dt_train_options *o, dt_loss loss, dt_error *err)
{
    if (o->class_weights && !dt_loss_is_of_classes(loss) && loss != DT_LOSS_BCE)
        return dt_fail(err, DT_ERR_USAGE,
                       "--class-weights: expected with --loss cross-entropy or bce, not %s",
                       dt_loss_name(loss));
    if (strcmp(o->normalize_y, "none") != 0 && dt_y_kind_of(loss) != DT_Y_TARGETS)
        return dt_fail(err, DT_ERR_USAGE,
                       "--normalize-y: expected with a loss of numbers, as mse, not %s",
                       dt_loss_name(loss));
    if (o->ignore_label && loss != DT_LOSS_CROSS_ENTROPY)
        return dt_fail(err, DT_ERR_USAGE, "--ignore-label: expected with classes, not --loss %s",
                       dt_loss_name(loss));
    if (o->label_smoothing > 0 && !dt_loss_is_of_classes(loss))
        return dt_fail(err, DT_ERR_USAGE,
                       "--label-smoothing: expected with --loss cross-entropy, not %s",
                       dt_loss_name(loss));
    return DT_OK;
}

uint64_t dt_run_seed(const dt_run *r)
{
    return (uint64_t)r->options->seed + (uint64_t)r->seed_offset;
}

/* The options as a checkpoint keeps them: with the loss that was chosen, not "auto", and the
 * learning rate in use. */
static char *describe_options(const dt_run *r)
{
    json_t *options = dt_train_options_to_json(r->options);
    char loss[DT_LOSS_WORDS];
    dt_loss_describe(loss, r->model.loss, &r->options->quantiles);
    json_object_set_new(options, "loss", json_string(loss));
    json_object_set_new(options, "lr", json_real(r->lr));
    char *text = json_dumps(options, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(options);
    return text;
}

/* A run that goes on has the columns and classes that it had. */
static dt_code fit_data(dt_run *r, dt_error *err)
{
    char whose[PATH_MAX];
    dt_schema *then = r->resume.contents.path ? &r->resume.contents.schema : NULL; /* on rank 0 */
    snprintf(whose, sizeof whose, "the run of %s", then ? r->resume.contents.path : "");
    if (dt_data_file_fit(r->file, r->world, then, whose, &r->schema, err) || !then)
        return err->code;
    dt_schema now = r->schema;
    r->schema = *then;
    *then = (dt_schema){0};
    dt_schema_complete(&r->schema, &now, err);
    dt_schema_free(&now);
    return err->code;
}

static dt_sequence sequence_of(const dt_train_options *o)
{
    return o->window > 0 ? (dt_sequence){o->window, o->horizon, o->stride} : (dt_sequence){0};
}

/* Open the data, and see that with it and these options this is the run that it goes on from. */
dt_code dt_run_open_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_data_spec spec = {.path = o->data,
                         .x = o->x,
                         .y = o->y,
                         .y_path = o->y_data,
                         .weights = o->weights,
                         .mask_y = o->missing_y == DT_MISSING_Y_MASK,
                         .drop_x = o->missing == DT_MISSING_DROP,
                         .sequence = sequence_of(o),
                         .drop_y = o->missing_y == DT_MISSING_Y_DROP,
                         .ignore_label = o->ignore_label,
                         .x_scale = (dt_x_scale)o->x_scale,
                         .transposed = o->transpose};
    if (dt_data_file_open_all(&r->file, r->world, &spec, err))
        return err->code;
    fit_data(r, err);
    if (dt_world_agree(r->world, err))
        return err->code;
    r->model.loss = choose_loss(o, dt_data_file_get_info(r->file));
    if (check_criterion(o, r->model.loss, err))
        return err->code;
    if (r->world->rank == 0) {
        r->options_text = describe_options(r);
        if (!r->options_text)
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the options");
        else if (r->resume.found && !dt_resume_check_options(&r->resume, r->options_text, err) &&
                 !dt_resume_check_data(&r->resume, o->data,
                                       dt_data_file_get_info(r->file)->features, -1, -1, err) &&
                 !(r->identity = dt_resume_identity(&r->resume, r->options_text)))
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the options");
    }
    return dt_world_agree(r->world, err);
}

/* Validation on the rows that are trained on says nothing. On rank 0. */
static dt_code check_other_rows(const dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    const char *x = o->val_x ? o->val_x : o->x;
    const char *file = dt_data_file_find_common(r->file, r->val_source);
    if (file && dt_data_file_share_columns(r->file, r->val_source))
        return dt_fail(
            err, DT_ERR_USAGE,
            "--val-data %s: \"%s\" of %s is trained on; --val-fraction holds some of its "
            "rows out, and --val-x names another dataset",
            o->val_data, x, file);
    return DT_OK;
}

dt_code dt_run_open_val_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_data_spec spec = {.path = o->val_data,
                         .x = o->val_x ? o->val_x : o->x,
                         .y = o->val_y ? o->val_y : o->y,
                         .y_path = o->val_y_data,
                         .weights = o->weights,
                         .mask_y = o->missing_y == DT_MISSING_Y_MASK,
                         .drop_x = o->missing == DT_MISSING_DROP,
                         .sequence = sequence_of(o),
                         .drop_y = o->missing_y == DT_MISSING_Y_DROP,
                         .ignore_label = o->ignore_label,
                         .x_scale = (dt_x_scale)o->x_scale,
                         .transposed = o->transpose};
    if (!o->val_data)
        return DT_OK;
    if (dt_data_file_open_all(&r->val_source, r->world, &spec, err))
        return err->code;
    if (r->world->rank == 0)
        check_other_rows(r, err);
    return dt_world_agree(r->world, err);
}

/* The part of the rows that the options choose to validate on; 0: none of those to train on. */
static double held_part(const dt_train_options *o)
{
    int64_t fold, folds;
    if (dt_train_options_fold(o->val_fold, &fold, &folds))
        return 1 / (double)folds;
    return o->val_last > 0 ? o->val_last : o->val_fraction;
}

/* Of a time series, whose samples overlap, the last ones. */
static bool holds_last(const dt_train_options *o)
{
    return o->val_last > 0 || (o->window > 0 && o->val_fraction > 0);
}

static dt_code choose_holdout(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    int64_t files, fold, folds, rows = dt_data_file_get_info(r->file)->rows;
    const int64_t *begin = dt_data_file_begin(r->file, &files);
    if (holds_last(o))
        return dt_holdout_last(&r->holdout, files, begin, held_part(o), err);
    r->holdout = dt_train_options_fold(o->val_fold, &fold, &folds)
                     ? dt_holdout_fold(rows, fold - 1, folds, dt_run_seed(r))
                     : dt_holdout_of(rows, o->val_fraction, dt_run_seed(r));
    return DT_OK;
}

static dt_planned_rows planned_rows(const dt_run *r, const dt_data_file *source,
                                    const dt_holdout *holdout)
{
    const dt_data_file_info *info = dt_data_file_get_info(source);
    return (dt_planned_rows){.path = info->path,
                             .holdout = *holdout,
                             .row_bytes = dt_dataset_row_bytes(info, dt_y_kind_of(r->model.loss)),
                             .shared_bytes =
                                 dt_dataset_shared_row_bytes(info, dt_y_kind_of(r->model.loss)),
                             .chunk_rows = info->chunk_rows};
}

/* What a rank will hold of all data. Collective; an error is the same on every rank. */
dt_code dt_run_plan_memory(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_memory_limit limit = {.memory = o->memory,
                             .part = dt_memory_part(r->world),
                             .ranks = r->world->size,
                             .goes_on = r->resume.found,
                             .block_rows = r->resume.data.block_rows,
                             .window_blocks = r->resume.data.window_blocks};
    choose_holdout(r, err);
    if (dt_world_agree(r->world, err))
        return err->code;
    dt_planned_rows train = planned_rows(r, r->file, &r->holdout), validate;
    if (r->val_source) {
        dt_holdout none = dt_holdout_of(dt_data_file_get_info(r->val_source)->rows, 0, 0);
        validate = planned_rows(r, r->val_source, &none);
    }
    r->memory_part = limit.part;
    return dt_memory_plan_make(&r->memory, &limit, &train, r->val_source ? &validate : NULL, err);
}

/* The scaling that a file gives for the columns of x, in each row of a sample. */
static dt_code read_scaling(dt_run *r, dt_error *err)
{
    const dt_data_file_info *info = dt_data_file_get_info(r->file);
    dt_normalizer *of_rows = NULL;
    if (!dt_normalizer_read(&of_rows, r->world, r->options->normalize,
                            info->features / info->length, err))
        dt_normalizer_repeat(&r->given_scaling, of_rows, info->length, err);
    dt_normalizer_destroy(of_rows);
    return dt_world_agree(r->world, err);
}

/* How x is scaled: as the run did that this one goes on from, as a file says, or as is measured. */
static dt_code choose_scaling(dt_run *r, dt_dataset_options *data, dt_error *err)
{
    const dt_train_options *o = r->options;
    bool is_none = strcmp(o->normalize, "none") == 0;
    if (o->missing == DT_MISSING_MEAN) {
        dt_data_file_accept_gaps(r->file);
        if (r->val_source)
            dt_data_file_accept_gaps(r->val_source);
    }
    if (r->resume.found)
        return DT_OK;
    data->fill = o->missing == DT_MISSING_MEAN && !dt_data_file_get_info(r->file)->x_is_bytes;
    if (strcmp(o->normalize, "standard") == 0)
        data->normalize = DT_SCALE_STANDARD;
    else if (strcmp(o->normalize, "minmax") == 0)
        data->normalize = DT_SCALE_MINMAX;
    else if (!is_none && !read_scaling(r, err))
        data->normalizer = r->given_scaling;
    return err->code;
}

static dt_code choose_y_scaling(dt_run *r, dt_dataset_options *data, dt_error *err)
{
    const char *how = r->options->normalize_y;
    if (r->resume.found || strcmp(how, "none") == 0)
        return DT_OK;
    if (strcmp(how, "standard") == 0)
        data->normalize_y = DT_SCALE_STANDARD;
    else if (strcmp(how, "minmax") == 0)
        data->normalize_y = DT_SCALE_MINMAX;
    else if (!dt_normalizer_read_targets(&r->given_y_scaling, r->world, how,
                                         dt_data_file_get_info(r->file)->y_width, err))
        data->y_normalizer = r->given_y_scaling;
    return err->code;
}

dt_code dt_run_load_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    const dt_resume *resume = &r->resume;
    char held[64];
    snprintf(held, sizeof held, "--val-%s %g",
             o->val_fold       ? "fold"
             : o->val_last > 0 ? "last"
                               : "fraction",
             held_part(o));
    dt_dataset_options data = {.hold_out = held_part(o),
                               .what_is_held = held,
                               .holdout = &r->holdout,
                               .streamed = r->memory.streamed,
                               .reread = r->memory.reread,
                               .memory = r->memory.windows,
                               .normalizer = resume->normalizer,
                               .y_normalizer = resume->y_normalizer,
                               .block_rows = resume->data.block_rows,
                               .window_blocks = resume->data.window_blocks,
                               .profile = true};
    data.kind = dt_y_kind_of(r->model.loss);
    data.seed = dt_run_seed(r);
    if (choose_scaling(r, &data, err) || choose_y_scaling(r, &data, err))
        return err->code;
    if (dt_dataset_load(&r->dataset, r->world, r->file, &data, err))
        return err->code;
    if (r->schema.units == DT_X_BYTES && r->dataset.x_is_bytes && r->dataset.x_largest <= 1)
        r->schema.units = DT_X_FLAGS;
    if (!resume->found)
        return DT_OK;
    return dt_resume_check_data(resume, o->data, r->dataset.features, r->dataset.rows,
                                r->dataset.outputs, err);
}

/* Whether the rows to validate on are like those to train on. */
static dt_code check_validation(const dt_run *r, dt_error *err)
{
    const dt_dataset *a = &r->dataset, *b = &r->val_dataset;
    const char *file = r->options->val_data;
    if (b->features != a->features)
        return dt_fail(err, DT_ERR_SHAPE, "%s: rows of %lld value%s, but %lld in %s", file,
                       (long long)b->features, dt_plural(b->features), (long long)a->features,
                       r->options->data);
    if (a->kind == DT_Y_LABELS ? b->outputs > a->outputs : b->outputs != a->outputs)
        return dt_fail(err, DT_ERR_SHAPE, "%s: %lld %s, but %lld in %s", file,
                       (long long)b->outputs,
                       a->kind == DT_Y_LABELS ? "classes" : "values in a row of y",
                       (long long)a->outputs, r->options->data);
    return DT_OK;
}

dt_code dt_run_load_val_data(dt_run *r, dt_error *err)
{
    char whose[PATH_MAX];
    snprintf(whose, sizeof whose, "the training data %s", r->options->data);
    if (dt_data_file_fit(r->val_source, r->world, &r->schema, whose, NULL, err))
        return err->code;
    dt_dataset_options data = {.kind = r->dataset.kind,
                               .streamed = r->memory.reread,
                               .normalizer = r->dataset.normalizer,
                               .y_normalizer = r->dataset.y_normalizer};
    if (dt_dataset_load(&r->val_dataset, r->world, r->val_source, &data, err))
        return err->code;
    if (!check_validation(r, err))
        r->val_dataset.outputs = r->dataset.outputs;
    return err->code;
}
