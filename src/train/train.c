/* Training: epochs of steps, a step being one update of the weights from one global batch. */
#include <dtrain/train.h>

#include "comm/comm.h"
#include "core/stop.h"
#include "file/h5.h"
#include "optim/clip.h"
#include "train/replicas.h"
#include "train/run.h"
#include "train/times.h"

#include <math.h>
#include <stdio.h>

/* What the ranks agree on besides the sums. */
static void gather_flags(dt_run *run, dt_step_sums *sums, dt_error *err)
{
    if (run->time_limit.end < INFINITY)
        dt_time_limit_step(&run->time_limit, dt_clock(), dt_saver_seconds(run->saver));
    sums->failed = dt_report_check(run->report, err) || dt_saver_check(run->saver, err) ||
                   dt_loader_check(run->loader, err);
    sums->due = dt_saver_due(run->saver);
    sums->stop = dt_stop_reason();
}

/* summed: whether the gradient is the sum that it should be */
static dt_code not_finite(const dt_run *run, const dt_report_step_facts *step,
                          const dt_step_sums *sums, bool summed, dt_error *err)
{
    long long epoch = (long long)step->epoch, n = (long long)step->step;
    const char *normalize = run->dataset.normalizer ? "" : " or --normalize standard";
    if (sums->overflow)
        return dt_fail(err, DT_ERR_NONFINITE,
                       "the gradient is too large for its exact sum: epoch %lld, step %lld; a "
                       "smaller --lr%s may help",
                       epoch, n, normalize);
    const char *what = !isfinite(sums->loss) ? "loss is" : !summed ? "gradient is" : "weights are";
    return dt_fail(err, DT_ERR_NONFINITE,
                   "the %s no longer finite: epoch %lld, step %lld; a smaller --lr%s may help",
                   what, epoch, n, normalize);
}

/* The mean over no sample is not a number. */
static dt_code weightless(const dt_report_step_facts *step, dt_error *err)
{
    return dt_fail(
        err, DT_ERR_NONFINITE,
        "epoch %lld, step %lld: no sample of the batch counts: each is of a class of weight 0 "
        "(--class-weights), or has no weight or no target; a larger --batch-size, or "
        "--drop-last, may help",
        (long long)step->epoch, (long long)step->step);
}

/* A mean by weights that are negative altogether would turn the gradient round. */
static dt_code negative(const dt_report_step_facts *step, dt_error *err)
{
    return dt_fail(err, DT_ERR_NONFINITE,
                   "epoch %lld, step %lld: the weights of the batch are negative in sum; a larger "
                   "--batch-size may help",
                   (long long)step->epoch, (long long)step->step);
}

/* One step: the mean loss of the global batch before the update, and the update.
 *   weight  [out] what the sum of the losses was divided by: the number of samples, or their weight
 * Returns the same on every rank. */
static dt_code run_step(dt_run *run, dt_report_step_facts *step, double *weight, dt_times *t,
                        dt_error *err)
{
    dt_step_sums sums;
    dt_gradient_compute(&run->gradient, run->loader, run->parameters, t, &sums);
    t->samples += sums.samples;
    gather_flags(run, &sums, err);
    dt_saver_copy_unread(run->saver); /* after the sum any rank may change the weights */
    bool whole = run->options->clip_norm > 0 || dt_optimizer_wants_all(&run->optimizer);
    bool summed = dt_gradient_sum(&run->gradient, run->parameters, whole, &sums);
    t->allreduce += dt_times_lap(t);
    if (sums.failed)
        return dt_world_agree(run->world, err);

    if (sums.weight == 0 && isfinite(sums.loss))
        return weightless(step, err);
    if (sums.weight < 0)
        return negative(step, err);
    *weight = (double)sums.weight * run->weight_unit;
    double scale = 1 / *weight;
    bool finite = summed && isfinite(sums.loss);
    step->samples = sums.samples;
    step->loss = sums.loss * scale;
    step->lr = dt_schedule_lr(&run->schedule, step->global_step);
    if (run->options->clip_norm > 0)
        scale *= dt_clip_factor(run->gradient.values, run->model.parameters, scale,
                                run->options->clip_norm);
    if (finite)
        finite = dt_optimizer_step(&run->optimizer, step->lr, scale, run->gradient.values,
                                   run->parameters);
    t->update += dt_times_lap(t);
    if (!finite)
        return not_finite(run, step, &sums, summed, err);
    run->due = sums.due;
    run->stop = sums.stop;
    return DT_OK;
}

/* Whether a step, the last of an epoch or not, is one that --checkpoint-every names. */
static bool save_is_due(const dt_run *run)
{
    const dt_every *every = &run->options->checkpoint_every;
    if (every->unit == DT_EVERY_SECOND)
        return run->due;
    if (every->unit == DT_EVERY_STEP)
        return run->progress.global_step % every->n == 0;
    return run->progress.step == 0 && run->progress.epoch % every->n == 0;
}

