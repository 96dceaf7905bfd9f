/* What a run warns of: options without effect, data that trains badly, a loss that rises. */
#include "train/divergence.h"
#include "train/warnings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Options: a run of 5 epochs of 10 steps ------------------------------------------------- */

static void warn_of(const char *line, dt_warnings *w)
{
    char copy[256];
    dt_train_options o;
    dt_error err = {0};
    dt_schedule schedule = {0};
    *w = (dt_warnings){0};
    dt_train_options_init(&o, &err);
    snprintf(copy, sizeof copy, "%s", line);
    for (char *name = strtok(copy, " "); name; name = strtok(NULL, " ")) {
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        dt_train_options_set(&o, name, value, &err);
    }
    dt_schedule_parse(o.schedule, &schedule, &err);
    schedule.lr = o.lr;
    schedule.warmup = o.warmup;
    schedule.total = o.max_steps > 0 && o.max_steps < 50 ? o.max_steps : 50;
    assert_string_equal(err.text, "");
    dt_warn_options(w, &o, &schedule, 50);
    dt_train_options_free(&o);
}

static void options(void **state)
{
    (void)state;
    static const struct {
        const char *line, *about; /* about: how the only line begins; NULL: there is none */
    } tries[] = {
        {"", NULL},
        {"activation=tanh", "--activation has no effect without a hidden layer"},
        {"layer-norm", "--layer-norm has no effect without a hidden layer"},
        {"dropout=0.5", "--dropout has no effect without a hidden layer"},
        {"activation=tanh layer-norm dropout=0.5 hidden=4", NULL},
        {"activation=relu dropout=0 beta1=0.9 keep=3 checkpoint-every=1e", NULL},
        {"beta1=0.8", "--beta1 has no effect: it is of --optimizer adam"},
        {"beta2=0.8", "--beta2 has no effect: it is of --optimizer adam"},
        {"eps=1", "--eps has no effect: it is of --optimizer adam"},
        {"beta1=0.8 optimizer=lars", "--beta1 has no effect"},
        {"beta1=0.8 beta2=0.8 eps=1 optimizer=adam", NULL},
        {"beta1=0.8 beta2=0.8 eps=1 optimizer=lamb", NULL},
        {"lr=0", "--lr 0: no step changes a weight"},
        {"lr=1e-300", NULL},
        {"warmup=49", NULL},
        {"warmup=50", "--warmup 50: the run ends after 50 steps"},
        {"warmup=20 max-steps=20", "--warmup 20: the run ends after 20 steps"},
        {"schedule=step:49:0.1", NULL},
        {"schedule=step:50:0.1", "--schedule step:50:0.1 has no effect: the run ends after 50"},
        {"schedule=step:40:0.1 warmup=10", "--schedule step:40:0.1 has no effect"},
        {"max-steps=50", NULL},
        {"max-steps=51", "--max-steps 51 has no effect: --epochs 5 end after 50 steps"},
        {"patience=4 val-fraction=0.1", NULL},
        {"val-fraction=0.1 max-steps=10", NULL},
        {"val-fraction=0.1 max-steps=9 patience=2",
         "--val-fraction has no effect: the run ends after 9 steps, within the first epoch (10 st"},
        {"val-data=v.h5 max-steps=1",
         "--val-data has no effect: the run ends after 1 step, within"},
        {"patience=2 val-data=v.h5 max-steps=30", NULL},
        {"patience=2 val-data=v.h5 max-steps=29",
         "--patience 2 has no effect: the run ends after 2"},
        {"patience=5 val-fraction=0.1", "--patience 5 has no effect: the run ends after 5 epochs"},
        {"keep=2", "--keep has no effect without --checkpoint"},
        {"checkpoint-every=1", "--checkpoint-every has no effect without --checkpoint"},
        {"checkpoint-every=1s keep=2 checkpoint=d", NULL},
        {"log-steps=0", "--log-steps has no effect without --log"},
        {"log-steps=0 log=l", NULL},
        {"quiet log-every=2", "--log-every has no effect with --quiet"},
        {"quiet progress=always", "--progress has no effect with --quiet"},
        {"log-every=2 progress=always", NULL},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        dt_warnings w;
        warn_of(tries[i].line, &w);
        const char *about = tries[i].about;
        if (w.n != (about != NULL) || (about && strncmp(w.line[0], about, strlen(about)) != 0))
            fail_msg("%s: %d warnings, \"%s\"", tries[i].line, w.n, w.line[0]);
    }
}

