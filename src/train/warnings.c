#include "train/warnings.h"

#include "core/line.h"
#include "report/format.h"
#include "train/options.h"

#include <stdarg.h>

void dt_warnings_add(dt_warnings *w, const char *format, ...)
{
    va_list args;
    if (w->n == DT_WARNINGS)
        return;
    va_start(args, format);
    dt_line_format(w->line[w->n++], DT_WARNING_TEXT, format, args);
    va_end(args);
}

/* ---- Options -------------------------------------------------------------------------------- */

static void warn_model_options(dt_warnings *w, const dt_train_options *o)
{
    static const char why[] = "has no effect without a hidden layer (--hidden)";
    if (o->hidden.n > 0)
        return;
    if (o->activation != DT_ACT_RELU)
        dt_warnings_add(w, "--activation %s", why);
    if (o->layer_norm)
        dt_warnings_add(w, "--layer-norm %s", why);
    if (o->dropout > 0)
        dt_warnings_add(w, "--dropout %s", why);
}

/* An option that was given with its default changes nothing either, and needs no word. */
static void warn_optimizer_options(dt_warnings *w, const dt_train_options *o,
                                   const dt_train_options *fallback)
{
    static const char why[] = "has no effect: it is of --optimizer adam, adamw and lamb";
    if (o->optimizer != DT_OPTIM_SGD && o->optimizer != DT_OPTIM_LARS)
        return;
    if (o->beta1 != fallback->beta1)
        dt_warnings_add(w, "--beta1 %s", why);
    if (o->beta2 != fallback->beta2)
        dt_warnings_add(w, "--beta2 %s", why);
    if (o->eps != fallback->eps)
        dt_warnings_add(w, "--eps %s", why);
}

/* Validation is after whole epochs. */
static void warn_validation(dt_warnings *w, const dt_train_options *o, int64_t total, int64_t epoch)
{
    const char *name = o->val_data       ? "val-data"
                       : o->val_last > 0 ? "val-last"
                       : o->val_fold     ? "val-fold"
                                         : "val-fraction";
    long long epochs = (long long)(total / epoch);
    char text[DT_COUNT_TEXT], more[DT_COUNT_TEXT];
    if (!dt_train_options_validate(o))
        return;
    if (epochs == 0)
        dt_warnings_add(w, "--%s has no effect: the run ends after %s, within the first epoch (%s)",
                        name, dt_format_count(text, total, "step"),
                        dt_format_count(more, epoch, "step"));
    else if (o->patience >= epochs)
        dt_warnings_add(w, "--patience %lld has no effect: the run ends after %s",
                        (long long)o->patience, dt_format_count(text, epochs, "epoch"));
}

static void warn_length(dt_warnings *w, const dt_train_options *o, const dt_schedule *s,
                        int64_t all_steps)
{
    char steps[DT_COUNT_TEXT], all[DT_COUNT_TEXT];
    dt_format_count(steps, s->total, "step");
    if (!(s->lr > 0))
        dt_warnings_add(w, "--lr 0: no step changes a weight");
    if (s->warmup > 0 && s->warmup >= s->total)
        dt_warnings_add(w,
                        "--warmup %lld: the run ends after %s, before the learning rate "
                        "has been at its full size",
                        (long long)s->warmup, steps);
    else if (s->kind == DT_SCHEDULE_STEP && s->every >= s->total - s->warmup)
        dt_warnings_add(w, "--schedule %s has no effect: the run ends after %s", o->schedule,
                        steps);
    if (o->max_steps > all_steps)
        dt_warnings_add(w, "--max-steps %lld has no effect: --epochs %lld end%s after %s",
                        (long long)o->max_steps, (long long)o->epochs, o->epochs == 1 ? "s" : "",
                        dt_format_count(all, all_steps, "step"));
    warn_validation(w, o, s->total, all_steps / o->epochs);
}

static void warn_output_options(dt_warnings *w, const dt_train_options *o,
                                const dt_train_options *fallback)
{
    const dt_every *a = &o->checkpoint_every, *b = &fallback->checkpoint_every;
    if (!o->checkpoint && (a->n != b->n || a->unit != b->unit))
        dt_warnings_add(w, "--checkpoint-every has no effect without --checkpoint DIR");
    if (!o->checkpoint && o->keep != fallback->keep)
        dt_warnings_add(w, "--keep has no effect without --checkpoint DIR");
    if (!o->log && o->log_steps != fallback->log_steps)
        dt_warnings_add(w, "--log-steps has no effect without --log FILE");
    if (o->quiet && o->log_every > 0)
        dt_warnings_add(w, "--log-every has no effect with --quiet");
    if (o->quiet && o->progress == DT_PROGRESS_ALWAYS)
        dt_warnings_add(w, "--progress has no effect with --quiet");
}

void dt_warn_options(dt_warnings *w, const dt_train_options *o, const dt_schedule *schedule,
                     int64_t all_steps)
{
    dt_error none = {0};
    dt_train_options fallback;
    if (!dt_train_options_init(&fallback, &none)) {
        warn_model_options(w, o);
        warn_optimizer_options(w, o, &fallback);
        warn_length(w, o, schedule, all_steps);
        warn_output_options(w, o, &fallback);
    }
    dt_train_options_free(&fallback);
}
