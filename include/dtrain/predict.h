/* A trained model's output for every row of a data set. */
#ifndef DTRAIN_PREDICT_H
#define DTRAIN_PREDICT_H

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *model; /* checkpoint, or a folder of them: best.h5, else the newest */
    const char *data;  /* HDF5 file */
    const char *x;     /* path of the inputs in it */
    const char *y;     /* path of the targets, which are not needed */
    const char *out;   /* HDF5 file to be made */
    int64_t threads;   /* per rank; 0: its share of the node */
    int bind;          /* dt_bind */
    /* Rank 0 calls it with what is odd about the data, a line a call. NULL: it is not said. */
    void (*warn)(const char *text);
    /* Rank 0 calls it with the path of the checkpoint where model is a folder. NULL: it is not said. */
    void (*chosen)(const char *checkpoint);
} dt_predict_options;

/* Write `prediction` [N,K] float32, in row order, and for a model of classes (its K outputs are
 * then probabilities) `label` [N] int32, with the classes' names, where the model has them, in its
 * attribute "classes". out appears under its name only when complete; on an error
 * nothing is left, and a file that was there before is untouched. Only a file that is empty or has
 * a dataset `prediction` is replaced. Prints nothing.
 * Collective; the options must be the same on every rank.
 *   options  [in] borrowed; model, data, x and out must not be NULL
 * Returns DT_OK, or the same error on every rank: DT_ERR_USAGE (out ends as another format),
 * DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE (model and data do not fit each other), DT_ERR_MEMORY,
 * DT_ERR_SPACE. */
DT_API dt_code dt_predict(const dt_world *world, const dt_predict_options *options, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
