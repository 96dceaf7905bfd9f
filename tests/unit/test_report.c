/* What a run prints, logs and draws; and what becomes of a write that fails. */
#include "report/console.h"
#include "report/format.h"
#include "report/progress.h"
#include "report/report.h"
#include "unit/folder.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT = 1 << 16 };

static dt_train_options options_of(int64_t epochs)
{
    return (dt_train_options){.epochs = epochs,
                              .batch_size = 100,
                              .seed = 3,
                              .log_steps = 1,
                              .progress = DT_PROGRESS_NEVER};
}

static dt_report_run run_of(int64_t steps_per_epoch, int64_t total_steps)
{
    return (dt_report_run){.ranks = 4,
                           .nodes = 1,
                           .threads = 1,
                           .data = "some/where/linear.h5",
                           .model = "linear 10-1, mse",
                           .samples = 1000,
                           .features = 10,
                           .outputs = 1,
                           .parameters = 11,
                           .steps_per_epoch = steps_per_epoch,
                           .total_steps = total_steps,
                           .options = "{\"lr\":0.01,\"hidden\":[]}"};
}

static dt_report_slowest slowest_of_all = {
    .rank = 3, .node = "n1", .ratio = 1.25, .lost = 0.5, .data = 0.5, .compute = 2, .wait = 1.5};

/* A run as the training loop reports it: `last` steps in all, with losses 2, 1, 2/3, ... */
static dt_code report_run(const dt_train_options *options, const dt_report_run *run, int64_t last,
                          const char *status, dt_error *err)
{
    dt_report *report = NULL;
    if (dt_report_open(&report, options, run, err) != DT_OK)
        return err->code;
    dt_report_start(report);
    int64_t step = 0, epoch = 0;
    while (step < last) {
        dt_report_epoch_begin(report, ++epoch);
        for (int64_t i = 1; i <= run->steps_per_epoch && step < last; i++) {
            step++;
            dt_report_step_facts facts = {epoch, i, step, 100, 2.0 / (double)step, 0.01};
            dt_report_step(report, &facts);
        }
        dt_report_epoch_facts facts = {.epoch = epoch,
                                       .global_step = step,
                                       .samples = 1000,
                                       .train_loss = 0.1,
                                       .weights_hash = 0xab,
                                       .redone = 7,
                                       .seconds = 0.5,
                                       .data = 0.125,
                                       .compute = 0.25,
                                       .allreduce = 0.0625,
                                       .update = 0.03125,
                                       .slowest = slowest_of_all};
        dt_report_epoch_end(report, &facts);
    }
    dt_report_checkpoint(report, "runs/step-0000000004.h5", step);
    dt_report_end(report, &(dt_report_end_facts){.status = status,
                                                 .epochs = epoch,
                                                 .global_step = step,
                                                 .weights_hash = 0xfedcba9876543210});
    return dt_report_close(report, err);
}

static int point_stream(FILE *stream, const char *path)
{
    fflush(stream);
    int saved = dup(fileno(stream));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(saved >= 0 && fd >= 0);
    dup2(fd, fileno(stream));
    close(fd);
    return saved;
}

static void restore_stream(FILE *stream, int saved)
{
    fflush(stream);
    clearerr(stream);
    dup2(saved, fileno(stream));
    close(saved);
}