/* ---- Data ----------------------------------------------------------------------------------- */

enum { COLUMNS = 3 };

static char *names[] = {"a", "b", "c"};
static const dt_schema schema = {.columns = {COLUMNS, names}};
static dt_train_options train_options = {.data = "a.h5", .x = "x", .y = "y"};

/* Warnings of columns of these scales; how many there are. */
static int warn_scales(const float x[COLUMNS], const float y[COLUMNS],
                       const dt_normalizer *normalizer, dt_warnings *w)
{
    int64_t start[COLUMNS] = {INT64_MAX, INT64_MAX, INT64_MAX};
    float scales[2][COLUMNS];
    memcpy(scales[0], x, sizeof scales[0]);
    memcpy(scales[1], y, sizeof scales[1]);
    dt_dataset d = {.rows = 100,
                    .normalizer = normalizer,
                    .profile = {.x = {COLUMNS, 100, scales[0], start},
                                .y = {y[0] < 0 ? 0 : COLUMNS, 100, scales[1], start}}};
    *w = (dt_warnings){0};
    dt_warn_data(w, &train_options, &d, &schema);
    return w->n;
}

static void scales(void **state)
{
    (void)state;
    static const float even[] = {1, 2, 3}, apart[] = {2, 20000, 7}, nearly[] = {2, 19998, 7};
    static const float zeros[] = {0, 1, 0}, large[] = {1e5F, 2e5F, 3e5F}, classes[] = {-1, 0, 0};
    const dt_normalizer normalizer = {0};
    dt_warnings w;
    assert_int_equal(warn_scales(even, even, NULL, &w), 0);
    assert_int_equal(warn_scales(nearly, even, NULL, &w), 0);
    assert_int_equal(warn_scales(zeros, even, NULL, &w), 0);
    assert_int_equal(warn_scales(apart, classes, NULL, &w), 1);
    assert_string_equal(
        w.line[0],
        "a.h5: \"x\" has values up to 2e+04 in column 1 (b), but up to 2 in "
        "column 0 (a), counted from 0: scales so far apart train badly; --normalize standard "
        "brings all features to one scale");
    assert_int_equal(warn_scales(apart, classes, &normalizer, &w), 0);
    assert_int_equal(warn_scales(even, apart, NULL, &w), 1);
    assert_non_null(strstr(w.line[0], "\"y\" has values up to 2e+04 in column 1"));
    assert_int_equal(warn_scales(apart, apart, NULL, &w), 2);
    assert_int_equal(warn_scales(large, classes, NULL, &w), 0);
    assert_int_equal(warn_scales(large, even, NULL, &w), 1);
    assert_non_null(strstr(w.line[0], "\"y\" has values up to 3, but \"x\" up to 3e+05"));
    assert_non_null(strstr(w.line[0], "--normalize standard"));
    assert_int_equal(warn_scales(even, large, NULL, &w), 1);
    assert_non_null(strstr(w.line[0], "--normalize-y standard brings the targets"));
    assert_int_equal(warn_scales(large, large, &normalizer, &w), 1);
    assert_non_null(strstr(w.line[0], "\"x\" when normalised up to 1"));
}