static dt_code compare_weights(dt_run *run, dt_error *err)
{
    return dt_replicas_check(run->world, run->parameters, run->model.parameters, &run->progress,
                             &run->weights_hash, err);
}

enum { DIVERGENCE_TEXT = 320 };

/* NULL: the run does not diverge. */
static const char *describe_divergence(const dt_run *run, char text[DIVERGENCE_TEXT])
{
    dt_rise rise;
    bool normalized = run->dataset.normalizer != NULL;
    if (!dt_divergence_stays(&run->divergence, &rise))
        return NULL;
    snprintf(text, DIVERGENCE_TEXT,
             "%s has risen from %.4g to %.4g: the run diverges; %sa smaller --lr may help", rise.of,
             rise.from, rise.to, normalized ? "" : "--normalize standard or ");
    return text;
}

/* step: 0: it was found at the end of the epoch */
static void warn_of_divergence(const dt_run *run, int64_t epoch, int64_t step)
{
    char text[DIVERGENCE_TEXT], line[DIVERGENCE_TEXT + 64], of_step[32] = "";
    if (step > 0)
        snprintf(of_step, sizeof of_step, ", step %lld", (long long)step);
    snprintf(line, sizeof line, "epoch %lld%s: %s", (long long)epoch, of_step,
             describe_divergence(run, text));
    dt_report_warn_in_run(run->report, line);
}

/* Steps from where the run stands to the end of the epoch, or to where it stops. */
static dt_code run_steps(dt_run *run, dt_times *t, dt_error *err)
{
    dt_run_progress *c = &run->progress;
    while (c->step < run->steps_per_epoch && c->global_step < run->total_steps) {
        dt_report_step_facts step = {
            .epoch = c->epoch + 1, .step = c->step + 1, .global_step = c->global_step + 1};
        double weight = 0;
        if (run_step(run, &step, &weight, t, err))
            return err->code;
        c->global_step++;
        c->step++;
        c->samples += step.samples;
        c->loss += step.loss * weight;
        c->weight += weight;
        dt_report_step(run->report, &step);
        if (dt_divergence_add(&run->divergence, step.loss))
            warn_of_divergence(run, step.epoch, step.step);
        if (run->report)
            dt_times_lap(t); /* none of what a step is made of */
        if (run->stop >= 0)
            return dt_fail(err, DT_STOPPED, "stopped by %s", dt_stop_name(run->stop));
        if (c->step == run->steps_per_epoch || !save_is_due(run))
            continue;
        if (run->world->size > 1 && compare_weights(run, err))
            return err->code;
        dt_saver_save(run->saver, c, true, false);
    }
    return DT_OK;
}

static dt_code validate(dt_run *run, dt_report_epoch_facts *facts, dt_error *err)
{
    double begin = dt_clock();
    facts->validated = run->validates;
    if (!run->validates)
        return err->code;
    if (!dt_time_limit_allows_validation(&run->time_limit, run->world,
                                         dt_saver_seconds(run->saver))) {
        run->stop = DT_STOP_TIME;
        return dt_fail(err, DT_STOPPED, "stopped by %s", dt_stop_name(DT_STOP_TIME));
    }
    if (dt_validation_run(&run->validation, run->gradient.engine, run->parameters, &facts->val,
                          err) == DT_STOPPED) {
        int64_t reason = dt_stop_reason(); /* some ranks may have none */
        dt_max_int64(run->world, &reason, 1);
        run->stop = (int)reason;
    }
    dt_time_limit_validated(&run->time_limit, dt_clock() - begin);
    if (!err->code && dt_divergence_add_validation(&run->divergence, &facts->val))
        warn_of_divergence(run, facts->epoch, 0);
    return err->code;
}

/* The run stands at the beginning of the next epoch. Returns whether this was the best so far. */
static bool count_epoch(dt_run_progress *c, const dt_report_epoch_facts *facts)
{
    bool best = facts->validated && facts->val.loss < c->best_loss;
    c->epoch++;
    c->step = c->samples = 0;
    c->loss = c->weight = 0;
    c->epochs_since_best = best ? 0 : c->epochs_since_best + facts->validated;
    if (best) {
        c->best_loss = facts->val.loss;
        c->best_epoch = c->epoch;
    }
    return best;
}

static void find_slowest_rank(dt_run *run, const dt_times *t, dt_report_slowest *slowest)
{
    dt_straggler_gather(&run->straggler, run->world, t, slowest);
    if (run->preflight.of)
        slowest->node = run->preflight.of[slowest->rank].placement.node;
}

