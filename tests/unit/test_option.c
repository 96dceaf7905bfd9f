/* Options as a table: what is taken, what is refused and with which words, defaults and JSON. */
#include "core/option.h"
#include "train/options.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    bool flag;
    char *text;
    int64_t count, few, unset, time;
    double real, positive, share;
    int choice;
    dt_widths widths;
} sample;

static const char *const words[] = {"red", "green", "blue", NULL};

#define AT(name) .offset = offsetof(sample, name)

static const dt_option table[] = {
    {"One", "flag", NULL, NULL, "a flag", .type = DT_OPTION_FLAG, AT(flag)},
    {NULL, "text", "NAME", "abc", "a text", .type = DT_OPTION_TEXT, AT(text)},
    {NULL, "count", "N", "7", "a count", .type = DT_OPTION_COUNT, AT(count), .min = 1,
     .max = DT_OPTION_UNLIMITED},
    {NULL, "few", "N", "0", "few", .type = DT_OPTION_COUNT, AT(few), .min = 0, .max = 9},
    {NULL, "unset", "N", NULL, "no default", .type = DT_OPTION_COUNT, AT(unset), .min = 1,
     .max = DT_OPTION_UNLIMITED},
    {NULL, "time", "TIME", NULL, "a time", .type = DT_OPTION_TIME, AT(time)},
    {"Two", "real", "X", "0.5", "a real", .type = DT_OPTION_REAL, AT(real), .min = 0,
     .max = INFINITY},
    {NULL, "positive", "X", "1e-8", "above 0", .type = DT_OPTION_REAL, AT(positive), .min = 0,
     .max = INFINITY, .above_min = true},
    {NULL, "share", "X", "1", "a share", .type = DT_OPTION_REAL, AT(share), .min = 0, .max = 1},
    {NULL, "choice", "WORD", "green", "a choice", .type = DT_OPTION_CHOICE, AT(choice),
     .choices = words},
    {NULL, "widths", "N,N", "none", "widths", .type = DT_OPTION_WIDTHS, AT(widths), .min = 1,
     .max = 1000},
    {0},
};

static sample *fresh(void)
{
    static sample options;
    dt_error err = {0};
    memset(&options, 0, sizeof options);
    assert_int_equal(dt_options_defaults(table, &options, &err), DT_OK);
    return &options;
}

static void accept(sample *options, const char *name, const char *value)
{
    dt_error err = {0};
    if (dt_options_set(table, options, name, value, &err) != DT_OK)
        fail_msg("--%s %s: %s", name, value, err.text);
}

static void refuse(const char *name, const char *value, const char *message)
{
    sample *options = fresh();
    dt_error err = {0};
    assert_int_equal(dt_options_set(table, options, name, value, &err), DT_ERR_USAGE);
    assert_string_equal(err.text, message);
    sample *same = options;
    assert_int_equal(same->count, 7);
    assert_true(same->real == 0.5 && same->positive == 1e-8 && same->share == 1);
    assert_int_equal(same->choice, 1);
    assert_string_equal(same->text, "abc");
    assert_null(same->widths.width);
    dt_options_free(table, options);
}

static void defaults(void **state)
{
    (void)state;
    sample *o = fresh();
    assert_false(o->flag);
    assert_string_equal(o->text, "abc");
    assert_int_equal(o->count, 7);
    assert_int_equal(o->unset, 0);
    assert_true(o->real == 0.5);
    assert_int_equal(o->choice, 1);
    assert_int_equal(o->widths.n, 0);
    dt_options_free(table, o);
    assert_null(o->text);
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"90", 90},       {"90s", 90},      {"10m", 600},        {"1h", 3600},
                {"1d2h", 93600},  {"3h50m", 13800}, {"1d2h3m4s", 93784}, {"0h1s", 1},
                {"100h", 360000}, {"1", 1}};
    sample *o = fresh();
    assert_int_equal(o->time, 0);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        accept(o, "time", good[i].text);
        assert_int_equal(o->time, good[i].seconds);
    }
    dt_options_free(table, o);
    static const char *const bad[] = {"0",    "0s",   "-1",         "1x",    "3m2h",
                                      "1h1h", "m",    "1.5h",       "1h30",  "1h 3m",
                                      "s1",   "1:30", "9999999999", "99999d"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[128];
        snprintf(message, sizeof message,
                 "--time %s: expected a time such as 90s, 10m, 3h50m or 1d", bad[i]);
        refuse("time", bad[i], message);
    }
    refuse("time", "", "--time \"\": expected a time such as 90s, 10m, 3h50m or 1d");
}