static void counting(void **state)
{
    (void)state;
    float largest[COLUMNS] = {1, 100, 1};
    int64_t start[COLUMNS] = {INT64_MAX, 5, INT64_MIN};
    dt_dataset d = {.rows = 100, .profile.x = {COLUMNS, 100, largest, start}};
    dt_warnings w = {0};
    dt_warn_data(&w, &train_options, &d, &schema);
    assert_int_equal(w.n, 1);
    assert_non_null(strstr(w.line[0], "column 1 (b) of \"x\", counted from 0, only counts the rows "
                                      "(5, 6, 7, ...)"));
    w.n = 0;
    d.profile.x = (dt_column_stats){1, 100, largest, start + 1}; /* nothing would be left */
    dt_warn_data(&w, &train_options, &d, &schema);
    assert_int_equal(w.n, 0);
}

/* Warnings of integer y with these rows of each class; the first, or "". */
static const char *warn_classes_of(dt_loss loss, int64_t outputs, const int64_t *count,
                                   const dt_schema *of)
{
    static dt_warnings w;
    dt_train_options o = train_options;
    o.loss = loss;
    int64_t *counts = calloc(DT_PROFILE_CLASSES, sizeof *counts);
    assert_non_null(counts);
    for (int64_t k = 0; k < outputs && k < DT_PROFILE_CLASSES; k++)
        counts[k] = count ? count[k] : 1;
    dt_dataset d = {.rows = 240,
                    .kind = DT_Y_LABELS,
                    .outputs = outputs,
                    .named_classes = of->classes.n > 0,
                    .profile = {.kind = DT_Y_LABELS, .class_count = counts}};
    w = (dt_warnings){0};
    dt_warn_data(&w, &o, &d, of);
    free(counts);
    assert_true(w.n <= 1);
    return w.line[0];
}

static const char *warn_classes(dt_loss loss, int64_t outputs, const int64_t *count)
{
    return warn_classes_of(loss, outputs, count, &schema);
}

static void classes(void **state)
{
    (void)state;
    static const int64_t all[] = {9, 1, 1}, ones[] = {0, 3, 4}, gaps[] = {3, 0, 4, 0, 1};
    assert_string_equal(warn_classes(DT_LOSS_AUTO, 3, all), "");
    assert_string_equal(warn_classes(DT_LOSS_AUTO, 100, NULL), "");
    assert_string_equal(warn_classes(DT_LOSS_AUTO, 399647, NULL),
                        "a.h5: \"y\" is integer and so taken for classes: 399647 of them, in 240 "
                        "rows; numbers want --loss mse");
    assert_non_null(strstr(warn_classes(DT_LOSS_AUTO, 101, NULL), "101 of them"));
    assert_string_equal(warn_classes(DT_LOSS_CROSS_ENTROPY, 101, NULL), "");
    assert_non_null(strstr(warn_classes(DT_LOSS_AUTO, 5, gaps),
                           "but 2 of them (the first is 1) are without a sample; numbers want "
                           "--loss mse"));
    assert_string_equal(warn_classes(DT_LOSS_CROSS_ENTROPY, 5, gaps), "");
    assert_non_null(strstr(warn_classes(DT_LOSS_AUTO, 3, ones), "the labels 1 to 2"));
    assert_non_null(strstr(warn_classes(DT_LOSS_CROSS_ENTROPY, 3, ones), "subtract 1"));
}