static dt_code run_epoch(dt_run *run, dt_error *err)
{
    dt_run_progress *c = &run->progress;
    dt_report_epoch_begin(run->report, c->epoch + 1);
    double begin = dt_clock();
    dt_times t = dt_times_begin();
    if (run_steps(run, &t, err) || c->step < run->steps_per_epoch)
        return err->code; /* stopped within the epoch */
    double seconds = dt_clock() - begin;
    dt_times_end(&t, seconds);
    dt_report_epoch_facts facts = {.epoch = c->epoch + 1,
                                   .global_step = c->global_step,
                                   .samples = c->samples,
                                   .train_loss = c->loss / c->weight,
                                   .redone = dt_gradient_consume_redone(&run->gradient),
                                   .seconds = seconds,
                                   .data = t.data,
                                   .compute = t.compute,
                                   .allreduce = t.allreduce,
                                   .update = t.update};
    find_slowest_rank(run, &t, &facts.slowest);
    if (compare_weights(run, err) || validate(run, &facts, err))
        return err->code;
    facts.weights_hash = run->weights_hash;
    bool best = count_epoch(c, &facts);
    dt_report_epoch_end(run->report, &facts);
    dt_saver_save(run->saver, c, save_is_due(run), best);
    return DT_OK;
}

/* Every rank has the same weights; rank 0 writes them. Collective. */
static dt_code save_last(dt_run *run, dt_error *err)
{
    if (compare_weights(run, err))
        return err->code;
    dt_saver_save(run->saver, &run->progress, true, false);
    dt_saver_finish(run->saver, err);
    return dt_world_agree(run->world, err);
}

/* Whether --patience has come to its end. */
static bool is_hopeless(const dt_run *run)
{
    return run->options->patience > 0 && run->progress.epochs_since_best >= run->options->patience;
}

/* Whether steps are left, or the validation of an epoch whose steps are all done. */
static bool is_left(const dt_run *run)
{
    const dt_run_progress *c = &run->progress;
    return c->epoch < run->options->epochs && !is_hopeless(run) &&
           (c->global_step < run->total_steps || c->step == run->steps_per_epoch);
}

/* What a run says that was stopped. */
static dt_code stopped(const dt_run *run, const char *how, dt_error *err)
{
    long long steps = (long long)run->progress.global_step;
    if (!run->options->checkpoint)
        return dt_fail(err, DT_STOPPED, "%s after step %lld; without --checkpoint nothing is saved",
                       how, steps);
    return dt_fail(err, DT_STOPPED, "%s after step %lld, which is saved in %s; go on with --resume",
                   how, steps, run->options->checkpoint);
}

/* A run that the clock stopped where it began would do so again each time that it goes on. */
static bool is_vain(const dt_run *run, const dt_run_progress *begin)
{
    const dt_run_progress *c = &run->progress;
    return run->stop == DT_STOP_TIME && c->global_step == begin->global_step &&
           c->epoch == begin->epoch;
}

static dt_code train(dt_run *run, dt_error *err)
{
    dt_error stop = {0}, unheard = {0};
    const char *how = "finished";
    char text[DIVERGENCE_TEXT];
    const dt_run_progress begin = run->progress;
    if (is_left(run))
        dt_report_start(run->report);
    else
        dt_report_nothing_left(run->report);
    while (is_left(run) && !run_epoch(run, err))
        ;
    if (is_hopeless(run))
        dt_report_patience(run->report, run->progress.best_epoch, run->progress.best_loss);
    if (err->code == DT_STOPPED) {
        stop = *err;
        *err = (dt_error){0};
        how = "stopped";
        if (is_vain(run, &begin))
            dt_fail(err, DT_ERR_TIME, "%s: the time is too short for the validation",
                    dt_stop_name(DT_STOP_TIME));
    }
    if (!err->code)
        save_last(run, err);
    else
        dt_saver_finish(run->saver, &unheard);
    dt_report_end_facts facts = {.status = err->code ? "failed" : how,
                                 .epochs = run->progress.epoch,
                                 .global_step = run->progress.global_step,
                                 .best_epoch = run->progress.best_epoch,
                                 .best_loss = run->progress.best_loss,
                                 .reason = stop.code && !err->code ? dt_stop_name(run->stop) : NULL,
                                 .weights_hash = run->weights_hash};
    if (!err->code)
        facts.warning = describe_divergence(run, text);
    dt_report_end(run->report, &facts);
    return stop.code && !err->code ? stopped(run, stop.text, err) : err->code;
}

dt_code dt_train(const dt_world *world, const dt_train_options *options, dt_error *err)
{
    dt_run run;
    dt_stop_watch();
    if (!dt_run_open(&run, world, options, err))
        train(&run, err);
    dt_run_close(&run, err);
    dt_h5_restore();
    dt_stop_unwatch();
    return err->code;
}
