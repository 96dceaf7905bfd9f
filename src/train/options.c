#include "train/options.h"

#include "core/quantiles.h"
#include "optim/schedule.h"
#include "train/class_weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The words stand in the order of the enums in dtrain/options.h. */
static const char *const activations[] = {"relu", "tanh", "sigmoid", "gelu", NULL};
static const char *const losses[] = {
    "auto", "mse", "mae", "huber", "cross-entropy", "bce", "quantile:Q,...", "gaussian-nll", NULL};
static const char *const x_scales[] = {"auto", "none", "255", NULL};
static const char *const missing_ys[] = {"error", "mask", "drop", NULL};
static const char *const missings[] = {"error", "mean", "drop", NULL};
static const char *const optimizers[] = {"sgd", "adam", "adamw", "lars", "lamb", NULL};
static const char *const reductions[] = {"exact", "fast", NULL};
static const char *const bindings[] = {"auto", "keep", NULL};
static const char *const progresses[] = {"auto", "always", "never", NULL};

#define BELOW_1 0.999999

enum { MAX_WIDTH = 1 << 24 }; /* the weights of 1024 such layers still fit an int64_t */

#define FIELD(name) .offset = offsetof(dt_train_options, name)
#define FLAG(field) .type = DT_OPTION_FLAG, FIELD(field)
#define TEXT(field) .type = DT_OPTION_TEXT, FIELD(field)
#define COUNT(field, low) COUNT_TO(field, low, DT_OPTION_UNLIMITED)
#define COUNT_TO(field, low, high)                                                                 \
    .type = DT_OPTION_COUNT, FIELD(field), .min = (low), .max = (high)
#define REAL(field) .type = DT_OPTION_REAL, FIELD(field), .min = 0, .max = INFINITY
#define REAL_TO(field, high) .type = DT_OPTION_REAL, FIELD(field), .min = 0, .max = (high)
#define CHOICE(field, words) .type = DT_OPTION_CHOICE, FIELD(field), .choices = (words)
#define EVERY(field) .type = DT_OPTION_EVERY, FIELD(field), .min = 1, .max = DT_OPTION_UNLIMITED
#define MAY_CHANGE .may_change = true
#define WIDTHS(field) .type = DT_OPTION_WIDTHS, FIELD(field), .min = 1, .max = MAX_WIDTH

