/* A run is opened in this order. Each stage needs those before it.
 *
 *   place_threads       threads and cores of the rank
 *   find_checkpoint     --resume: what the run goes on from
 *   open_data, open_val_data, plan_memory, load_data
 *                       the files; how much of them each rank holds; the rows
 *   count_steps, create_schedule
 *                       the number of rows gives the number of steps
 *   build_model         columns and options give the shapes; memory is checked before it is taken
 *   create_gradient     engine and reducer; needs the NUMA group of build_model
 *   create_criterion    class weights, from the labels
 *   set_weights         initial ones, or the checkpoint's with optimizer and scales: it fills what
 *                       the stages before have allocated
 *   create_validation, create_loader
 *                       they load further rows, and begin to read ahead
 *   open_report, run_preflight, dt_run_files_begin
 *                       the log, warnings, and the folder of checkpoints
 */
#include "train/run.h"

#include "comm/comm.h"
#include "core/line.h"
#include "data/stream.h"
#include "model/model.h"
#include "train/footprint.h"
#include "train/options.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SMALL_MODEL = 1 << 12 }; /* parameters */

/* auto: integers are classes, floats are numbers. */
static dt_loss choose_loss(const dt_train_options *options, const dt_data_file_info *facts)
{
    if (options->loss != DT_LOSS_AUTO)
        return (dt_loss)options->loss;
    return facts->y_is_integer ? DT_LOSS_CROSS_ENTROPY : DT_LOSS_MSE;
}

/* What only some losses have. */
static dt_code check_criterion(const dt_train_options *o, dt_loss loss, dt_error *err)
{
    if (o->class_weights && loss != DT_LOSS_CROSS_ENTROPY && loss != DT_LOSS_BCE)
        return dt_fail(err, DT_ERR_USAGE,
                       "--class-weights: expected with --loss cross-entropy or bce, not %s",
                       dt_loss_name(loss));
    if (o->label_smoothing > 0 && loss != DT_LOSS_CROSS_ENTROPY)
        return dt_fail(err, DT_ERR_USAGE,
                       "--label-smoothing: expected with --loss cross-entropy, not %s",
                       dt_loss_name(loss));
    return DT_OK;
}

/* The seed means what it says; only a run that an older program began goes on with what that added
 * to it. */
static uint64_t run_seed(const dt_run *r)
{
    return (uint64_t)r->options->seed + (uint64_t)r->seed_offset;
}

/* The options as a checkpoint keeps them: with the loss that was chosen, not "auto", and the
 * learning rate in use. */
