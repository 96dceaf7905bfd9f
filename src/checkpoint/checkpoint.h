/* Weights and the state of a run in HDF5 files (root attributes format, version, global_step,
 * epoch, step, seed, options; /model under PyTorch's names; /optimizer; /normalization with mean
 * and scale of the inputs, where these are normalised). Each dataset of numbers
 * carries an attribute "xxh3", the XXH3 hash (64 bits) of its bytes, and the file ends with a seal
 * over all of it (file/seal.h); both are checked when it is read. */
#ifndef DT_CHECKPOINT_H
#define DT_CHECKPOINT_H

#include "data/normalizer.h"
#include "model/model.h"
#include "optim/optim.h"
#include <dtrain/world.h>
#include <hdf5.h>
#include <stdio.h>

enum { DT_CHECKPOINT_VERSION = 1 };

typedef struct {
    const dt_model *model;
    const float *parameters; /* [P] */
    const dt_optimizer *optimizer;
    const dt_normalizer *normalizer;  /* of the inputs; NULL: none */
    int64_t global_step, epoch, step; /* epoch: completed ones; step: done in the one under way */
    int64_t seed;
    const char *options; /* JSON; "hidden", "activation" and "loss" describe the model */
} dt_checkpoint;

/* Make the folder, with those above it, if it is not there, and see that it can be written to:
 * before the training, not after it. Not collective. */
dt_code dt_checkpoint_prepare(const char *folder, dt_error *err);

/* Write folder/step-<global step>.h5, atomically. Not collective.
 *   path  [out] the file's path, which the caller frees; NULL after an error */
dt_code dt_checkpoint_write(const char *folder, const dt_checkpoint *checkpoint, char **path,
                            dt_error *err);

/* Read the weights of a model whose shape is known, from a checkpoint or any file with /model. Not
 * collective. DT_ERR_SHAPE names the tensor that differs; DT_ERR_DATA damage, or a value that is
 * not finite. parameters  [out] [P] */
dt_code dt_checkpoint_read_weights(const char *file, const dt_model *model, float *parameters,
                                   dt_error *err);

/* Read a checkpoint's model, shape and weights, and what it does to its inputs (NULL: nothing),
 * from an open file. Not collective. After an error what was made of model (zeroed by the caller),
 * parameters and normalizer (NULL before) is still the caller's to free. */
dt_code dt_checkpoint_read(hid_t file, const char *path, dt_model *model, float **parameters,
                           dt_normalizer **normalizer, dt_error *err);

/* The same for all: rank 0 reads, every rank gets it. Collective.
 *   model       [out] to be ended with dt_model_free
 *   parameters  [out] [P], to be freed; NULL after an error, which is the same on every rank
 *   normalizer  [out] to be destroyed; NULL if the inputs are taken as they are, and after an error
 */
dt_code dt_checkpoint_load(const dt_world *world, const char *file, dt_model *model,
                           float **parameters, dt_normalizer **normalizer, dt_error *err);

/* Whether an open HDF5 file says that it is a checkpoint. */
bool dt_checkpoint_is_one(hid_t file);

/* Its layers, parameters and options, where the run stood, and whether the checksums hold, in
 * words. Not collective. */
dt_code dt_checkpoint_describe(hid_t file, const char *path, FILE *to, dt_error *err);

#endif