/* group, name, argument, default, meaning */
const dt_option dt_train_option_table[] = {
    {"Data", "data", "DATA", NULL,
     "HDF5 file to train on, or a.h5,b.h5, a quoted pattern 'run_*.h5', or @FILE with a name in "
     "each line [a small file that comes along]",
     TEXT(data), MAY_CHANGE},
    {NULL, "x", "NAMES", "x",
     "the inputs in it, N rows by anything: a dataset, a,b side by side, table/column, data[0:5]",
     TEXT(x), MAY_CHANGE},
    {NULL, "y", "NAMES", "y", "the targets in it, N or N by K", TEXT(y), MAY_CHANGE},
    {NULL, "y-data", "DATA", NULL, "the files that have y, where these are others", TEXT(y_data),
     MAY_CHANGE},
    {NULL, "weights", "NAME", NULL,
     "one weight a row, beside y: loss and scores are means by weight", TEXT(weights)},
    {NULL, "missing-y", "HOW", "error",
     "NaN and fill values in y: error; mask: that target of that sample does not count; drop: the "
     "row is left out",
     CHOICE(missing_y, missing_ys)},
    {NULL, "ignore-label", "N", NULL, "rows of this class do not count", TEXT(ignore_label)},
    {NULL, "transpose", NULL, NULL,
     "the datasets are stored [features, rows], as MATLAB and R write them", FLAG(transpose),
     MAY_CHANGE},
    {NULL, "x-scale", "HOW", "auto",
     "auto: uint8 is divided by 255, as pictures are; none: no x is; 255: any x is",
     CHOICE(x_scale, x_scales)},
    {NULL, "normalize", "HOW", "none",
     "standard: each feature to mean 0 and variance 1; minmax: to the range from 0 to 1; or a FILE "
     "with the datasets mean and std",
     TEXT(normalize)},
    {NULL, "normalize-y", "HOW", "none",
     "the same for targets that are numbers; scores and predictions are in their units",
     TEXT(normalize_y)},
    {NULL, "missing", "HOW", "error",
     "NaN and fill values in x: error; mean: they become the feature's mean in the training rows; "
     "drop: the row is left out",
     CHOICE(missing, missings)},
    {NULL, "window", "L", NULL, "a sample is L consecutive rows of a file, side by side",
     COUNT(window, 1)},
    {NULL, "horizon", "H", "1", "with --window: its target is H rows after the last of them",
     COUNT(horizon, 0)},
    {NULL, "stride", "S", "1", "and every S-th row of a file begins one", COUNT(stride, 1)},
    {NULL, "no-shuffle", NULL, NULL, "take the samples in file order", FLAG(no_shuffle)},
    {NULL, "drop-last", NULL, NULL, "leave out a last batch that is not full", FLAG(drop_last)},
    {NULL, "val-data", "DATA", NULL, "validate on these files after every epoch", TEXT(val_data),
     MAY_CHANGE},
    {NULL, "val-x", "NAMES", NULL, "the inputs in them [as --x]", TEXT(val_x), MAY_CHANGE},
    {NULL, "val-y", "NAMES", NULL, "the targets in them [as --y]", TEXT(val_y), MAY_CHANGE},
    {NULL, "val-y-data", "DATA", NULL, "the files that have y to validate on", TEXT(val_y_data),
     MAY_CHANGE},
    {NULL, "val-fraction", "F", NULL, "or on this share of the rows, which are not trained on",
     .type = DT_OPTION_REAL, FIELD(val_fraction), .min = 0, .max = 0.999, .above_min = true},
    {NULL, "val-last", "F", NULL, "or on this share of the rows of each file, the last ones",
     .type = DT_OPTION_REAL, FIELD(val_last), .min = 0, .max = 0.999, .above_min = true},
    {NULL, "val-fold", "K/N", NULL, "or on part K, from 1, of N parts of the rows", TEXT(val_fold)},
    {NULL, "memory", "SIZE", NULL,
     "what one rank may hold of all data together (500M, 2G); more is streamed [a fair part of the "
     "node]",
     .type = DT_OPTION_SIZE, FIELD(memory), MAY_CHANGE},

    {"Model", "hidden", "N,N,...", "none", "widths of the hidden layers; none: a linear model",
     WIDTHS(hidden)},
    {NULL, "activation", "NAME", "relu", "between layers", CHOICE(activation, activations)},
    {NULL, "layer-norm", NULL, NULL, "normalise the inputs of each hidden activation",
     FLAG(layer_norm)},
    {NULL, "dropout", "P", "0", "in training, drop each hidden activation with this probability",
     REAL_TO(dropout, BELOW_1)},
    {NULL, "init-from", "FILE", NULL, "start from the weights in this file", TEXT(init_from),
     MAY_CHANGE},

    {"Loss", "loss", "NAME", "auto", "auto: cross-entropy for integer y, mse for float y",
     CHOICE(loss, losses), .list = offsetof(dt_train_options, quantiles)},
    {NULL, "class-weights", "W,W,...", NULL,
     "of each class, or balanced; of bce: of what is true in each output", TEXT(class_weights)},
    {NULL, "label-smoothing", "X", "0",
     "of cross-entropy: share of a label spread over all classes", REAL_TO(label_smoothing, 1)},

    {"Optimizer", "optimizer", "NAME", "sgd", "how a gradient becomes an update",
     CHOICE(optimizer, optimizers)},
    {NULL, "momentum", "X", "0", "of sgd and lars: share of the last update that is kept",
     REAL(momentum)},
    {NULL, "nesterov", NULL, NULL, "of sgd: Nesterov's momentum", FLAG(nesterov)},
    {NULL, "weight-decay", "X", "0",
     "times the weights, added to the gradient; adamw and lamb: added to the update",
     REAL(weight_decay)},
    {NULL, "beta1", "X", "0.9", "of adam, adamw, lamb: share kept of the mean gradient",
     REAL_TO(beta1, BELOW_1)},
    {NULL, "beta2", "X", "0.999", "and of the mean squared gradient", REAL_TO(beta2, BELOW_1)},
    {NULL, "eps", "X", "1e-8", "and added to the root of the latter", REAL(eps)},
    {NULL, "clip-norm", "X", NULL, "largest norm of the whole gradient; what is longer is cut",
     .type = DT_OPTION_REAL, FIELD(clip_norm), .min = 0, .max = INFINITY, .above_min = true},

    {"Learning rate", "lr", "X", "0.01", "learning rate", REAL(lr), MAY_CHANGE,
     .given = offsetof(dt_train_options, lr_given)},
    {NULL, "schedule", "HOW", "constant",
     "of the learning rate: constant, linear or cosine (both to 0 at the end), or "
     "step:EVERY:FACTOR (times FACTOR after every EVERY steps)",
     TEXT(schedule)},
    {NULL, "warmup", "STEPS", "0", "steps in which the learning rate rises to its full size",
     COUNT(warmup, 0)},
    {NULL, "scale-lr", "BASE_BATCH", NULL, "multiply the learning rate by batch size / BASE_BATCH",
     COUNT(scale_lr, 1)},

    {"Run", "epochs", "N", "5", "times that every sample is seen", COUNT(epochs, 1), MAY_CHANGE},
    {NULL, "max-steps", "N", NULL, "stop after this many steps", COUNT(max_steps, 1), MAY_CHANGE},
    {NULL, "max-time", "TIME", NULL,
     "stop and save before it has run for so long (90s, 3h50m, 1d) [to the end of the Slurm job]",
     .type = DT_OPTION_TIME, FIELD(max_time), MAY_CHANGE},
    {NULL, "patience", "N", NULL, "stop after N epochs without a better validation loss",
     COUNT(patience, 1), MAY_CHANGE},
    {NULL, "batch-size", "N", "100", "samples in a step, over all ranks together",
     COUNT(batch_size, 1)},
    {NULL, "seed", "N", "0", "of the order of samples, the initial weights and dropout",
     COUNT(seed, 0)},

    {"Machine", "threads", "N", NULL, "threads of a rank [its share of the node's cores]",
     COUNT_TO(threads, 1, DT_OPTION_MAX_THREADS), MAY_CHANGE},
    {NULL, "bind", "HOW", "auto", "auto: each thread gets a core; keep: the launcher's binding",
     CHOICE(bind, bindings), MAY_CHANGE},
    {NULL, "reduce", "HOW", "exact",
     "exact: the same bits on any number of ranks and threads; fast: sums of floats",
     CHOICE(reduce, reductions), MAY_CHANGE},

    {"Output", "checkpoint", "DIR", NULL, "write checkpoints into this folder", TEXT(checkpoint),
     MAY_CHANGE},
    {NULL, "checkpoint-every", "N, Ne, Ns", "1e",
     "steps, epochs or seconds between two; there is always one at the end",
     EVERY(checkpoint_every), MAY_CHANGE},
    {NULL, "keep", "N", "3", "newest checkpoints kept; the best by validation loss is kept besides",
     COUNT(keep, 1), MAY_CHANGE},
    {NULL, "resume", NULL, NULL, "go on from the newest good checkpoint in the folder",
     FLAG(resume), MAY_CHANGE},
    {NULL, "overwrite", NULL, NULL, "delete the run that is in the folder, and its log, first",
     FLAG(overwrite), MAY_CHANGE},
    {NULL, "log", "FILE", NULL, "write a log in JSON Lines", TEXT(log), MAY_CHANGE},
    {NULL, "log-steps", "N", "1", "every Nth step goes into the log; 0: none", COUNT(log_steps, 0),
     MAY_CHANGE},
    {NULL, "log-every", "N", NULL, "print every Nth step [all, or about 10 of more than 20]",
     COUNT(log_every, 1), MAY_CHANGE},
    {NULL, "progress", "WHEN", "auto", "a progress bar; auto: on a terminal",
     CHOICE(progress, progresses), MAY_CHANGE},
    {NULL, "quiet", NULL, NULL, "print nothing but warnings and errors", FLAG(quiet), MAY_CHANGE},
    {0},
};