static void counts(void **state)
{
    (void)state;
    sample *o = fresh();
    accept(o, "count", "1");
    assert_int_equal(o->count, 1);
    accept(o, "count", "9007199254740992");
    assert_int_equal(o->count, INT64_C(9007199254740992));
    accept(o, "count", "+012");
    assert_int_equal(o->count, 12);
    accept(o, "few", "-0");
    assert_int_equal(o->few, 0);
    dt_options_free(table, o);

    const char *bad[] = {"0",  "-1",   "abc", "1e3", "1.0", " 1",
                         "1 ", "0x10", "1_0", "-",   "nan", "inf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[128];
        snprintf(message, sizeof message, "--count %s: expected a whole number of at least 1",
                 bad[i]);
        refuse("count", bad[i], message);
    }
    refuse("count", "", "--count \"\": expected a whole number of at least 1");
    refuse("count", "9007199254740993",
           "--count 9007199254740993: expected a whole number from 1 to 9007199254740992");
    refuse("count", "99999999999999999999",
           "--count 99999999999999999999: expected a whole number from 1 to 9007199254740992");
    refuse("few", "10", "--few 10: expected a whole number from 0 to 9");
    refuse("few", "-1", "--few -1: expected a whole number from 0 to 9");
}

static void reals(void **state)
{
    (void)state;
    sample *o = fresh();
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},        {"1e-3", 1e-3}, {".5", 0.5}, {"2.", 2},
                {"+1E2", 100.0}, {"1e-400", 0},  {"-0", 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        accept(o, "real", good[i].text);
        assert_true(o->real == good[i].value);
    }
    dt_options_free(table, o);

    const char *bad[] = {"abc", "nan", "inf",  "-inf", "1e999", " 1", "1 ", "0x1p3",
                         "1,5", "1e",  "1..2", "-1",   "e5",    "1f", ".",  "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[128];
        snprintf(message, sizeof message, "--real %s: expected a number of at least 0", bad[i]);
        refuse("real", bad[i], message);
    }
    refuse("positive", "0", "--positive 0: expected a number above 0");
    refuse("positive", "1e-400", "--positive 1e-400: expected a number above 0");
    refuse("share", "1.5", "--share 1.5: expected a number from 0 to 1");
}

static void words_and_texts(void **state)
{
    (void)state;
    sample *o = fresh();
    accept(o, "choice", "blue");
    assert_int_equal(o->choice, 2);
    accept(o, "text", "one");
    accept(o, "text", "two words");
    assert_string_equal(o->text, "two words");
    accept(o, "flag", NULL);
    assert_true(o->flag);
    accept(o, "flag", "false");
    assert_false(o->flag);
    accept(o, "flag", "true");
    assert_true(o->flag);
    dt_options_free(table, o);

    refuse("choice", "Red", "--choice Red: expected red, green or blue");
    refuse("choice", "", "--choice \"\": expected red, green or blue");
    refuse("text", "", "--text \"\": expected a text that is not empty");
    refuse("flag", "yes", "--flag yes: expected true or false");
    refuse("count", NULL, "--count: expected a value (N)");
    refuse("colour", "red", "unknown option --colour");
    refuse("choice",
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaa",
           "--choice "
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: "
           "expected red, green or blue");
}

