/* Checkpoints: the weights and the state of a run in HDF5 files.
 *
 *   root attributes   format, version, global_step, epoch, step, seed, options
 *   /model            the weights, under PyTorch's names
 *   /optimizer        the optimizer's state
 *   /normalization    mean and scale of the inputs, if these are normalised
 *   /target_normalization  the same of the targets
 *   /data             the meaning of inputs and outputs (checkpoint/schema.h)
 *   /run              the rest of the state that a resumed run needs
 *
 * Each dataset of numbers has an attribute "xxh3", the XXH3 hash (64 bits) of its bytes. The file
 * ends with a footer of checksums over all of it (file/footer.h). Both are checked when the file is
 * read. */
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

/* The progress of a run. */
typedef struct {
    int64_t global_step;       /* completed steps of the run */
    int64_t epoch;             /* completed epochs, with their validation */
    int64_t step;              /* completed steps of the next epoch */
    int64_t samples;           /* samples in the steps of the next epoch */
    double loss, weight;       /* sums of the losses and of the weights of these samples */
    double best_loss;          /* the lowest validation loss; INFINITY: there was no validation */
    int64_t best_epoch;        /* the epoch that has it; 0: none */
    int64_t epochs_since_best; /* validated epochs after best_epoch */
} dt_run_progress;

/* The training data of a run, and the size of its windows if it is streamed. */
typedef struct {
    int64_t samples, features, outputs;
    int64_t block_rows, window_blocks; /* 0: the data is in memory */
    int64_t seed_offset; /* added to the seed; 0 unless an older program began the run */
} dt_run_data;

/* The contents of a checkpoint, to be written. Pointers are borrowed. */

typedef struct {
    const dt_model *model;
    const float *parameters; /* [P] */
    const dt_optimizer *optimizer;
    const dt_normalizer *normalizer;   /* of the inputs; NULL: none */
    const dt_normalizer *y_normalizer; /* of the targets; NULL: none */
    const dt_schema *schema;           /* the meaning of inputs and outputs; NULL: unknown */
    dt_run_progress progress;
    dt_run_data data;
    const double *rounding; /* [n_rounding] dt_scales.state (engine/scales.h) */
    int64_t n_rounding;     /* 0: gradients are not rounded */
    double lr;
    int64_t seed;
    const char *options;     /* JSON; "hidden", "activation" and "loss" describe the model */
    dt_output_reader reader; /* reads the values while they are written */
} dt_checkpoint;

/* Write a checkpoint: the file is complete or absent. Takes dt_h5_lock while it calls HDF5. Not
 * collective.
 *   recycled  NULL, or a file of the same folder to overwrite (dt_output_create)
 *   layout    NULL, or memory that keeps the layout for the next checkpoint of the run; it is all
 *             zero at the first one. All these checkpoints have the same arrays in memory; only
 *             progress and values differ. The caller calls dt_checkpoint_close_layout */
dt_code dt_checkpoint_write(const char *path, const char *recycled, const dt_checkpoint *checkpoint,
                            dt_output *layout, dt_error *err);
void dt_checkpoint_close_layout(dt_output *layout);

/* Read the weights of a model whose shape is known, from a checkpoint or any file with /model. Not
 * collective. DT_ERR_SHAPE names the tensor that differs. DT_ERR_DATA means that the file is
 * damaged or a value is not finite.
 *   parameters  [out] [P] */
dt_code dt_checkpoint_read_weights(const char *file, const dt_model *model, float *parameters,
                                   dt_error *err);

/* Read from an open checkpoint the model, its weights, the normalizers of its inputs and of
 * its targets (NULL: none), and the meaning of inputs and outputs. Not collective. Before the call,
 * model and schema are zero, parameters and normalizers NULL; the caller frees them, also after an
 * error. */
dt_code dt_checkpoint_read(hid_t file, const char *path, dt_model *model, float **parameters,
                           dt_normalizer **normalizer, dt_normalizer **y_normalizer,
                           dt_schema *schema, dt_error *err);

/* Return an option of the run that made a checkpoint, to be freed by the caller. NULL: it is not
 * known, or is not a text. Not collective. */
char *dt_checkpoint_option(const char *path, const char *name);

/* As dt_checkpoint_read, for all: rank 0 reads, every rank gets it. Collective.
 *   path        rank 0's; NULL: it has none, and err on rank 0 says why
 *   model       [out] to be ended with dt_model_free
 *   parameters  [out] [P], to be freed; NULL after an error, which is the same on every rank
 *   normalizer  [out] to be destroyed; NULL if inputs are not normalised, and after an error
 *   y_normalizer  [out] the same of the targets
 *   schema      [out] rank 0; all zero on other ranks, and after an error */
dt_code dt_checkpoint_load(const dt_world *world, const char *path, dt_model *model,
                           float **parameters, dt_normalizer **normalizer,
                           dt_normalizer **y_normalizer, dt_schema *schema, dt_error *err);

/* Return whether the attribute "format" says that an open HDF5 file is a checkpoint. Not
 * collective.
 */
bool dt_checkpoint_is_one(hid_t file);

/* Print a description of a checkpoint: its layers, parameters and options, the progress of its run,
 * and whether the checksums match. Not collective. */
dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err);

#endif