static void classes_without_samples(void **state)
{
    (void)state;
    static char *words[] = {"bird", "cat", "dog", "zat"};
    static const dt_schema named = {.classes = {4, words}};
    static const int64_t all[] = {9, 1, 1, 1}, last[] = {4, 3, 4, 0}, two[] = {0, 3, 0, 1};
    static const int64_t one[] = {0, 0, 7, 0}, zeros[] = {240};
    assert_string_equal(warn_classes_of(DT_LOSS_AUTO, 4, all, &named), "");
    assert_string_equal(warn_classes_of(DT_LOSS_AUTO, 4, last, &named),
                        "a.h5: class \"zat\" of \"y\" has no sample to train on: the model cannot "
                        "learn to tell it");
    assert_non_null(strstr(warn_classes_of(DT_LOSS_CROSS_ENTROPY, 4, two, &named),
                           "class \"bird\" of \"y\" (and 1 more) has no sample"));
    assert_non_null(strstr(warn_classes_of(DT_LOSS_AUTO, 4, one, &named), "of one class, 2: "));
    assert_null(strstr(warn_classes_of(DT_LOSS_AUTO, 4, one, &named), "mse"));
    assert_non_null(strstr(warn_classes(DT_LOSS_AUTO, 1, zeros), "of one class, 0: "));
    assert_non_null(strstr(warn_classes(DT_LOSS_AUTO, 1, zeros), "for numbers --loss mse"));
    assert_non_null(strstr(warn_classes(DT_LOSS_CROSS_ENTROPY, 4, one), "of one class, 2: "));
}

/* ---- The loss ------------------------------------------------------------------------------- */

/* The step, from 1, in which it is found that the loss rises; 0: in none. */
static int found_at(int64_t batch, int steps, double (*loss)(int step), bool *stays)
{
    dt_divergence d;
    int found = 0;
    dt_divergence_init(&d, DT_LOSS_MSE, batch);
    for (int s = 1; s <= steps; s++)
        if (dt_divergence_add(&d, loss(s))) {
            assert_int_equal(found, 0); /* told once */
            found = s;
        }
    *stays = dt_divergence_stays(&d, NULL);
    return found;
}

static double tenfold(int step)
{
    return 2 * pow(10, step - 1);
}

static double falls(int step)
{
    return 1e6 / step;
}

static double spike(int step)
{
    return step == 40 ? 1e9 : 1;
}

/* As of single samples: the square of a number that passes through 0. */
static double single(int step)
{
    double error = sin(7.3 * step + 3.1416);
    return step == 1 ? 1e-14 : error * error;
}

