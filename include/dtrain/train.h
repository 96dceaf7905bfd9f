/* Trains a model. */
#ifndef DTRAIN_TRAIN_H
#define DTRAIN_TRAIN_H

#include <dtrain/options.h>
#include <dtrain/status.h>
#include <dtrain/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Train on all ranks of the world together, from the first epoch to the last. Rank 0 prints the run
 * on its standard output, unless options->quiet, and writes the log and the checkpoints that the
 * options name. It restores the former state of the program at the end: the CPUs of its threads,
 * OpenMP's settings, signals, the environment, and HDF5's printing of errors. Collective; the
 * options must be the same on every rank.
 *   options  [in] borrowed; data must not be NULL
 * Returns DT_OK, or the same error on every rank, with the text of the lowest rank that failed:
 * DT_ERR_USAGE (options that do not go together), DT_ERR_FILE, DT_ERR_DATA, DT_ERR_SHAPE,
 * DT_ERR_MEMORY, DT_ERR_SPACE, or DT_ERR_NONFINITE naming epoch and step. */
DT_API dt_code dt_train(const dt_world *world, const dt_train_options *options, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
