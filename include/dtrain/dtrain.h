/* All headers of dtrain: distributed data-parallel training from HDF5 files. A program calls
 * dt_world_begin first and dt_world_end last. Between them it calls dt_train, dt_evaluate and
 * dt_predict in any order, on all ranks together. */
#ifndef DTRAIN_DTRAIN_H
#define DTRAIN_DTRAIN_H

#include <dtrain/convert.h>
#include <dtrain/evaluate.h>
#include <dtrain/info.h>
#include <dtrain/options.h>
#include <dtrain/predict.h>
#include <dtrain/scores.h>
#include <dtrain/status.h>
#include <dtrain/train.h>
#include <dtrain/version.h>
#include <dtrain/world.h>

#endif