static double noise(int step)
{
    return step == 1 ? 1e-20 : 1e-13;
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void bytes(void **state)
{
    (void)state;
    static const struct {
        int largest;
        const char *about; /* NULL: there is no warning */
    } tries[] = {{0, "never above 1"},
                 {1, "\"x\" is uint8 and never above 1: divided by 255"},
                 {16,
                  "never above 16: divided by 255 all the same, as pictures are, so never above "
                  "0.063;"},
                 {63, "never above 63"},
                 {64, NULL},
                 {255, NULL}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        dt_train_options o = {.data = "d.h5", .x = "x", .y = "y"};
        dt_dataset d = {.rows = 100, .x_is_bytes = true, .x_largest = (uint8_t)tries[i].largest};
        dt_warnings w = {0};
        dt_warn_data(&w, &o, &d, &schema);
        assert_int_equal(w.n, tries[i].about != NULL);
        if (tries[i].about)
            assert_non_null(strstr(w.line[0], tries[i].about));
    }
}

static void divergence(void **state)
{
    (void)state;
    bool stays;
    assert_int_equal(found_at(100, 50, tenfold, &stays), 5); /* 1000 times is not more than that */
    assert_true(stays);
    assert_int_equal(found_at(16, 50, tenfold, &stays), 5);
    assert_in_range(found_at(1, 50, tenfold, &stays), 5, 17);
    assert_in_range(found_at(3, 50, tenfold, &stays), 5, 17);
    assert_int_equal(found_at(100, 50, falls, &stays), 0);
    assert_false(stays);
    assert_int_equal(found_at(100, 50, spike, &stays), 40);
    assert_false(stays);
    assert_int_equal(found_at(1, 5000, single, &stays), 0);
    assert_int_equal(found_at(100, 50, noise, &stays), 0);
}

typedef struct {
    double step, loss, r2; /* of an epoch of one step, and its validation */
} epoch_loss;

/* The epoch, from 1, in which the validation tells a rise; 0: in none. r2: of numbers. */
static int validation_tells(const epoch_loss *of, int epochs, bool numbers, bool *stays)
{
    dt_divergence d;
    int found = 0;
    dt_divergence_init(&d, DT_LOSS_MSE, 100);
    for (int e = 0; e < epochs; e++) {
        dt_scores s = {.loss = of[e].loss, .has_r2 = numbers, .r2 = of[e].r2};
        dt_divergence_add(&d, of[e].step);
        if (dt_divergence_add_validation(&d, &s)) {
            assert_int_equal(found, 0);
            found = e + 1;
        }
    }
    *stays = dt_divergence_stays(&d, NULL);
    return found;
}

static void validation(void **state)
{
    (void)state;
    bool stays;
    dt_rise rise;
    /* The losses of house prices, one step of --lr 0.01 without --normalize. */
    static const epoch_loss prices[] = {{2.787e11, 5.179e17, -1e7}};
    assert_int_equal(validation_tells(prices, 1, true, &stays), 1);
    assert_true(stays);
    static const epoch_loss nan[] = {{1, 1, 0}, {1, (double)NAN, (double)NAN}};
    assert_int_equal(validation_tells(nan, 2, true, &stays), 2);
    assert_true(stays);
    assert_int_equal(validation_tells(nan, 2, false, &stays), 2);
    static const epoch_loss later[] = {{100, 0.01, 0.9}, {1, 11, -3}, {1, 0.01, 0.9}};
    assert_int_equal(validation_tells(later, 2, true, &stays), 2);
    assert_true(stays);
    assert_int_equal(validation_tells(later, 3, true, &stays), 2);
    assert_false(stays);
    static const epoch_loss steps_too[] = {{1, 1, 0}, {2000, 1e6, -1e6}};
    assert_int_equal(validation_tells(steps_too, 2, true, &stays), 0); /* the steps tell it */
    assert_true(stays);
    static const epoch_loss known[] = {{1e-9, 1e-3, 0.7},
                                       {1e-9, 1e-3, 0.7}}; /* was trained before */
    assert_int_equal(validation_tells(known, 2, true, &stays), 0);
    static const epoch_loss learnt[] = {{1e-4, 2, 0}, {1e-5, 3, 0}}; /* classes, by heart */
    assert_int_equal(validation_tells(learnt, 2, false, &stays), 0);
    assert_false(stays);
    static const epoch_loss classes_rise[] = {{1.1, 1, 0}, {1, 1001, 0}};
    assert_int_equal(validation_tells(classes_rise, 2, false, &stays), 2);

    /* A likelihood may pass 0. */
    dt_divergence g;
    dt_scores unlikely = {.loss = 0.5, .has_r2 = true, .r2 = -0.1};
    dt_divergence_init(&g, DT_LOSS_GAUSSIAN_NLL, 100);
    assert_false(dt_divergence_add(&g, -0.1));
    assert_false(dt_divergence_add(&g, 0.5));
    assert_false(dt_divergence_add_validation(&g, &unlikely));
    assert_false(dt_divergence_stays(&g, NULL));
    assert_true(dt_divergence_add(&g, 1001));
    assert_true(dt_divergence_stays(&g, NULL));

    dt_divergence d;
    dt_scores s = {.loss = 5e6, .has_r2 = true, .r2 = -7};
    dt_divergence_init(&d, DT_LOSS_MSE, 100);
    dt_divergence_add(&d, 2);
    assert_true(dt_divergence_add_validation(&d, &s));
    assert_true(dt_divergence_stays(&d, &rise));
    assert_string_equal(rise.of, "the validation loss");
    assert_true(rise.from == 2 && rise.to == 5e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),    cmocka_unit_test(scales),
        cmocka_unit_test(counting),   cmocka_unit_test(classes),
        cmocka_unit_test(bytes),      cmocka_unit_test(divergence),
        cmocka_unit_test(validation), cmocka_unit_test(classes_without_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