dt_code dt_train_options_init(dt_train_options *options, dt_error *err)
{
    memset(options, 0, sizeof *options);
    return dt_options_defaults(dt_train_option_table, options, err);
}

dt_code dt_train_options_set(dt_train_options *options, const char *name, const char *value,
                             dt_error *err)
{
    return dt_options_set(dt_train_option_table, options, name, value, err);
}

static dt_code check_optimizer(const dt_train_options *o, dt_error *err)
{
    const char *name = optimizers[o->optimizer];
    if (o->nesterov && o->optimizer != DT_OPTIM_SGD)
        return dt_fail(err, DT_ERR_USAGE, "--nesterov: expected with --optimizer sgd, not %s",
                       name);
    if (o->momentum > 0 && o->optimizer != DT_OPTIM_SGD && o->optimizer != DT_OPTIM_LARS)
        return dt_fail(err, DT_ERR_USAGE,
                       "--momentum: expected with --optimizer sgd or lars; of %s it is --beta1",
                       name);
    if (o->nesterov && o->momentum <= 0)
        return dt_fail(err, DT_ERR_USAGE, "--nesterov: expected a --momentum above 0 with it");
    return DT_OK;
}

/* What is neither a word nor looks like a path is a mistyped word. */
static dt_code check_scaling(const char *option, const char *how, dt_error *err)
{
    static const char *const words[] = {"none", "standard", "minmax"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(how, words[i]) == 0)
            return DT_OK;
    if (strpbrk(how, "./"))
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE,
                   "--%s %s: expected none, standard, minmax, or a file, as ./%s", option, how,
                   how);
}

