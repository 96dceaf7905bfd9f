#include "report/console.h"

#include "core/clock.h"
#include "core/wrap.h"
#include "report/failure.h"
#include "report/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALL_STEPS = 20,  /* an epoch of so many steps has a line for each, */
    SOME_STEPS = 10, /* and a longer one about so many */
    VALIDATION_TEXT = 512,
};

/* Of a rank that others wait for; what it costs is also a share of the epoch, most of which may go
 * into sending. */
static const double MIND_RATIO = 1.1, MIND_SECONDS = 1, MIND_SHARE = 0.05;
static const double FLUSH_SECONDS = 0.1; /* a line may wait so long for the next one */

/* Steps between two lines where the options leave it open. */
static int64_t choose_every(int64_t steps_per_epoch)
{
    return steps_per_epoch <= ALL_STEPS ? 1 : (steps_per_epoch + SOME_STEPS - 1) / SOME_STEPS;
}

void dt_console_open(dt_console *console, const dt_train_options *options, const dt_report_run *run)
{
    *console = (dt_console){
        .quiet = options->quiet,
        .resume = options->resume,
        .folder = options->checkpoint,
        .every = options->log_every > 0 ? options->log_every : choose_every(run->steps_per_epoch),
        .next = options->quiet ? INT64_MAX : 1,
        .steps_per_epoch = run->steps_per_epoch,
        .total_steps = options->quiet ? -1 : run->total_steps,
    };
}

__attribute__((format(printf, 3, 4))) static void print(dt_console *console, dt_error *err,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool failed = vprintf(format, args) < 0;
    va_end(args);
    double now = dt_clock_coarse();
    if (!failed && now - console->flushed >= FLUSH_SECONDS) {
        failed = fflush(stdout) != 0;
        console->flushed = now;
    }
    if (failed)
        dt_write_failed(err, "standard output");
}

/* Print a line, broken where it is longer than a terminal is wide. */
__attribute__((format(printf, 3, 4))) static void print_wrapped(dt_console *console, dt_error *err,
                                                                const char *format, ...)
{
    enum { MORE = 2 }; /* columns by which what follows is further in */
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        dt_fail(err, DT_ERR_MEMORY, "no memory for the report");
        return;
    }
    if (!dt_print_wrapped(text, ",;", 0, (int)strspn(text, " ") + MORE, DT_WRAP_COLUMNS, stdout))
        dt_write_failed(err, "standard output");
    free(text);
    print(console, err, "\n");
}

/* What is in the folder of the checkpoints, and what becomes of it. */
static void print_folder(dt_console *console, const dt_report_run *run, dt_error *err)
{
    char epochs[DT_COUNT_TEXT], steps[DT_COUNT_TEXT];
    if (run->resumed_from)
        print(console, err, "Going on from %s, after %s and %s\n", run->resumed_from,
              dt_format_count(epochs, run->done_epochs, "epoch"),
              dt_format_count(steps, run->done_steps - run->done_epochs * run->steps_per_epoch,
                              "step"));
    else if (console->resume)
        print(console, err, "No checkpoint to go on from in %s: starting afresh\n",
              console->folder);
    else if (run->overwritten)
        print(console, err, "%s: the run that was there, to step %" PRId64 ", is deleted\n",
              console->folder, run->overwritten);
}

void dt_console_start(dt_console *console, const dt_report_run *run, dt_error *err)
{
    if (console->quiet)
        return;
    char ranks[DT_COUNT_TEXT], nodes[DT_COUNT_TEXT], threads[DT_COUNT_TEXT], samples[DT_COUNT_TEXT],
        features[DT_COUNT_TEXT], parameters[DT_COUNT_TEXT], steps[DT_COUNT_TEXT];
    const char *slash = strrchr(run->data, '/');
    char held[64 + DT_COUNT_TEXT] = "in memory", rows[DT_COUNT_TEXT];
    if (run->window_rows)
        snprintf(held, sizeof held, "streamed in windows of %s",
                 dt_format_count(rows, run->window_rows, "row"));
    print_wrapped(console, err, "%s on %s, %s%s", dt_format_count(ranks, run->ranks, "rank"),
                  dt_format_count(nodes, run->nodes, "node"),
                  dt_format_count(threads, run->threads, "thread"), run->ranks > 1 ? " each" : "");
    print_wrapped(console, err, "%s: %s of %s, %s", slash ? slash + 1 : run->data,
                  dt_format_count(samples, run->samples, "sample"),
                  dt_format_count(features, run->features, "feature"), held);
    print_wrapped(console, err, "%s; %s; %s per epoch", run->model,
                  dt_format_count(parameters, run->parameters, "parameter"),
                  dt_format_count(steps, run->steps_per_epoch, "step"));
    print_folder(console, run, err);
}

void dt_console_nothing_left(dt_console *console, const dt_report_run *run, dt_error *err)
{
    console->ended = true;
    if (!console->quiet)
        print(console, err, "Nothing is left to do: this run has ended with %s\n",
              run->resumed_from);
}

