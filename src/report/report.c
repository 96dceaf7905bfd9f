#include "report/report.h"

#include "core/clock.h"
#include "report/console.h"
#include "report/failure.h"
#include "report/log.h"
#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dt_report {
    const dt_train_options *options;
    const dt_report_run *run;
    dt_console console;
    dt_log log;
    dt_progress_bar bar;
    double begun;     /* dt_clock of dt_report_start */
    char *checkpoint; /* path of the last one; NULL: none */
    dt_error failure; /* the first write that failed */
};

dt_code dt_report_check_log(const dt_train_options *options, dt_error *err)
{
    return dt_log_check(options, err);
}

dt_code dt_report_open(dt_report **report, const dt_train_options *options,
                       const dt_report_run *run, dt_error *err)
{
    *report = NULL;
    dt_report *made = calloc(1, sizeof *made);
    if (!made)
        return dt_fail(err, DT_ERR_MEMORY, "no memory for the report");
    made->options = options;
    made->run = run;
    if (dt_log_open(&made->log, options, run, err) != DT_OK) {
        free(made);
        return err->code;
    }
    dt_console_open(&made->console, options, run);
    dt_progress_open(&made->bar, options, run);
    *report = made;
    return DT_OK;
}

void dt_report_start(dt_report *report)
{
    if (!report)
        return;
    report->begun = dt_clock();
    for (int i = 0; i < DT_REPORT_WARNINGS; i++)
        if (report->run->warning[i])
            dt_report_warn(report->run->warning[i]);
    dt_console_start(&report->console, report->run, &report->failure);
    dt_log_start(&report->log, report->options, report->run, &report->failure);
}

void dt_report_nothing_left(dt_report *report)
{
    if (!report)
        return;
    report->begun = dt_clock();
    dt_console_nothing_left(&report->console, report->run, &report->failure);
}

void dt_report_epoch_begin(dt_report *report, int64_t epoch)
{
    if (!report)
        return;
    dt_progress_clear(&report->bar);
    dt_console_epoch(&report->console, epoch, report->options->epochs, &report->failure);
}

void dt_report_step(dt_report *report, const dt_report_step_facts *facts)
{
    if (!report)
        return;
    if (dt_console_wants(&report->console, facts)) {
        dt_progress_clear(&report->bar);
        dt_console_step(&report->console, facts, &report->failure);
    }
    if (report->log.file.open)
        dt_log_step(&report->log, facts, &report->failure);
    if (report->bar.on)
        dt_progress_step(&report->bar, facts);
}

static void warn_of_slowest(const dt_report_slowest *s)
{
    char text[256];
    snprintf(text, sizeof text,
             "rank %d on %s has been the slowest for several epochs, now %.1f times the median: "
             "others may use its cores, or its node is throttled or faulty",
             s->rank, s->node, s->ratio);
    fflush(stdout); /* the lines of the epoch first */
    dt_report_warn(text);
}

void dt_report_epoch_end(dt_report *report, const dt_report_epoch_facts *facts)
{
    if (!report)
        return;
    dt_progress_clear(&report->bar);
    dt_console_epoch_end(&report->console, facts, &report->failure);
    dt_console_slowest(&report->console, &facts->slowest, &report->failure);
    if (facts->slowest.is_long)
        warn_of_slowest(&facts->slowest);
    dt_log_epoch(&report->log, facts, &report->failure);
}

void dt_report_checkpoint(dt_report *report, const char *path, int64_t global_step)
{
    if (!report)
        return;
    free(report->checkpoint);
    report->checkpoint = strdup(path);
    if (!report->checkpoint)
        dt_fail(&report->failure, DT_ERR_MEMORY, "no memory for the report");
    dt_log_checkpoint(&report->log, path, global_step, &report->failure);
}

void dt_report_flush(dt_report *report)
{
    if (report)
        dt_log_flush(&report->log, &report->failure);
}

dt_code dt_report_sync(const dt_report *report, dt_error *err)
{
    return report ? dt_log_sync(&report->log, err) : DT_OK;
}

void dt_report_warn_in_run(dt_report *report, const char *text)
{
    if (!report)
        return;
    dt_progress_clear(&report->bar);
    fflush(stdout); /* the line of the step first */
    dt_report_warn(text);
}

void dt_report_patience(dt_report *report, int64_t epoch, double loss)
{
    if (!report)
        return;
    dt_progress_clear(&report->bar);
    dt_console_patience(&report->console, report->options->patience, epoch, loss, &report->failure);
}

void dt_report_end(dt_report *report, const dt_report_end_facts *facts)
{
    if (!report)
        return;
    dt_progress_clear(&report->bar);
    if (strcmp(facts->status, "failed") != 0)
        dt_console_end(&report->console,
                       strcmp(facts->status, "finished") == 0 ? "Finished" : "Stopped", facts,
                       dt_clock() - report->begun, report->checkpoint, &report->failure);
    if (facts->warning)
        dt_report_warn(facts->warning);
    dt_log_end(&report->log, facts, &report->failure);
}

dt_code dt_report_check(const dt_report *report, dt_error *err)
{
    if (!report || report->failure.code == DT_OK)
        return DT_OK;
    return dt_fail(err, report->failure.code, "%s", report->failure.text);
}

dt_code dt_report_close(dt_report *report, dt_error *err)
{
    if (!report)
        return DT_OK;
    dt_progress_clear(&report->bar);
    dt_log_close(&report->log, &report->failure);
    dt_code code = dt_report_check(report, err);
    free(report->checkpoint);
    free(report);
    return code;
}
