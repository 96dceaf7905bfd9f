#include "report/log.h"

#include "core/clock.h"
#include "core/json.h"
#include "report/cut.h"
#include "report/failure.h"
#include "report/report.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static const double FLUSH_SECONDS = 1; /* an event waits no longer than this and a step */

enum { BUFFER_BYTES = 1 << 16 };

/* Whether a path stands for something that a log must not replace: a slip in --log would otherwise
 * cost a data set. Every log begins with the brace of its first event. */
static bool is_other_file(const char *path)
{
    struct stat info;
    if (stat(path, &info) || !S_ISREG(info.st_mode) || info.st_size == 0)
        return false;
    FILE *file = fopen(path, "re");
    int first = file ? fgetc(file) : EOF;
    if (file)
        fclose(file);
    return first != '{';
}

/* Behind what it has of the run before; what it lacks of that is told. */
static dt_code go_on(const dt_log *log, const dt_report_run *run, dt_error *err)
{
    dt_error lacks = {0};
    int64_t last;
    if (dt_log_cut(log->path, run->done_steps, run->done_epochs, &last, err))
        return err->code;
    if (last < 0)
        dt_fail(&lacks, DT_ERR_DATA, "%s: has nothing of the run up to step %lld, where it goes on",
                log->path, (long long)run->done_steps);
    else
        dt_fail(&lacks, DT_ERR_DATA,
                "%s: ends in epoch %lld, but the run goes on in epoch %lld: it lacks what is "
                "between",
                log->path, (long long)last + 1, (long long)run->done_epochs + 1);
    if (last < run->done_epochs)
        dt_report_warn(lacks.text);
    return DT_OK;
}

dt_code dt_log_open(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                    dt_error *err)
{
    *log = (dt_log){.path = options->log, .steps = options->log_steps};
    if (!options->log)
        return DT_OK;
    if (is_other_file(log->path))
        return dt_fail(err, DT_ERR_FILE, "%s: exists and is no log; it is left as it is",
                       log->path);
    if (run->resumed_from && go_on(log, run, err))
        return err->code;
    log->file = fopen(log->path, run->resumed_from ? "ae" : "we");
    if (!log->file)
        return dt_write_failed(err, log->path);
    setvbuf(log->file, NULL, _IOFBF, BUFFER_BYTES);
    return DT_OK;
}

/* What a full disk left of the last line goes, so that every line of the log is whole. */
static void cut_half_line(const char *path)
{
    struct stat info;
    bool regular = stat(path, &info) == 0 && S_ISREG(info.st_mode); /* a device has no end */
    FILE *file = regular ? fopen(path, "r+e") : NULL;
    long end = 0, at = 0;
    for (int c; file && (c = fgetc(file)) != EOF;) {
        at++;
        end = c == '\n' ? at : end;
    }
    if (file && end < at && ftruncate(fileno(file), end) != 0)
        end = at; /* nothing better is to be had */
    if (file)
        fclose(file);
}

void dt_log_flush(dt_log *log, dt_error *err)
{
    if (!log->file || err->code != DT_OK)
        return;
    if (fflush(log->file) != 0)
        dt_write_failed(err, log->path);
    log->waiting = false;
    log->flushed = dt_clock_coarse();
}

dt_code dt_log_sync(const dt_log *log, dt_error *err)
{
    if (!log->file || fsync(fileno(log->file)) == 0 || errno == EINVAL || errno == EROFS)
        return DT_OK; /* no log, on the disk, or none that has one */
    return dt_write_failed(err, log->path);
}

/* Write one line, and release the event. */
static void write_event(dt_log *log, json_t *event, dt_error *err)
{
    /* 17 digits are enough to read back the same bits. */
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    if (!event)
        dt_fail(err, DT_ERR_MEMORY, "%s: no memory to write it", log->path);
    else if (err->code == DT_OK &&
             (json_dumpf(event, log->file, flags) != 0 || fputc('\n', log->file) == EOF))
        dt_write_failed(err, log->path);
    log->waiting = true;
    json_decref(event);
}

