#include "report/log.h"

#include "core/clock.h"
#include "core/json.h"
#include "file/backup.h"
#include "report/log_truncate.h"
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double FLUSH_SECONDS = 1; /* an event waits no longer than this and a step */

/* Give the file another name, since the run has no use for its lines: text, which ends where that
 * name is put, says why. */
static dt_code keep_lines(const char *path, const char *text, dt_error *err)
{
    dt_error kept_as = {0};
    char *kept = dt_file_back_up(path, err);
    if (kept) {
        dt_fail(&kept_as, DT_ERR_DATA, "%s: %s; kept as %s", path, text, kept);
        dt_report_warn(kept_as.text);
    }
    free(kept);
    return err->code;
}

/* Behind what it has of the run before; what it lacks of that is told. A log that has nothing of it
 * is kept. */
static dt_code go_on(const char *path, bool has_lines, const dt_log_truncate_options *cut,
                     dt_error *err)
{
    dt_error lacks = {0}, other = {0};
    int64_t last;
    char text[sizeof other.text + 64];
    if (dt_log_truncate(path, cut, &last, &other, err))
        return err->code;
    if (other.code)
        snprintf(text, sizeof text, "is the log of another run (%s)", other.text);
    else
        snprintf(text, sizeof text, "has nothing of the run up to step %lld, where it goes on",
                 (long long)cut->steps);
    if (last < 0 && has_lines)
        return keep_lines(path, text, err);
    if (last < 0)
        dt_fail(&lacks, DT_ERR_DATA, "%s: %s", path, text);
    else
        dt_fail(&lacks, DT_ERR_DATA,
                "%s: ends in epoch %lld, but the run goes on in epoch %lld: it lacks what is "
                "between",
                path, (long long)last + 1, (long long)cut->epochs + 1);
    if (last < cut->epochs)
        dt_report_warn(lacks.text);
    return DT_OK;
}

static dt_code refuse_lines(const char *path, const dt_train_options *o, dt_error *err)
{
    return dt_fail(err, DT_ERR_FILE,
                   "%s: holds the log of a run: %s--overwrite deletes it; or choose another --log",
                   path, o->checkpoint ? "--resume goes on with it, " : "");
}

dt_code dt_log_check(const dt_train_options *options, dt_error *err)
{
    bool has_lines;
    if (dt_log_file_inspect(options->log, &has_lines, err) || !has_lines)
        return err->code;
    return refuse_lines(options->log, options, err);
}

static dt_log_truncate_options cut_options(const dt_train_options *o, const dt_report_run *run)
{
    return (dt_log_truncate_options){.steps = run->done_steps,
                                     .epochs = run->done_epochs,
                                     .options = run->identity,
                                     .is = {{"samples", run->samples},
                                            {"features", run->features},
                                            {"outputs", run->outputs},
                                            {"parameters", run->parameters},
                                            {"batch_size", o->batch_size},
                                            {"seed", o->seed}}};
}

/* What becomes of the lines that are in the file. *moved: it is another file then. */
static dt_code treat_lines(const dt_train_options *o, const dt_report_run *run, bool has_lines,
                           bool *moved, dt_error *err)
{
    dt_log_truncate_options cut = cut_options(o, run);
    *moved = true;
    if (run->resumed_from)
        return go_on(o->log, has_lines, &cut, err);
    if (o->resume)
        return keep_lines(o->log, "holds the log of a run of which there is no checkpoint", err);
    *moved = false; /* they are removed when the run begins */
    return o->overwrite ? DT_OK : refuse_lines(o->log, o, err);
}

dt_code dt_log_open(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                    dt_error *err)
{
    bool moved = false;
    *log = (dt_log){.steps = options->log_steps, .empties = options->overwrite};
    if (!options->log || dt_log_file_open(&log->file, options->log, err))
        return err->code;
    bool has_lines = dt_log_file_has_lines(&log->file);
    if (has_lines || (log->file.regular && run->resumed_from))
        treat_lines(options, run, has_lines, &moved, err);
    if (err->code || moved)
        dt_log_file_close(&log->file, err);
    return err->code || !moved ? err->code : dt_log_file_open(&log->file, options->log, err);
}