static void widths(void **state)
{
    (void)state;
    sample *o = fresh();
    accept(o, "widths", "512,1,1000");
    assert_int_equal(o->widths.n, 3);
    assert_int_equal(o->widths.width[0], 512);
    assert_int_equal(o->widths.width[1], 1);
    assert_int_equal(o->widths.width[2], 1000);
    accept(o, "widths", "4");
    assert_int_equal(o->widths.n, 1);
    accept(o, "widths", "none");
    assert_int_equal(o->widths.n, 0);
    assert_null(o->widths.width);
    dt_options_free(table, o);

    const char *bad[] = {
        "0", "4,", ",4", "4,,5", "4, 5", "4;5", "-1", "1001", "4,0", "a", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[160];
        snprintf(message, sizeof message,
                 "--widths %s: expected up to 1024 whole numbers from 1 to 1000, as in 512,256, or "
                 "none",
                 bad[i]);
        refuse("widths", bad[i], message);
    }
    refuse(
        "widths", "",
        "--widths \"\": expected up to 1024 whole numbers from 1 to 1000, as in 512,256, or none");

    char many[2 * 1025];
    for (int i = 0; i < 1025; i++)
        memcpy(many + 2 * i, "1,", 2);
    many[2 * 1024 - 1] = '\0'; /* 1024 ones */
    o = fresh();
    accept(o, "widths", many);
    assert_int_equal(o->widths.n, 1024);
    many[2 * 1024 - 1] = ',';
    many[2 * 1025 - 1] = '\0';
    dt_error err = {0};
    assert_int_equal(dt_options_set(table, o, "widths", many, &err), DT_ERR_USAGE);
    assert_int_equal(o->widths.n, 1024);
    dt_options_free(table, o);
}

static void json(void **state)
{
    (void)state;
    sample *o = fresh();
    accept(o, "widths", "512,256");
    accept(o, "flag", NULL);
    accept(o, "text", "caf\xe9"); /* not UTF-8 */
    json_t *all = dt_options_json(table, o);
    char *text = json_dumps(all, JSON_COMPACT);
    assert_string_equal(
        text, "{\"flag\":true,\"text\":\"caf?\",\"count\":7,\"few\":0,\"unset\":null,"
              "\"time\":null,\"real\":0.5,\"positive\":1e-8,\"share\":1.0,\"choice\":\"green\","
              "\"widths\":[512,256]}");
    free(text);
    json_decref(all);
    dt_options_free(table, o);
}

/* What the contract says of train's options, where nothing is given. */
static void train_defaults(void **state)
{
    (void)state;
    dt_train_options options;
    dt_error err = {0};
    assert_int_equal(dt_train_options_init(&options, &err), DT_OK);
    assert_int_equal(dt_train_options_check(&options, &err), DT_OK);
    json_t *all = dt_train_options_to_json(&options);
    char *text = json_dumps(all, JSON_COMPACT);
    assert_string_equal(
        text, "{\"data\":null,\"x\":\"x\",\"y\":\"y\",\"y-data\":null,\"weights\":null,"
              "\"missing-y\":\"error\",\"ignore-label\":null,\"transpose\":false,"
              "\"x-scale\":\"auto\",\"normalize\":\"none\",\"normalize-y\":\"none\",\"missing\":"
              "\"error\",\"window\":null,\"horizon\":1,\"stride\":1,\"no-shuffle\":false,"
              "\"drop-last\":false,\"val-data\":null,\"val-x\":null,\"val-y\":null,"
              "\"val-y-data\":null,\"val-fraction\":null,\"val-last\":null,\"val-fold\":null,"
              "\"memory\":null,\"hidden\":[],\"activation\":\"relu\",\"layer-norm\":false,"
              "\"dropout\":0.0,\"init-from\":null,\"loss\":\"auto\",\"class-weights\":null,"
              "\"label-smoothing\":0.0,\"optimizer\":\"sgd\",\"momentum\":0.0,\"nesterov\":false,"
              "\"weight-decay\":0.0,\"beta1\":0.90000000000000002,\"beta2\":0.999,\"eps\":1e-8,"
              "\"clip-norm\":null,\"lr\":0.01,\"schedule\":\"constant\",\"warmup\":0,"
              "\"scale-lr\":null,\"epochs\":5,\"max-steps\":null,\"max-time\":null,"
              "\"patience\":null,\"batch-size\":100,\"seed\":0,\"threads\":null,\"bind\":\"auto\","
              "\"reduce\":\"exact\",\"checkpoint\":null,\"checkpoint-every\":\"1e\",\"keep\":3,"
              "\"resume\":false,\"overwrite\":false,\"log\":null,\"log-steps\":1,"
              "\"log-every\":null,\"progress\":\"auto\",\"quiet\":false}");
    free(text);
    json_decref(all);
    dt_train_options_free(&options);
}