static const char *read_text(const char *path)
{
    static char text[OUTPUT];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* What the run prints, with the time it took, which nobody can know, replaced by T. */
static const char *printed(const dt_train_options *options, const dt_report_run *run, int64_t last,
                           const char *status)
{
    dt_error err = {0};
    int saved = point_stream(stdout, "out.txt");
    dt_code code = report_run(options, run, last, status, &err);
    restore_stream(stdout, saved);
    assert_int_equal(code, DT_OK);
    char *text = (char *)read_text("out.txt");
    char *time = strstr(text, " steps in ");
    if (time) {
        time += strlen(" steps in ");
        char *end = strchr(time, '\n');
        assert_non_null(end);
        memmove(time + 1, end, strlen(end) + 1);
        *time = 'T';
    }
    return text;
}

static void console(void **state)
{
    (void)state;
    dt_train_options options = options_of(2);
    dt_report_run run = run_of(2, 4);
    assert_string_equal(printed(&options, &run, 4, "finished"),
                        "4 ranks on 1 node, 1 thread each\n"
                        "linear.h5: 1000 samples of 10 features, in memory\n"
                        "linear 10-1, mse; 11 parameters; 2 steps per epoch\n"
                        "Epoch 1/2\n"
                        "  Step 1, Loss: 2.0000\n"
                        "  Step 2, Loss: 1.0000\n"
                        "  Mean loss: 0.1000; 0.50 s\n"
                        "Epoch 2/2\n"
                        "  Step 1, Loss: 0.6667\n"
                        "  Step 2, Loss: 0.5000\n"
                        "  Mean loss: 0.1000; 0.50 s\n"
                        "Finished: 2 epochs, 4 steps in T\n"
                        "Checkpoint: runs/step-0000000004.h5\n");
}

static void console_singular(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    run.ranks = 1;
    run.nodes = 2;
    run.threads = 2;
    run.data = "a.h5";
    run.samples = run.features = run.parameters = 1;
    const char *text = printed(&options, &run, 1, "failed");
    assert_string_equal(text, "1 rank on 2 nodes, 2 threads\n"
                              "a.h5: 1 sample of 1 feature, in memory\n"
                              "linear 10-1, mse; 1 parameter; 1 step per epoch\n"
                              "Epoch 1/1\n"
                              "  Step 1, Loss: 2.0000\n"
                              "  Mean loss: 0.1000; 0.50 s\n");
}

/* Two names that need more than a line; blanks are where lines end. */
static void long_names(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    run.data = "a/\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f, a name with blanks and many more letters.h5";
    run.model =
        "100-256-256-256-256-256-256-256-256-10 relu, layer norm, dropout 0.25, cross-entropy";
    const char *text = printed(&options, &run, 1, "failed");
    assert_non_null(
        strstr(text, "\n\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f, a name with blanks and many more "
                     "letters.h5: 1000 samples of 10 features,\n"
                     "  in memory\n"
                     "100-256-256-256-256-256-256-256-256-10 relu, layer norm, dropout 0.25,\n"
                     "  cross-entropy; 11 parameters; 1 step per epoch\n"));
}

/* One line has it all, and only where that is too long for a terminal, two. */
static void epoch_lines(void **state)
{
    (void)state;
    static const struct {
        dt_scores val;
        double seconds;
        const char *text;
    } epochs[] = {
        {{.loss = 0.3312, .has_accuracy = true, .accuracy = 0.88414},
         1.834,
         "  Mean loss: 0.5021; Validation, Loss: 0.3312, Accuracy: 88.41 %; 1.83 s\n"},
        {{.loss = 0.3312, .has_r2 = true, .rmse = 0.57549, .r2 = 0.91234},
         12.34,
         "  Mean loss: 0.5021; Validation, Loss: 0.3312, RMSE: 0.5755, R^2: 0.9123; 12.3 s\n"},
        {{.loss = 0.3312,
          .has_accuracy = true,
          .accuracy = 1,
          .has_f1 = true,
          .precision = 1,
          .recall = 0.5,
          .f1 = 2.0 / 3},
         7507,
         "  Mean loss: 0.5021; Validation, Loss: 0.3312, Accuracy: 100.00 %,\n"
         "    Precision: 1.0000, Recall: 0.5000, F1: 0.6667; 2:05:07 h\n"},
    };
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        dt_console lines = {0};
        dt_error err = {0};
        int saved = point_stream(stdout, "out.txt");
        dt_console_epoch_end(&lines,
                             &(dt_report_epoch_facts){.train_loss = 0.50214,
                                                      .validated = true,
                                                      .val = epochs[i].val,
                                                      .seconds = epochs[i].seconds},
                             &err);
        restore_stream(stdout, saved);
        assert_string_equal(read_text("out.txt"), epochs[i].text);
    }
}