void dt_log_flush(dt_log *log, dt_error *err)
{
    if (!log->file.open || err->code != DT_OK)
        return;
    dt_log_file_flush(&log->file, err);
    log->waiting = false;
    log->flushed = dt_clock_coarse();
}

dt_code dt_log_sync(const dt_log *log, dt_error *err)
{
    return dt_log_file_sync(&log->file, err);
}

/* Write one line, and release the event. */
static void write_event(dt_log *log, json_t *event, dt_error *err)
{
    /* 17 digits are enough to read back the same bits. */
    char *line = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(event);
    if (!line)
        dt_fail(err, DT_ERR_MEMORY, "%s: no memory to write it", log->file.path);
    if (err->code == DT_OK) {
        size_t n = strlen(line);
        line[n] = '\n'; /* in place of the zero */
        dt_log_file_append(&log->file, line, n + 1, err);
        log->waiting = true;
    }
    free(line);
}

static json_t *integer_json(int64_t value)
{
    return json_integer((json_int_t)value);
}

void dt_log_start(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                  dt_error *err)
{
    if (!log->file.open)
        return;
    if (log->empties && dt_log_file_empty(&log->file, err))
        return;
    json_t *event = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "event",
        "start", "ranks", integer_json(run->ranks), "threads", integer_json(run->threads),
        "samples", integer_json(run->samples), "features", integer_json(run->features), "outputs",
        integer_json(run->outputs), "parameters", integer_json(run->parameters), "batch_size",
        integer_json(options->batch_size), "steps_per_epoch", integer_json(run->steps_per_epoch),
        "epochs", integer_json(options->epochs), "seed", integer_json(options->seed), "nodes",
        integer_json(run->nodes), "total_steps", integer_json(run->total_steps), "data",
        dt_json_text(run->data), "data_held", run->window_rows ? "windows" : "memory", "model",
        dt_json_text(run->model));
    if (run->window_rows)
        json_object_set_new(event, "window_rows", integer_json(run->window_rows));
    if (run->resumed_from) {
        json_object_set_new(event, "resumed_from", dt_json_text(run->resumed_from));
        json_object_set_new(event, "global_step", integer_json(run->done_steps));
    }
    json_t *warnings = json_array();
    for (int i = 0; i < DT_REPORT_WARNINGS; i++)
        if (run->warning[i])
            json_array_append_new(warnings, dt_json_text(run->warning[i]));
    json_object_set_new(event, "warnings", warnings);
    if (run->options)
        json_object_set_new(event, "options", json_loads(run->options, 0, NULL));
    write_event(log, event, err);
    dt_log_flush(log, err);
}

void dt_log_step(dt_log *log, const dt_report_step_facts *facts, dt_error *err)
{
    if (!log->file.open || err->code != DT_OK)
        return;
    if (log->steps > 0 && facts->global_step % log->steps == 0)
        write_event(log,
                    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "event", "step", "epoch",
                              integer_json(facts->epoch), "step", integer_json(facts->step),
                              "global_step", integer_json(facts->global_step), "samples",
                              integer_json(facts->samples), "loss", dt_json_real(facts->loss), "lr",
                              dt_json_real(facts->lr)),
                    err);
    if (log->waiting && dt_clock_coarse() - log->flushed >= FLUSH_SECONDS)
        dt_log_flush(log, err);
}

/* As hexadecimal digits: JSON's numbers need not hold 64 bits. */
static json_t *hash_json(uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    return json_string(text);
}

/* The scores of each target, in the order of the model's outputs. */
static json_t *targets_of(const dt_scores *val)
{
    json_t *targets = json_array();
    for (int64_t k = 0; k < val->targets; k++) {
        const dt_target_scores *t = &val->target[k];
        json_array_append_new(targets,
                              json_pack("{s:o, s:o, s:o}", "rmse", dt_json_real(t->rmse), "mae",
                                        dt_json_real(t->mae), "r2", dt_json_real(t->r2)));
    }
    return targets;
}

