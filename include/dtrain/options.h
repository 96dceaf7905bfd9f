/* The options of a training run, which are those of `dtrain train`, as a struct. A table in the
 * library has the name, default, range and meaning of each option. The program's command line, its
 * configuration file and --help come from the same table. */
#ifndef DTRAIN_OPTIONS_H
#define DTRAIN_OPTIONS_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { DT_ACT_RELU, DT_ACT_TANH, DT_ACT_SIGMOID, DT_ACT_GELU } dt_activation;
typedef enum {
    DT_LOSS_AUTO,
    DT_LOSS_MSE,
    DT_LOSS_MAE,
    DT_LOSS_HUBER,
    DT_LOSS_CROSS_ENTROPY,
    DT_LOSS_BCE,
    DT_LOSS_QUANTILE,     /* needs dt_quantiles: the mean over targets and quantiles q of
                            max(q (y - o), (q - 1) (y - o)), where o is the output */
    DT_LOSS_GAUSSIAN_NLL, /* with K targets the model puts out K means m, then K numbers s; the mean
                            over the targets of (log v + (y - m)^2 / v) / 2, where the variance v is
                            max(log(1 + exp(s)), 1e-6) */
    DT_LOSS_SOFT_CROSS_ENTROPY /* cross-entropy, where y is the probabilities of the classes: not
                                  to be chosen, but found from y */
} dt_loss;
typedef enum { DT_X_SCALE_AUTO, DT_X_SCALE_NONE, DT_X_SCALE_255 } dt_x_scale;
typedef enum { DT_MISSING_Y_ERROR, DT_MISSING_Y_MASK, DT_MISSING_Y_DROP } dt_missing_y;
typedef enum { DT_MISSING_ERROR, DT_MISSING_MEAN, DT_MISSING_DROP } dt_missing;
typedef enum {
    DT_OPTIM_SGD,
    DT_OPTIM_ADAM,
    DT_OPTIM_ADAMW,
    DT_OPTIM_LARS,
    DT_OPTIM_LAMB
} dt_optim_kind;
typedef enum { DT_REDUCE_EXACT, DT_REDUCE_FAST } dt_reduce;
typedef enum { DT_BIND_AUTO, DT_BIND_KEEP } dt_bind;
typedef enum { DT_PROGRESS_AUTO, DT_PROGRESS_ALWAYS, DT_PROGRESS_NEVER } dt_progress;

typedef enum { DT_EVERY_STEP, DT_EVERY_EPOCH, DT_EVERY_SECOND } dt_every_unit;

/* Every n steps ("50"), epochs ("2e") or seconds ("600s"). */
typedef struct {
    int64_t n;
    int unit; /* dt_every_unit */
} dt_every;

/* A list of layer widths; its options struct owns it. */
typedef struct {
    int64_t *width; /* [n]; NULL when n is 0 */
    int n;
} dt_widths;

enum { DT_MAX_QUANTILES = 32 };

/* The quantiles of --loss quantile:Q,... With K targets the model has K * n outputs: those of the
 * first target come first. */
typedef struct {
    int n;                          /* 0 with every other loss */
    double level[DT_MAX_QUANTILES]; /* [n] between 0 and 1, increasing */
} dt_quantiles;