static void train_words(void **state)
{
    (void)state;
    dt_train_options o;
    dt_error err = {0};
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "activation", "gelu", &err);
    dt_train_options_set(&o, "loss", "cross-entropy", &err);
    dt_train_options_set(&o, "bind", "keep", &err);
    dt_train_options_set(&o, "progress", "never", &err);
    dt_train_options_set(&o, "hidden", "512,512", &err);
    dt_train_options_set(&o, "lr", "0", &err);
    assert_int_equal(err.code, DT_OK);
    assert_int_equal(o.activation, DT_ACT_GELU);
    assert_int_equal(o.loss, DT_LOSS_CROSS_ENTROPY);
    assert_int_equal(o.bind, DT_BIND_KEEP);
    assert_int_equal(o.progress, DT_PROGRESS_NEVER);
    assert_int_equal(o.hidden.n, 2);
    dt_train_options_set(&o, "nesterov", NULL, &err);
    assert_int_equal(dt_train_options_check(&o, &err), DT_ERR_USAGE);
    assert_string_equal(err.text, "--nesterov: expected a --momentum above 0 with it");
    err = (dt_error){0};
    dt_train_options_set(&o, "momentum", "0.9", &err);
    assert_int_equal(dt_train_options_check(&o, &err), DT_OK);
    dt_train_options_free(&o);
}

static void check_every(const char *value, int64_t n, int unit)
{
    dt_train_options o;
    dt_error err = {0};
    dt_train_options_init(&o, &err);
    assert_int_equal(dt_train_options_set(&o, "checkpoint-every", value, &err), DT_OK);
    assert_int_equal(o.checkpoint_every.n, n);
    assert_int_equal(o.checkpoint_every.unit, unit);
    json_t *all = dt_train_options_to_json(&o);
    assert_string_equal(json_string_value(json_object_get(all, "checkpoint-every")), value);
    json_decref(all);
    dt_train_options_free(&o);
}

static void train_every(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "0e", "e", "1m", "-1", "1.5", "2ee", "", "1 e"};
    check_every("50", 50, DT_EVERY_STEP);
    check_every("2e", 2, DT_EVERY_EPOCH);
    check_every("600s", 600, DT_EVERY_SECOND);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dt_train_options o;
        dt_error err = {0};
        dt_train_options_init(&o, &err);
        assert_int_equal(dt_train_options_set(&o, "checkpoint-every", bad[i], &err), DT_ERR_USAGE);
        assert_non_null(strstr(err.text, ": expected N steps, Ne epochs or Ns seconds"));
        assert_int_equal(o.checkpoint_every.n, 1);
        dt_train_options_free(&o);
    }
}