static json_t *whole(int64_t value)
{
    return json_integer((json_int_t)value);
}

void dt_log_start(dt_log *log, const dt_train_options *options, const dt_report_run *run,
                  dt_error *err)
{
    if (!log->file)
        return;
    json_t *event = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "event",
        "start", "ranks", whole(run->ranks), "threads", whole(run->threads), "samples",
        whole(run->samples), "features", whole(run->features), "outputs", whole(run->outputs),
        "parameters", whole(run->parameters), "batch_size", whole(options->batch_size),
        "steps_per_epoch", whole(run->steps_per_epoch), "epochs", whole(options->epochs), "seed",
        whole(options->seed), "nodes", whole(run->nodes), "total_steps", whole(run->total_steps),
        "data", dt_json_text(run->data), "data_held", run->window_rows ? "windows" : "memory",
        "model", dt_json_text(run->model));
    if (run->window_rows)
        json_object_set_new(event, "window_rows", whole(run->window_rows));
    if (run->resumed_from) {
        json_object_set_new(event, "resumed_from", dt_json_text(run->resumed_from));
        json_object_set_new(event, "global_step", whole(run->done_steps));
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
    if (!log->file || err->code != DT_OK)
        return;
    if (log->steps > 0 && facts->global_step % log->steps == 0)
        write_event(log,
                    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "event", "step", "epoch",
                              whole(facts->epoch), "step", whole(facts->step), "global_step",
                              whole(facts->global_step), "samples", whole(facts->samples), "loss",
                              dt_json_real(facts->loss), "lr", dt_json_real(facts->lr)),
                    err);
    if (log->waiting && dt_clock_coarse() - log->flushed >= FLUSH_SECONDS)
        dt_log_flush(log, err);
}

/* As hexadecimal digits: JSON's numbers need not hold 64 bits. */
static json_t *hash(uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    return json_string(text);
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
        json_object_set_new(event, "val_r2", dt_json_real(val->r2));
    }
}

void dt_log_epoch(dt_log *log, const dt_report_epoch_facts *facts, dt_error *err)
{
    if (!log->file)
        return;
    double speed = (double)facts->samples / facts->seconds;
    json_t *time = json_pack("{s:o, s:o, s:o, s:o}", "data", dt_json_real(facts->data), "compute",
                             dt_json_real(facts->compute), "allreduce",
                             dt_json_real(facts->allreduce), "update", dt_json_real(facts->update));
    json_t *event =
        json_pack("{s:s, s:o, s:o, s:o, s:o}", "event", "epoch", "epoch", whole(facts->epoch),
                  "global_step", whole(facts->global_step), "samples", whole(facts->samples),
                  "train_loss", dt_json_real(facts->train_loss));
    add_scores(event, facts);
    json_object_set_new(event, "weights_hash", hash(facts->weights_hash));
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
    if (!log->file)
        return;
    write_event(log,
                json_pack("{s:s, s:o, s:o}", "event", "checkpoint", "path", dt_json_text(path),
                          "global_step", whole(global_step)),
                err);
    dt_log_flush(log, err);
}

void dt_log_end(dt_log *log, const dt_report_end_facts *facts, dt_error *err)
{
    if (!log->file)
        return;
    json_t *event = json_pack("{s:s, s:s, s:o, s:o, s:o}", "event", "end", "status", facts->status,
                              "epochs", whole(facts->epochs), "global_step",
                              whole(facts->global_step), "weights_hash", hash(facts->weights_hash));
    if (facts->reason)
        json_object_set_new(event, "reason", json_string(facts->reason));
    if (facts->warning)
        json_object_set_new(event, "warnings", json_pack("[o]", dt_json_text(facts->warning)));
    write_event(log, event, err);
    dt_log_flush(log, err);
}

void dt_log_close(dt_log *log, dt_error *err)
{
    if (log->file && fclose(log->file) != 0)
        dt_write_failed(err, log->path);
    if (log->file && err->code != DT_OK)
        cut_half_line(log->path);
    log->file = NULL;
}