typedef struct {
    /* data */
    char *data;          /* HDF5 file, or a list "a.h5,b.h5", a pattern "run_*.h5", or "@FILE" with
                          * such a name in each line: the rows of all count as those of one file.
                          * NULL: the bundled one, which the program finds */
    char *x, *y;         /* datasets in it, or "a,b", "table/column", "data[0:5]", "data[:,2]" */
    char *y_data;        /* the files that have y; NULL: those that have x */
    char *weights;       /* a dataset of one weight a row, in the files of y; NULL: all are 1 */
    int missing_y;       /* dt_missing_y: what becomes of NaN and fill values in y */
    char *ignore_label;  /* rows with this label do not count; NULL: none */
    bool transpose;      /* the datasets are stored [features, rows], as MATLAB writes them */
    int x_scale;         /* dt_x_scale */
    char *normalize;     /* "none", "standard", "minmax", or a file with datasets mean and std */
    char *normalize_y;   /* the same for targets that are numbers */
    int missing;         /* dt_missing: what becomes of NaN and fill values in x */
    int64_t window;      /* rows of x in a sample of a time series; 0: a sample is a row */
    int64_t horizon;     /* rows from the last of them to the row of y */
    int64_t stride;      /* rows from the beginning of a sample to that of the next */
    bool no_shuffle;     /* file order in every epoch */
    bool drop_last;      /* leave out a last batch that is not full */
    char *val_data;      /* files to validate on after every epoch; NULL: none */
    char *val_x, *val_y; /* datasets in them; NULL: as in data */
    char *val_y_data;    /* the files that have y to validate on; NULL: val_data */
    double val_last;     /* or this fraction of each file, its last rows; 0: none */
    char *val_fold;      /* or "K/N": part K, from 1, of N parts; NULL: none */
    double val_fraction; /* or the fraction of the rows that is held out for it; 0: none */
    int64_t memory;      /* bytes of the data that one rank may hold; 0: a fair part of the node */
    /* model */
    dt_widths hidden;       /* widths of the hidden layers; an empty list: a linear model */
    int activation;         /* dt_activation */
    bool layer_norm;        /* LayerNorm before each hidden activation */
    double dropout;         /* probability of dropout after each hidden activation */
    int loss;               /* dt_loss */
    dt_quantiles quantiles; /* of DT_LOSS_QUANTILE */
    char *class_weights;    /* "balanced", or "W,W,..."; NULL: all 1 */
    double label_smoothing; /* for cross-entropy */
    char *init_from;        /* file with /model; NULL: seeded initialisation */
    /* optimizer */
    int optimizer; /* dt_optim_kind */
    double lr, momentum, weight_decay, beta1, beta2, eps;
    bool lr_given; /* lr was set, so a resumed run uses it instead of the checkpoint's */
    bool nesterov;
    char *schedule;   /* "constant", "linear", "cosine" or "step:EVERY:FACTOR" */
    int64_t warmup;   /* steps */
    int64_t scale_lr; /* the batch size for which lr was chosen; 0: batch_size */
    double clip_norm; /* largest norm of the whole gradient; 0: no limit */
    /* run */
    int64_t epochs, max_steps; /* max_steps 0: no limit */
    int64_t max_time;          /* seconds from the start of the program; 0: no limit */
    int64_t patience;          /* epochs without a better validation loss; 0: no limit */
    int64_t batch_size;        /* samples in the global batch */
    int64_t seed;
    /* machine */
    int64_t threads; /* per rank; 0: the rank's share of the node */
    int bind;        /* dt_bind */
    int reduce;      /* dt_reduce */
    /* output */
    char *checkpoint;          /* folder of the checkpoints; NULL: none are written */
    dt_every checkpoint_every; /* interval; there is always a checkpoint at the end too */
    int64_t keep;              /* number of newest checkpoints to keep */
    bool resume;               /* continue from the newest undamaged checkpoint in the folder */
    bool overwrite;            /* first delete the run in the folder, and its log */
    char *log;                 /* file in JSON Lines format; NULL: none */
    int64_t log_steps;         /* log every Nth global step; 0: none */
    int64_t log_every;         /* print every Nth step of an epoch; 0: chosen automatically */
    int progress;              /* dt_progress */
    bool quiet;
} dt_train_options;

/* Set all options to their defaults. Not collective. The caller calls dt_train_options_free, also
 * after an error, which is DT_ERR_MEMORY. */
DT_API dt_code dt_train_options_init(dt_train_options *options, dt_error *err);

/* Set one option. Not collective.
 *   name   [in] the name on the command line, without dashes: "batch-size"
 *   value  [in] the value as text; for a flag NULL, "true" or "false"
 * An error (DT_ERR_USAGE or DT_ERR_MEMORY) leaves the field unchanged. The message of DT_ERR_USAGE
 * names the option and the expected values. */
DT_API dt_code dt_train_options_set(dt_train_options *options, const char *name, const char *value,
                                    dt_error *err);

/* Check options that depend on each other: for example, nesterov needs momentum. Not collective.
 * Returns DT_OK or DT_ERR_USAGE. */
DT_API dt_code dt_train_options_check(const dt_train_options *options, dt_error *err);

/* Free the texts and lists of the options. Not collective. */
DT_API void dt_train_options_free(dt_train_options *options);

#ifdef __cplusplus
}
#endif

#endif
