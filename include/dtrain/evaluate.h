/* Measures a trained model on a data set. */
#ifndef DTRAIN_EVALUATE_H
#define DTRAIN_EVALUATE_H

#include <dtrain/options.h>
#include <dtrain/scores.h>
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *model;   /* checkpoint, or a folder of them: best.h5, else the newest */
    const char *data;    /* HDF5 files, as in dt_train_options */
    const char *x, *y;   /* the datasets in them, as in dt_train_options; NULL: as in training */
    const char *y_data;  /* the files that have y; NULL: those that have x */
    const char *weights; /* as in dt_train_options, as the next two; NULL: all are 1 */
    int missing_y;
    int missing; /* dt_missing, of x: an error, or the row is left out */
    const char *ignore_label;
    bool transpose;  /* the datasets are stored [features, rows] */
    int64_t threads; /* per rank; 0: its share of the node */
    int bind;        /* dt_bind */
    /* Rank 0 calls it for each warning about the data. NULL: no warnings. */
    void (*warn)(const char *text);
    /* If model is a folder, called on rank 0 with the path of the checkpoint. NULL: no call. */
    void (*chosen)(const char *checkpoint);
} dt_evaluate_options;

typedef dt_scores dt_evaluate_result;

/* Compute the scores of the model over all rows of the data set. If the data and the model have
 * names of columns and classes, they are matched by name. The scores have the same bits on any
 * number of ranks with the same kind of processor. Prints nothing. Collective; the options must be
 * the same on every rank.
 *   options  [in]  borrowed; model and data must not be NULL
 *   result   [out] the same on every rank; unspecified after an error
 * Returns DT_OK, or the same error on every rank: DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE (model and
 * data do not fit each other), DT_ERR_MEMORY. */
DT_API dt_code dt_evaluate(const dt_world *world, const dt_evaluate_options *options,
                           dt_evaluate_result *result, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