/* Of lr it is known whether it was given: a run that goes on keeps its own unless it was. */
static void train_given(void **state)
{
    (void)state;
    dt_train_options o;
    dt_error err = {0};
    dt_train_options_init(&o, &err);
    assert_false(o.lr_given);
    dt_train_options_set(&o, "lr", "x", &err);
    assert_false(o.lr_given);
    err = (dt_error){0};
    dt_train_options_set(&o, "lr", "0.01", &err);
    assert_true(o.lr_given);
    dt_train_options_set(&o, "resume", NULL, &err);
    assert_int_equal(dt_train_options_check(&o, &err), DT_ERR_USAGE);
    assert_string_equal(err.text, "--resume: expected a --checkpoint DIR with it");
    dt_train_options_free(&o);
}

/* The loss as the options' JSON has it. */
static void check_loss(const dt_train_options *o, const char *expected)
{
    json_t *all = dt_train_options_to_json(o);
    assert_string_equal(json_string_value(json_object_get(all, "loss")), expected);
    json_decref(all);
}

static void train_quantiles(void **state)
{
    (void)state;
    static const char *const bad[] = {"quantile",       "quantile:",         "quantile:0",
                                      "quantile:1",     "quantile:0.5,0.5",  "quantile:0.9,0.1",
                                      "quantile:0.1,",  "quantile:,0.1",     "quantile:nan",
                                      "quantile: 0.5",  "quantile:0.5 ",     "quantile:0.5:0.6",
                                      "quantil:0.5",    "mse:0.5",           "quantiles:0.5",
                                      "quantile:0x0.8", "quantile:0.1,,0.2", "quantile:-0.1,0.5"};
    dt_error err = {0};
    dt_train_options o;
    dt_train_options_init(&o, &err);
    assert_int_equal(o.quantiles.n, 0);
    assert_int_equal(dt_train_options_set(&o, "loss", "quantile:.10,5e-1,0.95", &err), DT_OK);
    assert_true(o.loss == DT_LOSS_QUANTILE && o.quantiles.n == 3);
    assert_true(o.quantiles.level[0] == 0.1 && o.quantiles.level[2] == 0.95);
    assert_int_equal(dt_train_options_check(&o, &err), DT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (dt_error){0};
        assert_int_equal(dt_train_options_set(&o, "loss", bad[i], &err), DT_ERR_USAGE);
        assert_int_equal(o.quantiles.n, 3);
    }
    check_loss(&o, "quantile:0.1,0.5,0.95");
    err = (dt_error){0};
    assert_int_equal(dt_train_options_set(&o, "loss", "gaussian-nll", &err), DT_OK);
    assert_true(o.loss == DT_LOSS_GAUSSIAN_NLL && o.quantiles.n == 0);
    check_loss(&o, "gaussian-nll");
    o.loss = DT_LOSS_QUANTILE; /* without a list */
    assert_int_equal(dt_train_options_check(&o, &err), DT_ERR_USAGE);
    dt_train_options_free(&o);
}

/* 32 fit, 33 do not. */
static void train_many_quantiles(void **state)
{
    (void)state;
    char text[300] = "quantile:0.001";
    dt_error err = {0};
    dt_train_options o;
    dt_train_options_init(&o, &err);
    for (int i = 2; i <= 32; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ",0.%03d", 2 * i - 1);
    assert_int_equal(dt_train_options_set(&o, "loss", text, &err), DT_OK);
    assert_int_equal(o.quantiles.n, 32);
    check_loss(&o, text);
    strcat(text, ",0.9");
    assert_int_equal(dt_train_options_set(&o, "loss", text, &err), DT_ERR_USAGE);
    dt_train_options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(counts),
        cmocka_unit_test(times),
        cmocka_unit_test(reals),
        cmocka_unit_test(words_and_texts),
        cmocka_unit_test(widths),
        cmocka_unit_test(json),
        cmocka_unit_test(train_defaults),
        cmocka_unit_test(train_words),
        cmocka_unit_test(train_every),
        cmocka_unit_test(train_quantiles),
        cmocka_unit_test(train_many_quantiles),
        cmocka_unit_test(train_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
