/* Command lines and configuration files of train: what they set, and what is said of bad ones. */
#include "cli/arguments.h"
#include "cli/suggest.h"
#include "train/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const dt_arguments_form form = {
    .command = "train", .table = dt_train_option_table, .config = true};
static const dt_arguments_form wordy = {
    .command = "convert", .table = dt_train_option_table, .max_words = 2};

static const dt_arguments_form scoring = {
    .command = "evaluate",
    .table = (const dt_option[]){{"Data", "model", "FILE", NULL, "", .type = DT_OPTION_TEXT},
                                 {NULL, "data", "FILE", NULL, "", .type = DT_OPTION_TEXT},
                                 {0}}};

enum { MAX_ARGUMENTS = 16 };

/* Parse the words of a line, parted by single blanks. */
static dt_code parse(const dt_arguments_form *as, const char *line, dt_train_options *options,
                     dt_words *words, dt_error *err)
{
    static char copy[1024];
    char *argv[MAX_ARGUMENTS];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    *err = (dt_error){0};
    dt_train_options_init(options, err);
    return dt_arguments_parse(as, argc, argv, options, words, err);
}

static void refuse(const dt_arguments_form *as, const char *line, dt_code code, const char *message)
{
    dt_train_options options;
    dt_words words;
    dt_error err;
    assert_int_equal(parse(as, line, &options, &words, &err), code);
    assert_string_equal(err.text, message);
    dt_train_options_free(&options);
}

static void write_config(const char *text)
{
    FILE *file = fopen("a.ini", "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void sets(void **state)
{
    (void)state;
    dt_train_options o;
    dt_words words;
    dt_error err;
    assert_int_equal(parse(&form,
                           "--lr 0.5 --hidden=3 --quiet --data=--odd --log a=b "
                           "--seed=7 --log-every 2",
                           &o, &words, &err),
                     DT_OK);
    assert_true(o.lr == 0.5 && o.quiet);
    assert_string_equal(o.data, "--odd");
    assert_string_equal(o.log, "a=b");
    assert_int_equal(o.hidden.n, 1);
    assert_int_equal(o.hidden.width[0], 3);
    assert_int_equal(o.seed, 7);
    assert_int_equal(o.log_every, 2);
    dt_train_options_free(&o);

    assert_int_equal(parse(&wordy, "a.csv --seed 1 -", &o, &words, &err), DT_OK);
    assert_int_equal(words.n, 2);
    assert_string_equal(words.word[0], "a.csv");
    assert_string_equal(words.word[1], "-");
    dt_train_options_free(&o);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"--foo", "unknown option --foo (see dtrain train --help)"},
        {"--foo=1", "unknown option --foo (see dtrain train --help)"},
        {"--epoch 3", "unknown option --epoch (did you mean --epochs? see dtrain train --help)"},
        {"--batchsize 3",
         "unknown option --batchsize (did you mean --batch-size? see dtrain train --help)"},
        {"--learning-rate 3",
         "unknown option --learning-rate (did you mean --lr? see dtrain train --help)"},
        {"--Learning_Rate=3",
         "unknown option --Learning_Rate (did you mean --lr? see dtrain train --help)"},
        {"--bs 3", "unknown option --bs (did you mean --batch-size? see dtrain train --help)"},
        {"--lr_scheduler x",
         "unknown option --lr_scheduler (did you mean --schedule? see dtrain train --help)"},
        {"--num-epochs=3",
         "unknown option --num-epochs (did you mean --epochs? see dtrain train --help)"},
        {"-lr=3", "unknown option -lr (did you mean --lr? see dtrain train --help)"},
        {"--device gpu",
         "unknown option --device (it trains on processors only; see dtrain train --help)"},
        {"--batch 3",
         "unknown option --batch (did you mean --batch-size? see dtrain train --help)"},
        {"--hlep", "unknown option --hlep (did you mean --help? see dtrain train --help)"},
        {"--sede 1", "unknown option --sede (did you mean --seed? see dtrain train --help)"},
        {"--l2 1", "unknown option --l2 (did you mean --weight-decay? see dtrain train --help)"},
        {"--ep 1", "unknown option --ep (did you mean --epochs? see dtrain train --help)"},
        {"--workers 2",
         "unknown option --workers (did you mean --threads? see dtrain train --help)"},
        {"--test-data a.h5",
         "unknown option --test-data (did you mean --val-data? see dtrain train --help)"},
        {"--shuffle",
         "unknown option --shuffle (samples are shuffled unless --no-shuffle is given; "
         "see dtrain train --help)"},
        {"--check d", "unknown option --check (see dtrain train --help)"}, /* no short forms */
        {"--lr 1 --seed 1 --lr=2", "--lr is given twice"},
        {"--quiet --quiet", "--quiet is given twice"},
        {"--", "unknown option -- (see dtrain train --help)"},
        {"-q", "unknown option -q (see dtrain train --help)"},
        {"train.h5", "unexpected argument \"train.h5\" (did you mean --data train.h5? see dtrain "
                     "train --help)"},
        {"--quiet true", "unexpected argument \"true\" (see dtrain train --help)"},
        {"--quiet=3", "--quiet=3: takes no value"},
        {"--quiet=true", "--quiet=true: takes no value"},
        {"--lr", "--lr: expected a value (X)"},
        {"--lr --quiet", "--lr: expected a value (X)"},
        {"--lr=", "--lr \"\": expected a number of at least 0"},
        {"--batch-size 0", "--batch-size 0: expected a whole number of at least 1"},
        {"--seed -1", "--seed -1: expected a whole number of at least 0"},
        {"--activation foo", "--activation foo: expected relu, tanh, sigmoid or gelu"},
        {"--config", "--config: expected a value (FILE)"},
        {"--config --quiet", "--config: expected a value (FILE)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(&form, bad[i].line, DT_ERR_USAGE, bad[i].message);
    refuse(&wordy, "a b c", DT_ERR_USAGE, "unexpected argument \"c\" (see dtrain convert --help)");
    refuse(&wordy, "--config a.ini", DT_ERR_USAGE,
           "unknown option --config (see dtrain convert --help)");
}

static void config_sets(void **state)
{
    (void)state;
    dt_train_options o;
    dt_words words;
    dt_error err;
    write_config("\xef\xbb\xbf# a comment\r\n"
                 "; another\n\n"
                 "  lr = 0.5   # indented, with a remark\r\n"
                 "quiet=true ; a remark\n"
                 "hidden : 4,5\n"
                 "\tdata = a#b;c.h5\n"
                 "epochs = 9");
    assert_int_equal(parse(&form, "--config a.ini", &o, &words, &err), DT_OK);
    assert_true(o.lr == 0.5 && o.quiet);
    assert_int_equal(o.hidden.n, 2);
    assert_string_equal(o.data, "a#b;c.h5");
    assert_int_equal(o.epochs, 9);
    dt_train_options_free(&o);

    /* The command line wins, on either side. */
    assert_int_equal(parse(&form, "--lr 2 --config=a.ini --hidden none", &o, &words, &err), DT_OK);
    assert_true(o.lr == 2);
    assert_int_equal(o.hidden.n, 0);
    assert_int_equal(o.epochs, 9);
    dt_train_options_free(&o);
}

static void config_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"seed = 1\nlr = abc\nseed = x", "a.ini:2: --lr abc: expected a number of at least 0"},
        {"lr\nseed = x", "a.ini:1: expected name = value"},
        {"= 3", "a.ini:1: expected name = value"},
        {"\n[run]\nseed = 1", "a.ini:2: a section, but there are only name = value lines"},
        {"epoch = 3",
         "a.ini:1: unknown option epoch (did you mean epochs? see dtrain train --help)"},
        {"learning_rate = 3",
         "a.ini:1: unknown option learning_rate (did you mean lr? see dtrain train --help)"},
        {"lr = 1\n\nlr = 1", "a.ini:3: lr is given twice, first in line 1"},
        {"config = b.ini", "a.ini:1: unknown option config (see dtrain train --help)"},
        {"quiet = 3", "a.ini:1: --quiet 3: expected true or false"},
        {"quiet =", "a.ini:1: --quiet \"\": expected true or false"},
        {"log = # nothing", "a.ini:1: --log \"\": expected a text that is not empty"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_config(bad[i].text);
        refuse(&form, "--config a.ini", DT_ERR_USAGE, bad[i].message);
    }
    char lengthy[1 << 16] = "\ndata = ";
    memset(lengthy + strlen(lengthy), 'a', sizeof lengthy - 20);
    write_config(lengthy);
    refuse(&form, "--config a.ini", DT_ERR_USAGE, "a.ini:2: the line is too long");
    write_config("lr = 1");
    refuse(&form, "--config a.ini --config=a.ini", DT_ERR_USAGE, "--config is given twice");
    refuse(&form, "--config none.ini", DT_ERR_FILE,
           "none.ini: cannot be opened: No such file or directory");
    refuse(&form, "--config /", DT_ERR_FILE, "/: cannot be read: Is a directory");
}