void dt_console_epoch(dt_console *console, int64_t epoch, int64_t epochs, dt_error *err)
{
    if (console->quiet)
        return;
    console->next = 1;
    print(console, err, "Epoch %" PRId64 "/%" PRId64 "\n", epoch, epochs);
}

void dt_console_step(dt_console *console, const dt_report_step_facts *facts, dt_error *err)
{
    if (console->quiet)
        return;
    int64_t last = console->steps_per_epoch, multiple = facts->step / console->every;
    bool due = facts->step == multiple * console->every || facts->step == last ||
               facts->global_step == console->total_steps;
    console->next = (multiple + 1) * console->every;
    if (console->next > last)
        console->next = last;
    if (!due)
        return;
    char loss[DT_LOSS_TEXT];
    print(console, err, "  Step %" PRId64 ", Loss: %s\n", facts->step,
          dt_format_loss(loss, facts->loss));
}

bool dt_console_warns_of(const dt_report_slowest *s)
{
    double epoch = s->data + s->compute + s->wait;
    return s->ratio > MIND_RATIO && s->lost >= fmax(MIND_SECONDS, MIND_SHARE * epoch);
}

void dt_console_slowest(dt_console *console, const dt_report_slowest *s, dt_error *err)
{
    if (console->quiet || !dt_console_warns_of(s))
        return;
    double percent = 100 / (s->data + s->compute + s->wait);
    print_wrapped(
        console, err,
        "  Slowest: rank %d on %s, %.2f times the median (data %.0f %%, compute %.0f %%, waiting "
        "%.0f %%)",
        s->rank, s->node, s->ratio, s->data * percent, s->compute * percent, s->wait * percent);
}

/* "Validation, Loss: 0.3312, Accuracy: 88.41 %; " */
static void validation_text(char text[VALIDATION_TEXT], const dt_scores *val)
{
    char loss[DT_LOSS_TEXT], rmse[DT_LOSS_TEXT];
    int used =
        snprintf(text, VALIDATION_TEXT, "Validation, Loss: %s", dt_format_loss(loss, val->loss));
    if (val->has_accuracy)
        used += snprintf(text + used, VALIDATION_TEXT - (size_t)used, ", Accuracy: %.2f %%",
                         100 * val->accuracy);
    if (val->has_f1)
        used += snprintf(text + used, VALIDATION_TEXT - (size_t)used,
                         ", Precision: %.4f, Recall: %.4f, F1: %.4f", val->precision, val->recall,
                         val->f1);
    if (val->has_r2)
        used += snprintf(text + used, VALIDATION_TEXT - (size_t)used, ", RMSE: %s, R^2: %.4f",
                         dt_format_loss(rmse, val->rmse), val->r2);
    snprintf(text + used, VALIDATION_TEXT - (size_t)used, "; ");
}

void dt_console_epoch_end(dt_console *console, const dt_report_epoch_facts *facts, dt_error *err)
{
    char loss[DT_LOSS_TEXT], time[DT_COUNT_TEXT], validation[VALIDATION_TEXT] = "";
    if (console->quiet)
        return;
    if (facts->validated)
        validation_text(validation, &facts->val);
    print_wrapped(console, err, "  Mean loss: %s; %s%s", dt_format_loss(loss, facts->train_loss),
                  validation, dt_format_duration(time, facts->seconds));
}

void dt_console_patience(dt_console *console, int64_t patience, int64_t epoch, double loss,
                         dt_error *err)
{
    char count[DT_COUNT_TEXT], text[DT_LOSS_TEXT];
    if (!console->quiet)
        print(console, err,
              "No better validation loss for %s; the best was %s after epoch %" PRId64 "\n",
              dt_format_count(count, patience, "epoch"), dt_format_loss(text, loss), epoch);
}

void dt_console_end(dt_console *console, const char *how, const dt_report_end_facts *facts,
                    double seconds, const char *checkpoint, dt_error *err)
{
    if (console->quiet)
        return;
    char e[DT_COUNT_TEXT], s[DT_COUNT_TEXT], time[DT_COUNT_TEXT], loss[DT_LOSS_TEXT];
    if (!console->ended)
        print(console, err, "%s: %s, %s in %s\n", how, dt_format_count(e, facts->epochs, "epoch"),
              dt_format_count(s, facts->global_step, "step"), dt_format_duration(time, seconds));
    if (checkpoint)
        print(console, err, "Checkpoint: %s\n", checkpoint);
    if (facts->best_epoch > 0 && console->folder)
        print(console, err, "Best by validation: %s/best.h5 (loss %s, after epoch %" PRId64 ")\n",
              console->folder, dt_format_loss(loss, facts->best_loss), facts->best_epoch);
    if (fflush(stdout) != 0)
        dt_write_failed(err, "standard output");
}