static char *describe_options(const dt_run *r)
{
    json_t *options = dt_train_options_to_json(r->options);
    json_object_set_new(options, "loss", json_string(dt_loss_name(r->model.loss)));
    json_object_set_new(options, "lr", json_real(r->lr));
    char *text = json_dumps(options, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(options);
    return text;
}

/* Find what the run goes on from, with --resume. */
static dt_code find_checkpoint(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    r->progress.best_loss = INFINITY;
    r->lr = o->lr;
    if (!o->resume || dt_resume_find(&r->resume, r->world, o->checkpoint, err) || !r->resume.found)
        return err->code;
    r->progress = r->resume.progress;
    r->seed_offset = r->resume.data.seed_offset;
    if (!o->lr_given)
        r->lr = r->resume.lr;
    return DT_OK;
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

/* Open the data, and see that with it and these options this is the run that it goes on from. */
static dt_code open_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    if (dt_data_file_open_all(&r->file, r->world, o->data, o->x, o->y, err))
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
static dt_code check_other_file(const dt_train_options *o, dt_error *err)
{
    struct stat a, b;
    if (stat(o->data, &a) == 0 && stat(o->val_data, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return dt_fail(err, DT_ERR_USAGE,
                       "--val-data %s: \"%s\" of the same file is trained on; --val-fraction "
                       "holds some of its rows out",
                       o->val_data, o->x);
    return DT_OK;
}

static dt_code open_val_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    if (!o->val_data)
        return DT_OK;
    if (r->world->rank == 0)
        check_other_file(o, err);
    if (dt_world_agree(r->world, err))
        return err->code;
    return dt_data_file_open_all(&r->val_source, r->world, o->val_data, o->x, o->y, err);
}

static dt_planned_rows planned_rows(const dt_run *r, const dt_data_file *source, double hold_out)
{
    const dt_data_file_info *facts = dt_data_file_get_info(source);
    return (dt_planned_rows){.path = facts->path,
                             .holdout = dt_holdout_of(facts->rows, hold_out, run_seed(r)),
                             .row_bytes = dt_dataset_row_bytes(facts, dt_y_kind_of(r->model.loss)),
                             .chunk_rows = facts->chunk_rows};
}

/* What a rank will hold of all data. Collective; an error is the same on every rank. */
static dt_code plan_memory(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_memory_limit limit = {.memory = o->memory,
                             .part = dt_memory_part(r->world),
                             .ranks = r->world->size,
                             .goes_on = r->resume.found,
                             .block_rows = r->resume.data.block_rows,
                             .window_blocks = r->resume.data.window_blocks};
    dt_planned_rows train = planned_rows(r, r->file, o->val_fraction), validate;
    if (r->val_source)
        validate = planned_rows(r, r->val_source, 0);
    r->memory_part = limit.part;
    return dt_memory_plan_make(&r->memory, &limit, &train, r->val_source ? &validate : NULL, err);
}

static dt_code load_data(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    const dt_resume *resume = &r->resume;
    dt_dataset_options data = {.hold_out = o->val_fraction,
                               .streamed = r->memory.streamed,
                               .reread = r->memory.reread,
                               .memory = r->memory.windows,
                               .normalizer = resume->normalizer,
                               .block_rows = resume->data.block_rows,
                               .window_blocks = resume->data.window_blocks,
                               .profile = true};
    data.kind = dt_y_kind_of(r->model.loss);
    data.seed = run_seed(r);
    data.normalize = o->normalize == DT_NORMALIZE_STANDARD && !resume->found;
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

static dt_code load_val_data(dt_run *r, dt_error *err)
{
    char whose[PATH_MAX];
    snprintf(whose, sizeof whose, "the training data %s", r->options->data);
    if (dt_data_file_fit(r->val_source, r->world, &r->schema, whose, NULL, err))
        return err->code;
    dt_dataset_options data = {
        .kind = r->dataset.kind, .streamed = r->memory.reread, .normalizer = r->dataset.normalizer};
    if (dt_dataset_load(&r->val_dataset, r->world, r->val_source, &data, err))
        return err->code;
    if (!check_validation(r, err))
        r->val_dataset.outputs = r->dataset.outputs;
    return err->code;
}

static dt_code create_validation(dt_run *r, dt_error *err)
{
    bool whole = r->options->val_data != NULL;
    if (whole && load_val_data(r, err))
        return err->code;
    r->validates = whole || r->options->val_fraction > 0;
    if (r->validates)
        dt_validation_init(&r->validation, r->world, whole ? &r->val_dataset : &r->dataset, whole,
                           &r->model, err);
    return dt_world_agree(r->world, err);
}

static dt_code count_steps(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    r->steps_per_epoch = dt_steps_per_epoch(r->dataset.rows, o->batch_size, o->drop_last);
    if (r->steps_per_epoch == 0)
        return dt_fail(
            err, DT_ERR_USAGE, "--drop-last: a batch of %lld is not filled by %lld sample%s",
            (long long)o->batch_size, (long long)r->dataset.rows, dt_plural(r->dataset.rows));
    if (__builtin_mul_overflow(r->steps_per_epoch, o->epochs, &r->total_steps))
        return dt_fail(err, DT_ERR_USAGE, "--epochs %lld: more steps than can be counted",
                       (long long)o->epochs);
    if (o->max_steps > 0 && o->max_steps < r->total_steps)
        r->total_steps = o->max_steps;
    return DT_OK;
}

/* Over the whole run as its options have it, wherever it may end. */
static dt_code create_schedule(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    r->schedule = (dt_schedule){.lr = r->lr, .warmup = o->warmup, .total = r->total_steps};
    if (o->scale_lr > 0)
        r->schedule.lr *= (double)o->batch_size / (double)o->scale_lr;
    return dt_schedule_parse(o->schedule, &r->schedule, err);
}

static dt_optimizer_options optimizer_options(const dt_run *r)
{
    const dt_train_options *o = r->options;
    return (dt_optimizer_options){.kind = (dt_optim_kind)o->optimizer,
                                  .momentum = o->momentum,
                                  .weight_decay = o->weight_decay,
                                  .beta1 = o->beta1,
                                  .beta2 = o->beta2,
                                  .eps = o->eps,
                                  .nesterov = o->nesterov,
                                  .model = &r->model};
}

static dt_gradient_options gradient_options(const dt_run *r)
{
    const dt_train_options *o = r->options;
    return (dt_gradient_options){
        .batch_size = o->batch_size < r->dataset.rows ? o->batch_size : r->dataset.rows,
        .exact = o->reduce == DT_REDUCE_EXACT,
        .in_parts = r->dataset.streamed || (r->world->size > 1 && !r->dataset.window.all),
        .numa_group = r->numa_group};
}

static dt_loader_options loader_options(const dt_run *r)
{
    dt_gradient_options gradient = gradient_options(r);
    dt_loader_options options = {.batch_size = r->options->batch_size,
                                 .block = dt_gradient_block(&gradient),
                                 .seed = run_seed(r),
                                 .shuffle = !r->options->no_shuffle,
                                 .drop_last = r->options->drop_last,
                                 .team = &r->team,
                                 .done_steps = r->progress.global_step,
                                 .total_steps = r->total_steps};
    if (options.done_steps > options.total_steps) /* fewer epochs than are done */
        options.total_steps = options.done_steps;
    return options;
}

/* Before anything of it is allocated but the data. */
static dt_code check_memory(const dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_optimizer_options optimizer = optimizer_options(r);
    dt_gradient_options gradient = gradient_options(r);
    dt_loader_options loader = loader_options(r);
    dt_footprint_facts facts = {.model = &r->model,
                                .ranks = r->world->size,
                                .threads = r->team.threads,
                                .numa_group = dt_numa_group_size(r->numa_group),
                                .vectors = dt_optimizer_vectors(&optimizer),
                                .saves = o->checkpoint != NULL,
                                .several_nodes = r->world->nodes > 1,
                                .batch_size = gradient.batch_size,
                                .block = dt_gradient_block(&gradient),
                                .collects = gradient.exact && gradient.in_parts,
                                .data = (double)r->memory.held,
                                .under_way = dt_loader_bytes(r->world, &r->dataset, &loader)};
    dt_footprint footprint = dt_footprint_of(&facts);
    dt_error found = {0};
    if (!dt_footprint_check(&footprint, &r->model, r->memory_part, &found))
        return DT_OK;
    if (r->dataset.kind == DT_Y_LABELS && r->model.outputs > r->dataset.rows)
        return dt_fail(err, DT_ERR_MEMORY,
                       "%s: \"%s\" has the class label %lld: a model with an output for each up "
                       "to it does not fit into memory; classes are 0, 1, 2, ...",
                       o->data, o->y, (long long)r->model.outputs - 1);
    return dt_fail(err, found.code, "%s", found.text);
}

/* A small model's weights each rank updates in less time than it takes to wait for the others. */
static dt_code form_numa_group(dt_run *r, dt_error *err)
{
    bool small = r->model.parameters < SMALL_MODEL;
    return dt_numa_group_create(r->world, small ? -1 : r->placement.memory, &r->numa_group, err);
}

static dt_code build_model(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    dt_model_shape shape = {.inputs = r->dataset.features,
                            .outputs = r->dataset.outputs,
                            .hidden = o->hidden.width,
                            .n_hidden = o->hidden.n,
                            .activation = (dt_activation)o->activation,
                            .loss = r->model.loss,
                            .layer_norm = o->layer_norm,
                            .dropout = o->dropout};
    dt_model_init(&r->model, &shape, err);
    r->model.dropout.seed = run_seed(r);
    if (dt_world_agree(r->world, err) || form_numa_group(r, err))
        return err->code;
    int64_t n = r->model.parameters;
    dt_optimizer_options optimizer = optimizer_options(r);
    check_memory(r, err);
    r->parameters =
        dt_numa_group_alloc(r->numa_group, n, sizeof *r->parameters, "the weights", err);
    if (err->code)
        return err->code;
    return dt_optimizer_init(&r->optimizer, &optimizer, n, r->numa_group, err);
}

static dt_code create_gradient(dt_run *r, dt_error *err)
{
    dt_gradient_options gradient = gradient_options(r);
    return dt_gradient_init(&r->gradient, r->world, &r->model, &r->team, &gradient, err);
}

/* Rank 0 reads a file and the others get its weights; a drawn number every NUMA group draws for
 * itself. */
static dt_code set_weights(dt_run *r, dt_error *err)
{
    const char *file = r->options->init_from;
    if (r->resume.found)
        return dt_resume_take(&r->resume, r->world, r->parameters, &r->optimizer,
                              &r->gradient.exact.scales, err);
    if (!file) {
        if (dt_numa_group_rank(r->numa_group) == 0)
            dt_model_init_parameters(&r->model, run_seed(r), r->parameters);
        (void)dt_numa_group_barrier(r->numa_group, true); /* to draw cannot fail */
        return DT_OK;
    }
    if (r->world->rank == 0 && !dt_checkpoint_read_weights(file, &r->model, r->parameters, err))
        dt_warn_weights(&r->warnings, r->options, &r->model, &r->schema, err);
    if (!dt_world_agree(r->world, err))
        dt_broadcast(r->world, r->parameters, r->model.parameters * (int64_t)sizeof(float));
    return err->code;
}

static dt_code create_criterion(dt_run *r, dt_error *err)
{
    const dt_train_options *o = r->options;
    if (dt_class_weights_init(&r->class_weights, o->class_weights, r->model.loss, &r->dataset,
                              r->world, err))
        return err->code;
    r->model.criterion = (dt_criterion){.weight = r->class_weights.weight,
                                        .units = r->class_weights.units,
                                        .smoothing = (float)o->label_smoothing};
    return DT_OK;
}

static dt_code create_loader(dt_run *r, dt_error *err)
{
    dt_loader_options options = loader_options(r);
    return dt_loader_create(&r->loader, r->world, &r->dataset, &options, err);
}

static void describe_state(dt_run *r)
{
    dt_stream_plan plan = {0};
    dt_error none = {0}; /* the loader has made the same */
    if (r->dataset.streamed)
        dt_stream_plan_make(&plan, &r->dataset, &none);
    r->state = (dt_checkpoint){.model = &r->model,
                               .parameters = r->parameters,
                               .optimizer = &r->optimizer,
                               .normalizer = r->dataset.normalizer,
                               .schema = &r->schema,
                               .progress = r->progress,
                               .data = {.samples = r->dataset.rows,
                                        .features = r->dataset.features,
                                        .outputs = r->dataset.outputs,
                                        .block_rows = plan.block_rows,
                                        .window_blocks = plan.window_blocks,
                                        .seed_offset = r->seed_offset},
                               .rounding = r->gradient.exact.scales.state,
                               .n_rounding = r->gradient.exact.scales.n,
                               .lr = r->lr,
                               .seed = r->options->seed,
                               .options = r->options_text};
}

/* On rank 0 alone. */
static dt_code open_report(dt_run *r, dt_error *err)
{
    r->model_text = dt_model_describe(&r->model);
    if (!r->model_text)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the report");
    r->facts = (dt_report_run){.ranks = r->world->size,
                               .nodes = r->world->nodes,
                               .threads = r->team.threads,
                               .data = r->options->data,
                               .model = r->model_text,
                               .window_rows = dt_loader_window_rows(r->loader),
                               .samples = r->dataset.rows,
                               .features = r->dataset.features,
                               .outputs = r->model.outputs,
                               .parameters = r->model.parameters,
                               .steps_per_epoch = r->steps_per_epoch,
                               .total_steps = r->total_steps,
                               .options = r->options_text,
                               .identity = r->identity,
                               .resumed_from = r->resume.contents.path,
                               .done_steps = r->progress.global_step,
                               .done_epochs = r->progress.epoch};
    if (dt_run_files_prepare(&r->files, err))
        return err->code;
    r->facts.overwritten = r->options->overwrite ? r->files.earlier.last_step : 0;
    if (dt_report_open(&r->report, r->options, &r->facts, err))
        return err->code;
    describe_state(r);
    if (!r->options->checkpoint)
        return DT_OK;
    return dt_saver_create(&r->saver, r->options, &r->state, r->report, &r->team, r->files.lock,
                           err);
}

static void warn_unused(dt_warnings *w, const dt_data_file *source)
{
    for (int i = 0; source && i < DT_SCHEMA_LISTS; i++)
        if (dt_data_file_unused(source, i)[0])
            dt_warnings_add(w, "%s", dt_data_file_unused(source, i));
}

/* What is amiss, that which costs more first; rank 0 tells it. */
static void collect_warnings(dt_run *r)
{
    const dt_train_options *o = r->options;
    int n = 0;
    if (r->world->rank == 0) {
        warn_unused(&r->warnings, r->file);
        warn_unused(&r->warnings, r->val_source);
        dt_warn_options(&r->warnings, o, &r->schedule, r->steps_per_epoch * o->epochs);
        dt_warn_data(&r->warnings, o, &r->dataset, &r->schema);
        if (r->validates)
            dt_warn_validation(
                &r->warnings, o->val_data ? r->val_dataset.rows : r->dataset.holdout.held,
                r->model.loss != DT_LOSS_CROSS_ENTROPY && r->model.loss != DT_LOSS_BCE);
    }
    for (int i = 0; i < r->warnings.n; i++)
        r->facts.warning[n++] = r->warnings.line[i];
    for (int i = 0; i < DT_PREFLIGHT_LINES; i++)
        if (r->preflight.line[i][0])
            r->facts.warning[n++] = r->preflight.line[i];
}

static dt_code run_preflight(dt_run *r, dt_error *err)
{
    dt_gradient_options gradient = gradient_options(r);
    int64_t block = dt_gradient_block(&gradient);
    dt_split batch = dt_batch_split(gradient.batch_size, block > 0 ? block : 1, r->world->size);
    const int64_t *begin = r->dataset.window.begin + r->world->rank;
    if (dt_preflight_run(&r->preflight, r->world, &r->placement, begin[1] - begin[0], &batch,
                         r->options->checkpoint, err))
        return err->code;
    collect_warnings(r);
    return DT_OK;
}

dt_code dt_run_open(dt_run *r, const dt_world *world, const dt_train_options *options,
                    dt_error *err)
{
    *r = (dt_run){.world = world, .options = options};
    dt_time_limit_init(&r->time_limit, world, options->max_time);
    dt_divergence_init(&r->divergence, options->batch_size);
    if (world->rank == 0)
        dt_run_files_check(&r->files, options, err);
    if (dt_world_agree(world, err) ||
        dt_place_threads(world, options->threads, options->bind == DT_BIND_KEEP, &r->team,
                         &r->placement, err) ||
        find_checkpoint(r, err) || open_data(r, err) || open_val_data(r, err) ||
        plan_memory(r, err) || load_data(r, err))
        return err->code;
    if (!count_steps(r, err) && r->resume.found)
        dt_resume_check_position(&r->resume, options->batch_size, r->steps_per_epoch, err);
    if (!err->code)
        create_schedule(r, err);
    if (dt_world_agree(world, err) || build_model(r, err) || create_gradient(r, err) ||
        create_criterion(r, err) || set_weights(r, err) || create_validation(r, err) ||
        create_loader(r, err))
        return err->code;
    if (world->rank == 0)
        open_report(r, err);
    dt_straggler_init(&r->straggler, world, err);
    if (dt_world_agree(world, err) || run_preflight(r, err))
        return err->code;
    if (world->rank == 0)
        dt_run_files_begin(&r->files, r->resume.found, err);
    return dt_world_agree(world, err);
}

dt_code dt_run_close(dt_run *r, dt_error *err)
{
    dt_saver_destroy(r->saver);
    dt_report_close(r->report, err);
    dt_run_files_release(&r->files);
    dt_straggler_free(&r->straggler);
    dt_preflight_free(&r->preflight);
    dt_loader_destroy(r->loader);
    dt_gradient_free(&r->gradient);
    dt_optimizer_free(&r->optimizer);
    dt_validation_free(&r->validation);
    dt_dataset_free(&r->val_dataset);
    dt_data_file_close(r->val_source);
    dt_dataset_free(&r->dataset);
    dt_data_file_close(r->file);
    dt_schema_free(&r->schema);
    dt_class_weights_free(&r->class_weights);
    dt_model_free(&r->model);
    dt_team_free(&r->team);
    dt_numa_group_destroy(r->numa_group);
    dt_resume_free(&r->resume);
    free(r->model_text);
    free(r->options_text);
    free(r->identity);
    return dt_world_agree(r->world, err);
}