/* val_loss and val_accuracy in every event, the others where there are such. */
static void add_scores(json_t *event, const dt_report_epoch_facts *facts)
{
    const dt_scores *val = &facts->val;
    bool right = facts->validated && val->has_accuracy;
    json_object_set_new(event, "val_loss", dt_json_real(facts->validated ? val->loss : NAN));
    json_object_set_new(event, "val_accuracy", dt_json_real(right ? val->accuracy : NAN));
    if (facts->validated && val->has_f1) {
        json_object_set_new(event, "val_precision", dt_json_real(val->precision));
        json_object_set_new(event, "val_recall", dt_json_real(val->recall));
        json_object_set_new(event, "val_f1", dt_json_real(val->f1));
    }
    if (facts->validated && val->has_r2) {
        json_object_set_new(event, "val_rmse", dt_json_real(val->rmse));
        json_object_set_new(event, "val_mae", dt_json_real(val->mae));
        json_object_set_new(event, "val_r2", dt_json_real(val->r2));
    }
    if (facts->validated && val->targets > 0)
        json_object_set_new(event, "val_targets", targets_of(val));
}

void dt_log_epoch(dt_log *log, const dt_report_epoch_facts *facts, dt_error *err)
{
    if (!log->file.open)
        return;
    double speed = (double)facts->samples / facts->seconds;
    json_t *time = json_pack("{s:o, s:o, s:o, s:o}", "data", dt_json_real(facts->data), "compute",
                             dt_json_real(facts->compute), "allreduce",
                             dt_json_real(facts->allreduce), "update", dt_json_real(facts->update));
    json_t *event = json_pack(
        "{s:s, s:o, s:o, s:o, s:o}", "event", "epoch", "epoch", integer_json(facts->epoch),
        "global_step", integer_json(facts->global_step), "samples", integer_json(facts->samples),
        "train_loss", dt_json_real(facts->train_loss));
    add_scores(event, facts);
    json_object_set_new(event, "weights_hash", hash_json(facts->weights_hash));
    json_object_set_new(event, "redone", integer_json(facts->redone));
    json_object_set_new(event, "seconds", dt_json_real(facts->seconds));
    json_object_set_new(event, "samples_per_second", dt_json_real(speed));
    json_object_set_new(event, "time", time);
    const dt_report_slowest *slowest = &facts->slowest;
    json_object_set_new(event, "slowest",
                        json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "rank", slowest->rank, "node",
                                  dt_json_text(slowest->node), "ratio",
                                  dt_json_real(slowest->ratio), "data", dt_json_real(slowest->data),
                                  "compute", dt_json_real(slowest->compute), "wait",
                                  dt_json_real(slowest->wait)));
    write_event(log, event, err);
    dt_log_flush(log, err);
}

void dt_log_checkpoint(dt_log *log, const char *path, int64_t global_step, dt_error *err)
{
    if (!log->file.open)
        return;
    write_event(log,
                json_pack("{s:s, s:o, s:o}", "event", "checkpoint", "path", dt_json_text(path),
                          "global_step", integer_json(global_step)),
                err);
    dt_log_flush(log, err);
}

void dt_log_end(dt_log *log, const dt_report_end_facts *facts, dt_error *err)
{
    if (!log->file.open)
        return;
    json_t *event =
        json_pack("{s:s, s:s, s:o, s:o, s:o}", "event", "end", "status", facts->status, "epochs",
                  integer_json(facts->epochs), "global_step", integer_json(facts->global_step),
                  "weights_hash", hash_json(facts->weights_hash));
    if (facts->reason)
        json_object_set_new(event, "reason", json_string(facts->reason));
    if (facts->warning)
        json_object_set_new(event, "warnings", json_pack("[o]", dt_json_text(facts->warning)));
    write_event(log, event, err);
    dt_log_flush(log, err);
}

void dt_log_close(dt_log *log, dt_error *err)
{
    dt_log_file_close(&log->file, err);
}
