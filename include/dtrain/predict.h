/* Computes a trained model's output for every row of a data set. */
#ifndef DTRAIN_PREDICT_H
#define DTRAIN_PREDICT_H

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *model; /* checkpoint, or a folder of them: best.h5, else the newest */
    const char *data;  /* HDF5 files, as in dt_train_options */
    const char *x;     /* the inputs in them, as in dt_train_options; NULL: as in training */
    bool transpose;    /* the datasets are stored [features, rows] */
    const char *y;     /* path of the targets; not needed */
    const char *out;   /* HDF5 file that is made */
    int64_t threads;   /* per rank; 0: its share of the node */
    int bind;          /* dt_bind */
    /* Called on rank 0 for each warning about the data. NULL: no warnings. */
    void (*warn)(const char *text);
    /* If model is a folder, called on rank 0 with the path of the checkpoint. NULL: no call. */
    void (*chosen)(const char *checkpoint);
} dt_predict_options;

/* Write the dataset `prediction` [N,K] float32, in row order. With DT_LOSS_QUANTILE its columns are
 * the quantiles of the first target, those of the second, and so on; with DT_LOSS_GAUSSIAN_NLL mean
 * and standard deviation of each target. The attribute "columns" names them ("q0.1", "mean", or
 * "TARGET:q0.1" for several targets), and the targets of other losses where their names are known.
 * For a model of classes the K values are probabilities. A dataset `label` [N] int32 is then there
 * too, whose attribute "classes" has the names of the classes if the model has them. The file appears under its name only when it is
 * complete; after an error nothing is left, and an older file is untouched. Only a file that is
 * empty or has a dataset `prediction` is replaced. Prints nothing. Collective; the options must be
 * the same on every rank.
 *   options  [in] borrowed; model, data and out must not be NULL
 * Returns DT_OK, or the same error on every rank: DT_ERR_USAGE (out has another format's ending),
 * DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE (model and data do not fit each other), DT_ERR_MEMORY,
 * DT_ERR_SPACE. */
DT_API dt_code dt_predict(const dt_world *world, const dt_predict_options *options, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