/* What is said of other programs' names is the name of an option. */
static void meanings(void **state)
{
    (void)state;
    static const char *const theirs[] = {"wd", "criterion", "save-steps", "TRAIN_BATCH_SIZE",
                                         "optim"};
    static const char *const ours[] = {"weight-decay", "loss", "checkpoint-every", "batch-size",
                                       "optimizer"};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        const char *const *found = dt_suggest_option(theirs[i]);
        assert_string_equal(found[0], ours[i]);
        assert_non_null(dt_options_find(dt_train_option_table, found[0]));
    }
    assert_null(dt_suggest_option("lr"));
    assert_string_equal(dt_suggest_command("test"), "evaluate");
    assert_null(dt_suggest_command("train"));
    assert_string_equal(dt_suggest_command("version"), "--version");
    refuse(&scoring, "--checkpoint a.h5", DT_ERR_USAGE,
           "unknown option --checkpoint (did you mean --model? see dtrain evaluate --help)");
    refuse(&scoring, "--test-data a.h5", DT_ERR_USAGE,
           "unknown option --test-data (did you mean --data? see dtrain evaluate --help)");
    refuse(&scoring, "run/best.h5 a.h5", DT_ERR_USAGE,
           "unexpected argument \"run/best.h5\" (did you mean --model run/best.h5 or --data "
           "run/best.h5? see dtrain evaluate --help)");
}

static void help(void **state)
{
    (void)state;
    char *asks[] = {"--lr", "-h"}, *version[] = {"-V"}, *neither[] = {"--helper", "-v"};
    assert_true(dt_arguments_want_help(2, asks));
    assert_true(dt_arguments_want_version(1, version));
    assert_false(dt_arguments_want_help(2, neither) || dt_arguments_want_version(2, neither));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets),           cmocka_unit_test(refuses),  cmocka_unit_test(config_sets),
        cmocka_unit_test(config_refuses), cmocka_unit_test(meanings), cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
