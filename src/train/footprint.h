/* The memory that a run will take on a rank, in bytes, computed before it is allocated. A run that
 * does not fit would otherwise end in the kernel's OOM killer. Not collective. */
#ifndef DT_TRAIN_FOOTPRINT_H
#define DT_TRAIN_FOOTPRINT_H

#include "model/model.h"
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const dt_model *model;
    int ranks, threads;
    int numa_group;     /* number of ranks that share one copy of the weights */
    int vectors;        /* number of the optimizer's vectors, each as large as the weights */
    bool saves;         /* the run writes checkpoints, and copies the weights for them */
    bool several_nodes; /* gradients of other nodes are received into memory of their own */
    int64_t batch_size; /* global */
    int64_t block;      /* samples of a batch that stay on one rank together; 0: none need to */
    bool collects;      /* the parts of a batch are collected before they are computed with */
    double data;        /* bytes of the rows in memory */
    double under_way;   /* bytes of the rows that are being sent between ranks */
} dt_footprint_facts;

typedef struct {
    double weights;     /* weights, gradient, optimizer's state, copies for checkpoints */
    double activations; /* activations of the rows that are computed with at a time */
    double data;        /* rows in memory, rows under way, and the collected batch */
} dt_footprint;

/* Compute the footprint of a run. */
dt_footprint dt_footprint_of(const dt_footprint_facts *facts);

/* Check that the footprint leaves enough of a rank's part of the node's memory. DT_ERR_MEMORY
 * states the sizes.
 *   part  bytes */
dt_code dt_footprint_check(const dt_footprint *footprint, const dt_model *model, int64_t part,
                           dt_error *err);

#endif
