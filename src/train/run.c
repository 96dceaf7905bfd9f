/* A run is opened in this order. Each stage needs those before it.
 *
 *   place_threads       threads and cores of the rank
 *   find_checkpoint     --resume: what the run goes on from
 *   dt_run_open_data, dt_run_open_val_data, dt_run_plan_memory, dt_run_load_data
 *                       run_data.c: the files; how much of them each rank holds; the rows
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
#include "train/run_internal.h"

#include "comm/comm.h"
#include "core/line.h"
#include "data/stream.h"
#include "model/model.h"
#include "train/footprint.h"
#include "train/options.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL_MODEL = 1 << 12 }; /* parameters */

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

static dt_code create_validation(dt_run *r, dt_error *err)
{
    bool whole = r->options->val_data != NULL;
    if (whole && dt_run_load_val_data(r, err))
        return err->code;
    r->validates = whole || dt_train_options_validate(r->options);
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

static dt_optimizer_options make_optimizer_options(const dt_run *r)
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

/* Of the largest batch. The NUMA group is known. */
static dt_gradient_options make_gradient_options(const dt_run *r)
{
    const dt_train_options *o = r->options;
    return (dt_gradient_options){
        .batch_size = o->batch_size < r->dataset.rows ? o->batch_size : r->dataset.rows,
        .exact = o->reduce == DT_REDUCE_EXACT,
        .in_parts = r->dataset.streamed || (r->world->size > 1 && !r->dataset.window.all),
        .numa_group = r->numa_group};
}

static dt_loader_options make_loader_options(const dt_run *r)
{
    dt_loader_options options = {.batch_size = r->options->batch_size,
                                 .block = dt_gradient_block(&r->gradient_options),
                                 .seed = dt_run_seed(r),
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
static dt_code check_memory(const dt_run *r, const dt_optimizer_options *optimizer, dt_error *err)
{
    const dt_train_options *o = r->options;
    const dt_gradient_options *gradient = &r->gradient_options;
    dt_loader_options loader = make_loader_options(r);
    dt_footprint_facts facts = {.model = &r->model,
                                .ranks = r->world->size,
                                .threads = r->team.threads,
                                .numa_group = dt_numa_group_size(r->numa_group),
                                .vectors = dt_optimizer_vectors(optimizer),
                                .saves = o->checkpoint != NULL,
                                .several_nodes = r->world->nodes > 1,
                                .batch_size = gradient->batch_size,
                                .block = dt_gradient_block(gradient),
                                .collects = gradient->exact && gradient->in_parts,
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
    int64_t per_target = dt_outputs_per_target(r->model.loss, &o->quantiles);
    dt_model_shape shape = {.inputs = r->dataset.features,
                            .outputs = r->dataset.outputs * per_target,
                            .hidden = o->hidden.width,
                            .n_hidden = o->hidden.n,
                            .activation = (dt_activation)o->activation,
                            .loss = r->model.loss,
                            .quantiles = o->quantiles,
                            .layer_norm = o->layer_norm,
                            .dropout = o->dropout};
    dt_model_init(&r->model, &shape, err);
    r->model.dropout.seed = dt_run_seed(r);
    r->model.criterion.weighted = r->dataset.weighted; /* rows of y have a place for it */
    if (dt_world_agree(r->world, err) || form_numa_group(r, err))
        return err->code;
    int64_t n = r->model.parameters;
    r->gradient_options = make_gradient_options(r);
    dt_optimizer_options optimizer = make_optimizer_options(r);
    check_memory(r, &optimizer, err);
    r->parameters =
        dt_numa_group_alloc(r->numa_group, n, sizeof *r->parameters, "the weights", err);
    if (err->code)
        return err->code;
    dt_sharing sharing = dt_numa_group_sharing(r->numa_group);
    return dt_optimizer_init(&r->optimizer, &optimizer, n, &sharing, err);
}

static dt_code create_gradient(dt_run *r, dt_error *err)
{
    return dt_gradient_init(&r->gradient, r->world, &r->model, &r->team, &r->gradient_options, err);
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
            dt_model_init_parameters(&r->model, dt_run_seed(r), r->parameters);
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
    dt_criterion *c = &r->model.criterion; /* that samples have weights was known before */
    c->weight = r->class_weights.weight;
    c->units = r->class_weights.units;
    c->smoothing = (float)o->label_smoothing;
    c->masked = r->dataset.masked;
    c->weight_unit = dt_class_weights_sample_unit(&r->class_weights, r->model.outputs,
                                                  r->dataset.largest_weight);
    r->weight_unit = dt_loss_unit(r->model.loss, c, r->model.targets, r->class_weights.unit);
    return DT_OK;
}

static dt_code create_loader(dt_run *r, dt_error *err)
{
    dt_loader_options options = make_loader_options(r);
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
                               .y_normalizer = r->dataset.y_normalizer,
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

static void warn_file(dt_warnings *w, const dt_data_file *source)
{
    for (int i = 0; source && i < DT_SCHEMA_LISTS; i++)
        if (dt_data_file_unused(source, i)[0])
            dt_warnings_add(w, "%s", dt_data_file_unused(source, i));
    if (!source)
        return;
    const dt_data_file_info *info = dt_data_file_get_info(source);
    if (info->dropped > 0)
        dt_warnings_add(w, "%s: %lld of %lld samples have a missing value and are left out",
                        info->path, (long long)info->dropped,
                        (long long)(info->rows + info->dropped));
}

/* What is amiss, that which costs more first; rank 0 tells it. */
static void collect_warnings(dt_run *r)
{
    const dt_train_options *o = r->options;
    int n = 0;
    if (r->world->rank == 0) {
        warn_file(&r->warnings, r->file);
        warn_file(&r->warnings, r->val_source);
        dt_warn_options(&r->warnings, o, &r->schedule, r->steps_per_epoch * o->epochs);
        dt_warn_data(&r->warnings, o, &r->dataset, &r->schema);
        if (r->validates)
            dt_warn_validation(
                &r->warnings, o->val_data ? r->val_dataset.rows : r->dataset.holdout.held,
                !dt_loss_is_of_classes(r->model.loss) && r->model.loss != DT_LOSS_BCE);
    }
    for (int i = 0; i < r->warnings.n; i++)
        r->facts.warning[n++] = r->warnings.line[i];
    for (int i = 0; i < DT_PREFLIGHT_LINES; i++)
        if (r->preflight.line[i][0])
            r->facts.warning[n++] = r->preflight.line[i];
}

static dt_code run_preflight(dt_run *r, dt_error *err)
{
    int64_t block = dt_gradient_block(&r->gradient_options);
    dt_split batch =
        dt_batch_split(r->gradient_options.batch_size, block > 0 ? block : 1, r->world->size);
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
    dt_divergence_init(&r->divergence, (dt_loss)options->loss, options->batch_size);
    if (world->rank == 0)
        dt_run_files_check(&r->files, options, err);
    if (dt_world_agree(world, err) ||
        dt_place_threads(world, options->threads, options->bind == DT_BIND_KEEP, &r->team,
                         &r->placement, err) ||
        find_checkpoint(r, err) || dt_run_open_data(r, err) || dt_run_open_val_data(r, err) ||
        dt_run_plan_memory(r, err) || dt_run_load_data(r, err))
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
    dt_holdout_free(&r->holdout);
    dt_normalizer_destroy(r->given_scaling);
    dt_normalizer_destroy(r->given_y_scaling);
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