bool dt_train_options_fold(const char *text, int64_t *fold, int64_t *folds)
{
    enum { MAX_FOLDS = 1000000 };
    int read = 0;
    return text && sscanf(text, "%" SCNd64 "/%" SCNd64 "%n", fold, folds, &read) == 2 &&
           !text[read] && *fold >= 1 && *fold <= *folds && *folds >= 2 && *folds <= MAX_FOLDS;
}

static dt_code check_fold(const char *text, dt_error *err)
{
    int64_t fold, folds;
    if (!text || dt_train_options_fold(text, &fold, &folds))
        return DT_OK;
    return dt_fail(err, DT_ERR_USAGE,
                   "--val-fold %s: expected a part and the number of parts, as 1/5, 2/5, ... 5/5",
                   text);
}

bool dt_train_options_validate(const dt_train_options *o)
{
    return o->val_data || o->val_fraction > 0 || o->val_last > 0 || o->val_fold;
}

/* Names of what is to be validated on say nothing without --val-data. */
static dt_code check_validation(const dt_train_options *o, dt_error *err)
{
    const char *name = o->val_x        ? "val-x"
                       : o->val_y      ? "val-y"
                       : o->val_y_data ? "val-y-data"
                                       : NULL;
    if (name && !o->val_data)
        return dt_fail(err, DT_ERR_USAGE, "--%s: expected with --val-data", name);
    const char *held = o->val_fraction > 0 ? "val-fraction"
                       : o->val_last > 0   ? "val-last"
                       : o->val_fold       ? "val-fold"
                                           : NULL;
    if (o->val_data && held)
        return dt_fail(err, DT_ERR_USAGE, "--%s: expected without --val-data", held);
    if ((o->val_fraction > 0) + (o->val_last > 0) + (o->val_fold != NULL) > 1)
        return dt_fail(err, DT_ERR_USAGE,
                       "--%s: expected only one of --val-fraction, --val-last and --val-fold",
                       held);
    return check_fold(o->val_fold, err);
}

static dt_code check_window(const dt_train_options *o, dt_error *err)
{
    enum { MAX_ROWS = 1 << 30 };
    if (o->window == 0 && (o->horizon != 1 || o->stride != 1))
        return dt_fail(err, DT_ERR_USAGE, "--%s: expected with --window",
                       o->horizon != 1 ? "horizon" : "stride");
    if (o->window > MAX_ROWS || o->horizon > MAX_ROWS || o->stride > MAX_ROWS)
        return dt_fail(err, DT_ERR_USAGE,
                       "--window, --horizon, --stride: expected at most %d rows each", MAX_ROWS);
    return DT_OK;
}

dt_code dt_train_options_check(const dt_train_options *options, dt_error *err)
{
    dt_schedule schedule;
    if (check_optimizer(options, err) || check_validation(options, err) ||
        check_window(options, err) || check_scaling("normalize", options->normalize, err) ||
        check_scaling("normalize-y", options->normalize_y, err) ||
        dt_schedule_parse(options->schedule, &schedule, err) ||
        dt_class_weights_check(options->class_weights, err))
        return err->code;
    if (options->loss == DT_LOSS_QUANTILE && !dt_quantiles_are_good(&options->quantiles))
        return dt_fail(err, DT_ERR_USAGE,
                       "--loss quantile: expected 1 to %d increasing quantiles between 0 and 1",
                       DT_MAX_QUANTILES);
    if (options->patience > 0 && !dt_train_options_validate(options))
        return dt_fail(err, DT_ERR_USAGE, "--patience: expected with --val-data or --val-fraction");
    if (options->resume && !options->checkpoint)
        return dt_fail(err, DT_ERR_USAGE, "--resume: expected a --checkpoint DIR with it");
    if (options->resume && options->overwrite)
        return dt_fail(err, DT_ERR_USAGE,
                       "--overwrite: expected without --resume, which goes on with the run");
    if (options->overwrite && !options->checkpoint && !options->log)
        return dt_fail(err, DT_ERR_USAGE,
                       "--overwrite: expected a --checkpoint DIR or a --log FILE with it");
    return DT_OK;
}

void dt_train_options_free(dt_train_options *options)
{
    dt_options_free(dt_train_option_table, options);
}

json_t *dt_train_options_to_json(const dt_train_options *options)
{
    return dt_options_json(dt_train_option_table, options);
}
