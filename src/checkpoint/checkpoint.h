/* Weights and the state of a run in HDF5 files (root attributes format, version, global_step,
 * epoch, step, seed, options; /model under PyTorch's names; /optimizer; /normalization with mean
 * and scale of the inputs, where these are normalised; /data, what inputs and outputs mean
 * (checkpoint/schema.h); /run, what a run that goes on needs besides). Each dataset of numbers
 * carries an attribute "xxh3", the XXH3 hash (64 bits) of its bytes, and the file ends with a footer
 * over all of it (file/footer.h); both are checked when it is read. */
#ifndef DT_CHECKPOINT_H
#define DT_CHECKPOINT_H

#include "data/normalizer.h"
#include "data/schema.h"
#include "file/output.h"
#include "model/model.h"
#include "optim/optim.h"
#include <dtrain/world.h>
#include <hdf5.h>
#include <stdio.h>

enum { DT_CHECKPOINT_VERSION = 1 };

/* How far a run has come. */
typedef struct {
    int64_t global_step;
    int64_t epoch, step;       /* completed epochs, with their validation; steps done in the next */
    int64_t samples;           /* seen in that one */
    double loss, weight;       /* the sums of their losses and of what these count */
    double best_loss;          /* the lowest of validation; INFINITY: there was none */
    int64_t best_epoch;        /* that it came after; 0: none */
    int64_t epochs_since_best; /* validated ones */
} dt_run_progress;

/* What the run is trained on, and how the epoch is cut into windows where it is streamed. */
typedef struct {
    int64_t samples, features, outputs;
    int64_t block_rows, window_blocks; /* 0: the data is in memory */
    int64_t seed_offset;               /* what the program that began the run adds to the seed */
} dt_run_data;

typedef struct {
    const dt_model *model;
    const float *parameters; /* [P] */
    const dt_optimizer *optimizer;
    const dt_normalizer *normalizer; /* of the inputs; NULL: none */
    const dt_schema *schema;         /* what inputs and outputs mean; NULL: not known */
    dt_run_progress progress;
    dt_run_data data;
    const double *scales; /* [n_scales] by which gradients are rounded (engine/scales.h) */
    int64_t n_scales;     /* 0: they are not */
    double lr;
    int64_t seed;
    const char *options;     /* JSON; "hidden", "activation" and "loss" describe the model */
    dt_output_reader reader; /* of the values */
} dt_checkpoint;

/* Write a file, atomically. Takes dt_h5_lock while it calls HDF5. Not collective.
 *   recycled  NULL, or a file in the same folder to write over (dt_output_create)
 *   layout  NULL, or all zero the first time: it is kept for the next checkpoint of the same run,
 *           of which the arrays are the same ones in memory, and only the progress and the values
 *           differ; to be ended with dt_checkpoint_close_layout */
dt_code dt_checkpoint_write(const char *path, const char *recycled, const dt_checkpoint *checkpoint,
                            dt_output *layout, dt_error *err);
void dt_checkpoint_close_layout(dt_output *layout);

/* Read the weights of a model whose shape is known, from a checkpoint or any file with /model. Not
 * collective. DT_ERR_SHAPE names the tensor that differs; DT_ERR_DATA damage, or a value that is
 * not finite.
 *   parameters  [out] [P] */
dt_code dt_checkpoint_read_weights(const char *file, const dt_model *model, float *parameters,
                                   dt_error *err);

/* Read a checkpoint's model, shape and weights, what it does to its inputs (NULL: nothing), and
 * what these and the outputs mean, from an open file. Not collective. After an error what was made
 * of model (zeroed by the caller), parameters and normalizer (NULL before) and schema (zeroed) is
 * still the caller's to free. */
dt_code dt_checkpoint_read(hid_t file, const char *path, dt_model *model, float **parameters,
                           dt_normalizer **normalizer, dt_schema *schema, dt_error *err);

/* The same for all: rank 0 reads, every rank gets it. Collective.
 *   path        rank 0's; NULL: it has none, and err on rank 0 says why
 *   model       [out] to be ended with dt_model_free
 *   parameters  [out] [P], to be freed; NULL after an error, which is the same on every rank
 *   normalizer  [out] to be destroyed; NULL if the inputs are taken as they are, and after an error
 *   schema      [out] rank 0 alone; all zero elsewhere, and after an error */
dt_code dt_checkpoint_load(const dt_world *world, const char *path, dt_model *model,
                           float **parameters, dt_normalizer **normalizer, dt_schema *schema,
                           dt_error *err);

/* Whether an open HDF5 file says that it is a checkpoint. */
bool dt_checkpoint_is_one(hid_t file);

/* Its layers, parameters and options, where the run stood, and whether the checksums hold, in
 * words. Not collective. */
dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err);

#endif