static void quiet(void **state)
{
    (void)state;
    dt_train_options options = options_of(2);
    dt_report_run run = run_of(2, 4);
    options.quiet = true;
    assert_string_equal(printed(&options, &run, 4, "finished"), "");
}

/* The steps that have a line, as "3 6 9 10 3 ..." */
static const char *steps_printed(int64_t log_every, int64_t steps_per_epoch, int64_t epochs,
                                 int64_t last)
{
    static char steps[OUTPUT];
    dt_train_options options = options_of(epochs);
    options.log_every = log_every;
    dt_report_run run = run_of(steps_per_epoch, last);
    const char *text = printed(&options, &run, last, "finished");
    size_t used = 0;
    steps[0] = '\0';
    while ((text = strstr(text, "  Step "))) {
        text += strlen("  Step ");
        used += (size_t)sprintf(steps + used, "%s%d", used ? " " : "", atoi(text));
    }
    return steps;
}

static void step_lines(void **state)
{
    (void)state;
    assert_string_equal(steps_printed(0, 20, 1, 20),
                        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
    assert_string_equal(steps_printed(0, 21, 2, 42), "3 6 9 12 15 18 21 3 6 9 12 15 18 21");
    assert_string_equal(steps_printed(0, 600, 1, 600), "60 120 180 240 300 360 420 480 540 600");
    assert_string_equal(steps_printed(0, 605, 1, 605), "61 122 183 244 305 366 427 488 549 605");
    assert_string_equal(steps_printed(4, 10, 2, 20), "4 8 10 4 8 10");
    assert_string_equal(steps_printed(100, 10, 1, 10), "10");
    assert_string_equal(steps_printed(4, 10, 2, 15), "4 8 10 4 5"); /* --max-steps 15 */
}

/* A run that goes on within an epoch keeps to the same steps. */
static void step_lines_from_the_middle(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(600, 600);
    dt_console lines;
    dt_console_open(&lines, &options, &run);
    int saved = point_stream(stdout, "out.txt");
    for (int64_t step = 65; step <= 300; step++) {
        dt_report_step_facts facts = {1, step, step, 100, 1, 0.01};
        dt_error err = {0};
        if (dt_console_wants(&lines, &facts))
            dt_console_step(&lines, &facts, &err);
    }
    restore_stream(stdout, saved);
    assert_string_equal(read_text("out.txt"), "  Step 120, Loss: 1.0000\n"
                                              "  Step 180, Loss: 1.0000\n"
                                              "  Step 240, Loss: 1.0000\n"
                                              "  Step 300, Loss: 1.0000\n");
}

/* A line where it matters, but not when all is quiet; and warnings, also then. */
static void slowest(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    run.warning[1] = "a warning";
    slowest_of_all.lost = 2;
    slowest_of_all.is_long = true;
    for (int quiet = 0; quiet < 2; quiet++) {
        options.quiet = quiet;
        int saved = point_stream(stderr, "err.txt");
        const char *text = printed(&options, &run, 1, "finished");
        restore_stream(stderr, saved);
        assert_true(
            quiet ==
            !strstr(text,
                    "  Slowest: rank 3 on n1, 1.25 times the median (data 12 %, compute 50 %,\n"
                    "    waiting 38 %)\n"));
        assert_string_equal(
            read_text("err.txt"),
            "dtrain: warning: a warning\n"
            "dtrain: warning: rank 3 on n1 has been the slowest for several epochs, now 1.2 times "
            "the median: others may use its cores, or its node is throttled or faulty\n");
    }
    slowest_of_all.is_long = false;
    options.quiet = false;
    run.warning[1] = NULL;
    slowest_of_all.wait = 47.5; /* of 50 seconds, most of them the network's */
    assert_null(strstr(printed(&options, &run, 1, "finished"), "Slowest"));
    slowest_of_all.wait = 1.5;
    slowest_of_all.lost = 0.5;
    assert_null(strstr(printed(&options, &run, 1, "finished"), "Slowest"));
}

static void log_lines(void **state)
{
    (void)state;
    dt_train_options options = options_of(2);
    dt_report_run run = run_of(2, 4);
    options.quiet = true;
    options.log = "run.jsonl";
    options.log_steps = 3;
    dt_error err = {0};
    assert_int_equal(report_run(&options, &run, 4, "finished", &err), DT_OK);
    assert_string_equal(
        read_text("run.jsonl"),
        "{\"event\":\"start\",\"ranks\":4,\"threads\":1,\"samples\":1000,\"features\":10,"
        "\"outputs\":1,\"parameters\":11,\"batch_size\":100,\"steps_per_epoch\":2,\"epochs\":2,"
        "\"seed\":3,\"nodes\":1,\"total_steps\":4,\"data\":\"some/where/"
        "linear.h5\",\"data_held\":\"memory\","
        "\"model\":\"linear 10-1, mse\",\"warnings\":[],\"options\":{\"lr\":0.01,\"hidden\":[]}}\n"
        "{\"event\":\"epoch\",\"epoch\":1,\"global_step\":2,\"samples\":1000,"
        "\"train_loss\":0.10000000000000001,\"val_loss\":null,\"val_accuracy\":null,"
        "\"weights_hash\":\"00000000000000ab\",\"redone\":7,"
        "\"seconds\":0.5,\"samples_per_second\":2000.0,\"time\":{\"data\":0.125,\"compute\":0.25,"
        "\"allreduce\":0.0625,\"update\":0.03125},\"slowest\":{\"rank\":3,\"node\":\"n1\","
        "\"ratio\":1.25,"
        "\"data\":0.5,\"compute\":2.0,\"wait\":1.5}}\n"
        "{\"event\":\"step\",\"epoch\":2,\"step\":1,\"global_step\":3,\"samples\":100,"
        "\"loss\":0.66666666666666663,\"lr\":0.01}\n"
        "{\"event\":\"epoch\",\"epoch\":2,\"global_step\":4,\"samples\":1000,"
        "\"train_loss\":0.10000000000000001,\"val_loss\":null,\"val_accuracy\":null,"
        "\"weights_hash\":\"00000000000000ab\",\"redone\":7,"
        "\"seconds\":0.5,\"samples_per_second\":2000.0,\"time\":{\"data\":0.125,\"compute\":0.25,"
        "\"allreduce\":0.0625,\"update\":0.03125},\"slowest\":{\"rank\":3,\"node\":\"n1\","
        "\"ratio\":1.25,"
        "\"data\":0.5,\"compute\":2.0,\"wait\":1.5}}\n"
        "{\"event\":\"checkpoint\",\"path\":\"runs/step-0000000004.h5\",\"global_step\":4}\n"
        "{\"event\":\"end\",\"status\":\"finished\",\"epochs\":2,\"global_step\":4,"
        "\"weights_hash\":\"fedcba9876543210\"}\n");
}

/* Losses read back to the same bits; one that is not finite is null. */
static void log_bits(void **state)
{
    (void)state;
    static const double losses[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1.9051, 3};
    enum { N = sizeof losses / sizeof *losses };
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(N + 1, N + 1);
    options.quiet = true;
    options.log = "bits.jsonl";
    dt_error err = {0};
    dt_report *report;
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    for (int i = 0; i <= N; i++) {
        dt_report_step_facts facts = {1, i + 1, i + 1, 100, i < N ? losses[i] : (double)NAN, 0.01};
        dt_report_step(report, &facts);
    }
    assert_int_equal(dt_report_close(report, &err), DT_OK);
    FILE *file = fopen("bits.jsonl", "r");
    for (int i = 0; i <= N; i++) {
        json_t *event = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(event);
        json_t *loss = json_object_get(event, "loss");
        double value = json_real_value(loss);
        if (i < N)
            assert_memory_equal(&value, &losses[i], sizeof value);
        else
            assert_true(json_is_null(loss));
        json_decref(event);
    }
    fclose(file);
}

/* An epoch's events are in the file at its end, while the run goes on. */
static void log_flushes(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    options.quiet = true;
    options.log = "flush.jsonl";
    dt_error err = {0};
    dt_report *report;
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    dt_report_start(report);
    dt_report_step_facts facts = {1, 1, 1, 100, 1, 0.01};
    dt_report_step(report, &facts);
    dt_report_epoch_facts epoch = {.epoch = 1, .global_step = 1};
    dt_report_epoch_end(report, &epoch);
    const char *text = read_text("flush.jsonl");
    assert_non_null(strstr(text, "\"event\":\"epoch\""));
    assert_non_null(strstr(text, "\"seconds\":0.0,\"samples_per_second\":null"));
    assert_int_equal(dt_report_close(report, &err), DT_OK);
}

/* ---- The log's file ------------------------------------------------------------------------- */

static dt_train_options log_options(const char *log)
{
    dt_train_options options = options_of(1);
    options.quiet = true;
    options.log = (char *)log;
    return options;
}

static void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static dt_code open_and_close(const dt_train_options *options, const dt_report_run *run,
                              dt_error *err)
{
    dt_report *report = NULL;
    *err = (dt_error){0};
    if (!dt_report_open(&report, options, run, err))
        dt_report_start(report);
    dt_report_close(report, err);
    return err->code;
}

/* A log that is there is lost to no run by itself. */
static void log_is_kept(void **state)
{
    (void)state;
    dt_train_options options = log_options("kept.jsonl");
    dt_report_run run = run_of(1, 1);
    dt_error err;
    static const char old[] = "{\"event\":\"start\",\"ranks\":2}\n";
    put_text("kept.jsonl", old);
    assert_int_equal(open_and_close(&options, &run, &err), DT_ERR_FILE);
    assert_string_equal(err.text, "kept.jsonl: holds the log of a run: --overwrite deletes it; or "
                                  "choose another --log");
    assert_string_equal(read_text("kept.jsonl"), old);
    err = (dt_error){0};
    assert_int_equal(dt_report_check_log(&options, &err), DT_ERR_FILE);

    options.resume = true; /* but there is no checkpoint */
    int saved = point_stream(stderr, "err.txt");
    dt_code code = open_and_close(&options, &run, &err);
    restore_stream(stderr, saved);
    assert_int_equal(code, DT_OK);
    assert_string_equal(read_text("err.txt"),
                        "dtrain: warning: kept.jsonl: holds the log of a run of which there is no "
                        "checkpoint; kept as kept.jsonl.1\n");
    assert_string_equal(read_text("kept.jsonl.1"), old);
    assert_non_null(strstr(read_text("kept.jsonl"), "\"ranks\":4"));

    options.resume = false;
    options.overwrite = true;
    dt_report *report;
    put_text("kept.jsonl", old);
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    assert_string_equal(read_text("kept.jsonl"), old); /* till the run starts */
    dt_report_start(report);
    assert_non_null(strstr(read_text("kept.jsonl"), "\"ranks\":4"));
    assert_null(strstr(read_text("kept.jsonl"), old));
    assert_int_equal(dt_report_close(report, &err), DT_OK);

    put_text("ended.jsonl", "{\"event\":\"end\",\"status\":\"finished\"}\n");
    options.log = "ended.jsonl"; /* nothing was left to do */
    assert_int_equal(open_and_close(&options, &run, &err), DT_OK);

    static const char *const no_logs[] = {"1,2,3\n", "{\n \"name\": \"my settings\"}\n", "{",
                                          "{\"event\":\"start\"}\n",
                                          "{\"event\":\"step\",\"epoch\":1}\n"};
    options.log = "data.csv";
    for (size_t i = 0; i < sizeof no_logs / sizeof *no_logs; i++)
        for (int resumes = 0; resumes < 2; resumes++) {
            options.resume = resumes;
            options.overwrite = !resumes;
            run.resumed_from = resumes ? "step-0000000001.h5" : NULL;
            put_text("data.csv", no_logs[i]);
            assert_int_equal(open_and_close(&options, &run, &err), DT_ERR_FILE);
            assert_string_equal(err.text, "data.csv: exists and is no log; it is left as it is");
            assert_string_equal(read_text("data.csv"), no_logs[i]);
        }
}

/* What was made for a run that did not start goes. */
static void log_of_nothing(void **state)
{
    (void)state;
    dt_train_options options = log_options("nothing.jsonl");
    dt_report_run run = run_of(1, 1);
    dt_error err = {0};
    dt_report *report;
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    assert_int_equal(access("nothing.jsonl", F_OK), 0);
    assert_int_equal(dt_report_close(report, &err), DT_OK);
    assert_int_not_equal(access("nothing.jsonl", F_OK), 0);
}

static void log_of_two_runs(void **state)
{
    (void)state;
    dt_train_options options = log_options("two.jsonl");
    dt_report_run run = run_of(1, 1);
    dt_error err = {0}, other = {0};
    dt_report *report, *second;
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    assert_int_equal(dt_report_open(&second, &options, &run, &other), DT_ERR_FILE);
    assert_string_equal(other.text, "two.jsonl: in use by another run, which writes its log there");
    dt_report_start(report);
    assert_int_equal(dt_report_close(report, &err), DT_OK);
}

static void log_pipe(void **state)
{
    (void)state;
    dt_train_options options = log_options("pipe");
    dt_report_run run = run_of(1, 1);
    dt_error err;
    char text[8] = "";
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(open_and_close(&options, &run, &err), DT_ERR_FILE);
    assert_string_equal(err.text, "pipe: is a pipe or a device that no process reads");
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_int_equal(open_and_close(&options, &run, &err), DT_OK);
    assert_int_equal(read(reader, text, sizeof text - 1), sizeof text - 1);
    assert_string_equal(text, "{\"event");
    close(reader);
}

/* The program's own output is one stream, whoever writes there, and is not emptied. */
static void log_to_output(void **state)
{
    (void)state;
    dt_train_options options = log_options("/dev/stdout");
    dt_report_run run = run_of(1, 1);
    dt_error err;
    put_text("out.txt", "");
    int saved = point_stream(stdout, "out.txt");
    puts("first");
    fflush(stdout);
    dt_code code = open_and_close(&options, &run, &err);
    puts("last");
    restore_stream(stdout, saved);
    assert_int_equal(code, DT_OK);
    const char *written = read_text("out.txt");
    assert_memory_equal(written, "first\n{\"event\":", 15);
    assert_non_null(strstr(written, "}\nlast\n"));
}

/* A run whose log may not grow beyond so many bytes (ulimit -f). */
static void report_to_limit(rlim_t bytes)
{
    dt_train_options options = log_options("limit.jsonl");
    dt_report_run run = run_of(1000, 1000);
    dt_error err = {0};
    struct rlimit limit, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = (struct rlimit){.rlim_cur = bytes, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    dt_code code = report_run(&options, &run, 1000, "finished", &err);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_not_equal(code, DT_OK);
    assert_string_equal(err.text, "limit.jsonl: cannot be written: File too large");
}

/* The file ends with its last whole line; without one there is none. */
static void log_limit(void **state)
{
    (void)state;
    report_to_limit(10);
    assert_int_not_equal(access("limit.jsonl", F_OK), 0);
    report_to_limit(5001);
    const char *text = read_text("limit.jsonl");
    size_t n = strlen(text);
    assert_true(n > 4800 && n <= 5001 && text[n - 1] == '\n');
}

/* Lines of the step that wait are written by the log alone: not by a stream's clean-up, when a
 * thread of MPI ends the process, beside the log itself. */
static void log_and_exit(void **state)
{
    (void)state;
    dt_train_options options = log_options("exit.jsonl");
    dt_report_run run = run_of(1000, 1000);
    pid_t child = fork();
    if (child == 0) {
        dt_error err = {0};
        dt_report *report;
        dt_report_open(&report, &options, &run, &err);
        dt_report_start(report);
        for (int i = 1; i <= 10; i++) /* within a second */
            dt_report_step(report, &(dt_report_step_facts){1, i, i, 100, 1, 0.01});
        exit(0);
    }
    waitpid(child, NULL, 0);
    const char *text = read_text("exit.jsonl"), *newline = strchr(text, '\n');
    assert_non_null(newline);
    assert_string_equal(newline, "\n");
}

static void failed_writes(void **state)
{
    (void)state;
    dt_train_options options = options_of(2);
    dt_report_run run = run_of(2, 4);
    dt_error err = {0};
    int saved = point_stream(stdout, "/dev/full");
    dt_code code = report_run(&options, &run, 4, "finished", &err);
    restore_stream(stdout, saved);
    assert_int_equal(code, DT_ERR_SPACE);
    assert_string_equal(err.text, "standard output: cannot be written: No space left on device");

    options.quiet = true;
    options.log = "/dev/full";
    err = (dt_error){0};
    assert_int_equal(report_run(&options, &run, 4, "finished", &err), DT_ERR_SPACE);
    assert_string_equal(err.text, "/dev/full: cannot be written: No space left on device");

    options.log = "no/such/folder/a.jsonl";
    err = (dt_error){0};
    assert_int_equal(report_run(&options, &run, 4, "finished", &err), DT_ERR_FILE);
    assert_string_equal(err.text,
                        "no/such/folder/a.jsonl: cannot be written: there is no folder no");
}

static void check_tells_early(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    options.quiet = true;
    options.log = "/dev/full";
    dt_error err = {0};
    dt_report *report;
    assert_int_equal(dt_report_open(&report, &options, &run, &err), DT_OK);
    assert_int_equal(dt_report_check(report, &err), DT_OK);
    dt_report_start(report);
    assert_int_equal(dt_report_check(report, &err), DT_ERR_SPACE);
    assert_int_equal(dt_report_close(report, &err), DT_ERR_SPACE);
}

static void no_report(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_report_start(NULL);
    dt_report_epoch_begin(NULL, 1);
    dt_report_step(NULL, NULL);
    dt_report_epoch_end(NULL, NULL);
    dt_report_checkpoint(NULL, "a", 1);
    dt_report_end(NULL, &(dt_report_end_facts){.status = "finished"});
    assert_int_equal(dt_report_check(NULL, &err), DT_OK);
    assert_int_equal(dt_report_close(NULL, &err), DT_OK);
}

static void bar_text(void **state)
{
    (void)state;
    char text[DT_PROGRESS_COLUMNS + 1];
    dt_progress_bar bar = {.columns = DT_PROGRESS_COLUMNS,
                           .epochs = 5,
                           .steps_per_epoch = 100,
                           .total_steps = 500,
                           .before = 0,
                           .samples = 5000};
    dt_report_step_facts facts = {1, 50, 50, 100, 0.3312, 0.01};
    dt_progress_text(&bar, &facts, 10, text);
    assert_string_equal(
        text, "Epoch 1/5, step 50/100 [--------] 10 %, loss 0.3312, 500 samples/s, 1:30 left");
    bar.samples = 50000000;
    facts = (dt_report_step_facts){5, 99, 499, 100, 12345.678, 0.01};
    bar.before = 399;
    dt_progress_text(&bar, &facts, 1000, text); /* no room for the step */
    assert_string_equal(
        text, "Epoch 5/5 [##############-] 99 %, loss 12345.6780, 50.0k samples/s, 0:10 left");
    bar.total_steps = 1000000;
    bar.steps_per_epoch = 200000;
    dt_progress_text(&bar, &facts, 1, text);
    assert_string_equal(
        text, "Epoch 5/5 [-------------] 0 %, loss 12345.6780, 50.0M samples/s, 2:46:35 left");
    bar.columns = 40; /* of a narrow terminal */
    dt_progress_text(&bar, &facts, 1, text);
    assert_string_equal(text, "Epoch 5/5 0 %, loss 12345.6780, 50.0M sa");
}

/* How wide the bar becomes: with long numbers it has all but the step, and never the last columns
 * of a terminal of 80. */
static void bar_width(void **state)
{
    (void)state;
    char text[DT_PROGRESS_COLUMNS + 1];
    for (int64_t n = 1; n < 1000000; n = 3 * n + 1) {
        dt_progress_bar bar = {.columns = DT_PROGRESS_COLUMNS,
                               .epochs = n < 1000 ? n : 1000,
                               .steps_per_epoch = n,
                               .total_steps = 1000 * n,
                               .samples = 1000 * n};
        dt_report_step_facts facts = {bar.epochs, n, 900 * n, 100, 1234.5, 0.01};
        dt_progress_text(&bar, &facts, (double)n, text);
        assert_true(strlen(text) <= 80 - sizeof "^C");
        assert_non_null(strstr(text, "#-"));
        assert_non_null(strstr(text, "] 90 %, loss 1234.5000, 1.0k samples/s, "));
        assert_string_equal(text + strlen(text) - strlen(" left"), " left");
    }
}

static void bar_by_itself(void **state)
{
    (void)state;
    dt_train_options options = options_of(1);
    dt_report_run run = run_of(1, 1);
    dt_progress_bar bar;
    unsetenv("OMPI_COMM_WORLD_RANK");
    int saved = point_stream(stderr, "err.txt"); /* no terminal */
    options.progress = DT_PROGRESS_AUTO;
    dt_progress_open(&bar, &options, &run);
    bool on = bar.on;
    options.progress = DT_PROGRESS_ALWAYS;
    options.quiet = true; /* that speaks of the standard output */
    dt_progress_open(&bar, &options, &run);
    restore_stream(stderr, saved);
    assert_false(on);
    assert_true(bar.on && bar.to == stderr);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        double loss;
        const char *text;
    } losses[] = {{0.33124, "0.3312"}, {0, "0.0000"},
                  {0.001, "0.0010"},   {0.0009999, "0.0009999"},
                  {1.5e-9, "1.5e-09"}, {999999.5, "999999.5000"},
                  {1e6, "1e+06"},      {1.23456e30, "1.235e+30"},
                  {-0.5, "-0.5000"},   {INFINITY, "inf"}};
    char loss[DT_LOSS_TEXT], text[DT_COUNT_TEXT];
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        assert_string_equal(dt_format_loss(loss, losses[i].loss), losses[i].text);
    static const struct {
        double seconds;
        const char *text;
    } times[] = {{0, "0.0 ms"},     {0.00994, "9.9 ms"},   {0.00996, "0.01 s"}, {0.018, "0.02 s"},
                 {9.99, "9.99 s"},  {9.996, "10.0 s"},     {99.94, "99.9 s"},   {99.96, "1:40 min"},
                 {307, "5:07 min"}, {3599.6, "1:00:00 h"}, {7507, "2:05:07 h"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_string_equal(dt_format_duration(text, times[i].seconds), times[i].text);
    assert_string_equal(dt_format_count(text, 0, "step"), "0 steps");
    assert_string_equal(dt_format_count(text, 1, "step"), "1 step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(console),
        cmocka_unit_test(console_singular),
        cmocka_unit_test(quiet),
        cmocka_unit_test(step_lines),
        cmocka_unit_test(step_lines_from_the_middle),
        cmocka_unit_test(slowest),
        cmocka_unit_test(log_lines),
        cmocka_unit_test(log_bits),
        cmocka_unit_test(log_flushes),
        cmocka_unit_test(log_is_kept),
        cmocka_unit_test(log_of_nothing),
        cmocka_unit_test(log_of_two_runs),
        cmocka_unit_test(log_pipe),
        cmocka_unit_test(log_to_output),
        cmocka_unit_test(log_limit),
        cmocka_unit_test(log_and_exit),
        cmocka_unit_test(failed_writes),
        cmocka_unit_test(check_tells_early),
        cmocka_unit_test(no_report),
        cmocka_unit_test(bar_text),
        cmocka_unit_test(bar_width),
        cmocka_unit_test(epoch_lines),
        cmocka_unit_test(long_names),
        cmocka_unit_test(bar_by_itself),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
