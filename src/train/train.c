/* Training: epochs of steps, a step being one update of the weights from one global batch. */
#include <dtrain/train.h>

#include "checkpoint/checkpoint.h"
#include "core/clock.h"
#include "optim/clip.h"
#include "train/run.h"
#include "train/totals.h"

#include <math.h>
#include <stdlib.h>

/* Seconds of an epoch by what they were spent on, and the moment that the last of them ended. */
typedef struct {
    double data, compute, allreduce, update;
    double last;
} times;

/* The time since the last call. */
static double lap(times *t)
{
    double now = dt_clock(), seconds = now - t->last;
    t->last = now;
    return seconds;
}

/* Loss and gradient of this rank's samples of the next global batch. */
static dt_totals compute_gradient(dt_run *run, times *t)
{
    dt_totals totals = {0};
    bool more = false;
    dt_samples samples;
    do {
        samples = dt_loader_next(run->loader);
        t->data += lap(t);
        totals.loss += dt_engine_gradient(run->engine, run->parameters, &samples.feed,
                                          samples.count, more, run->gradient, &totals.weight);
        totals.samples += samples.count;
        t->compute += lap(t);
        more = true;
    } while (!samples.last);
    return totals;
}

/* One step: the mean loss of the global batch before the update, and the update.
 *   weight  [out] what the sum of the losses was divided by: the number of samples, or their weight
 * Returns the same on every rank. */
static dt_code run_step(dt_run *run, dt_report_step_facts *step, double *weight, times *t,
                        dt_error *err)
{
    dt_totals totals = compute_gradient(run, t);
    totals.failed = dt_report_check(run->report, err) || dt_loader_check(run->loader, err);
    int64_t batch =
        run->options->batch_size < run->dataset.rows ? run->options->batch_size : run->dataset.rows;
    dt_totals_sum(run->world, run->gradient, run->model.parameters, batch, &totals);
    t->allreduce += lap(t);
    if (totals.failed)
        return dt_world_agree(run->world, err);

    *weight = (double)totals.weight * run->class_weights.unit;
    double scale = 1 / *weight;
    bool finite = isfinite(totals.loss);
    step->samples = totals.samples;
    step->loss = totals.loss * scale;
    step->lr = dt_schedule_lr(&run->schedule, step->global_step);
    if (run->options->clip_norm > 0)
        scale *=
            dt_clip_factor(run->gradient, run->model.parameters, scale, run->options->clip_norm);
    if (finite)
        finite =
            dt_optimizer_step(&run->optimizer, step->lr, scale, run->gradient, run->parameters);
    t->update += lap(t);
    if (!finite)
        return dt_fail(
            err, DT_ERR_NONFINITE,
            "the loss is no longer finite: epoch %lld, step %lld; a smaller --lr may help",
            (long long)step->epoch, (long long)step->step);
    return DT_OK;
}

static dt_code validate(dt_run *run, dt_report_epoch_facts *facts, dt_error *err)
{
    dt_validation_result result;
    if (!run->validates)
        return DT_OK;
    if (dt_validation_run(&run->validation, run->engine, run->parameters, &result, err))
        return err->code;
    facts->validated = true;
    facts->val_loss = result.loss;
    facts->has_accuracy = result.has_accuracy;
    facts->val_accuracy = result.accuracy;
    return DT_OK;
}

static dt_code run_epoch(dt_run *run, int64_t epoch, int64_t *global_step, dt_error *err)
{
    times t = {.last = dt_clock()};
    double begin = t.last, loss = 0, weight = 0;
    int64_t samples = 0, step = 1;
    dt_report_epoch_begin(run->report, epoch);
    for (; step <= run->steps_per_epoch && *global_step < run->total_steps; step++) {
        dt_report_step_facts facts = {
            .epoch = epoch, .step = step, .global_step = *global_step + 1};
        double batch = 0;
        if (run_step(run, &facts, &batch, &t, err))
            return err->code;
        ++*global_step;
        loss += facts.loss * batch;
        weight += batch;
        samples += facts.samples;
        dt_report_step(run->report, &facts);
    }
    dt_report_epoch_facts facts = {.epoch = epoch,
                                   .global_step = *global_step,
                                   .samples = samples,
                                   .train_loss = loss / weight,
                                   .seconds = dt_clock() - begin,
                                   .data = t.data,
                                   .compute = t.compute,
                                   .allreduce = t.allreduce,
                                   .update = t.update};
    if (step <= run->steps_per_epoch)
        return DT_OK; /* stopped within the epoch */
    if (validate(run, &facts, err))
        return err->code;
    dt_report_epoch_end(run->report, &facts);
    return DT_OK;
}

/* Every rank has the same weights; rank 0 writes them. Collective. */
static dt_code save(dt_run *run, int64_t global_step, dt_error *err)
{
    if (run->options->checkpoint && run->world->rank == 0) {
        char *path;
        dt_checkpoint c = {.model = &run->model,
                           .parameters = run->parameters,
                           .optimizer = &run->optimizer,
                           .normalizer = run->dataset.normalizer,
                           .global_step = global_step,
                           .epoch = global_step / run->steps_per_epoch,
                           .step = global_step % run->steps_per_epoch,
                           .seed = run->options->seed,
                           .options = run->options_text};
        if (!dt_checkpoint_write(run->options->checkpoint, &c, &path, err))
            dt_report_checkpoint(run->report, path, global_step);
        free(path);
    }
    return dt_world_agree(run->world, err);
}

static dt_code train(dt_run *run, dt_error *err)
{
    int64_t global_step = 0;
    dt_report_start(run->report);
    for (int64_t epoch = 1; epoch <= run->options->epochs && global_step < run->total_steps;
         epoch++)
        if (run_epoch(run, epoch, &global_step, err))
            break;
    if (!err->code)
        save(run, global_step, err);
    dt_report_end(run->report, err->code ? "failed" : "finished",
                  global_step / run->steps_per_epoch, global_step);
    return err->code;
}

dt_code dt_train(const dt_world *world, const dt_train_options *options, dt_error *err)
{
    dt_run run;
    if (!dt_run_open(&run, world, options, err))
        train(&run, err);
    return dt_run_close(&run, err);
}
