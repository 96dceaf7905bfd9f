/* What a run takes of a rank's memory, in bytes, before it is allocated: what does not fit would
 * otherwise be found out by the kernel's killer of processes. Not collective. */
#ifndef DT_TRAIN_FOOTPRINT_H
#define DT_TRAIN_FOOTPRINT_H

#include "model/model.h"
#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const dt_model *model;
    int ranks, threads;
    int numa_group;     /* ranks that have the weights together */
    int vectors;        /* of the optimizer, each as large as the weights */
    bool saves;         /* checkpoints, of which a copy is made first */
    bool several_nodes; /* so that what comes of other nodes' gradients has a place */
    int64_t batch_size; /* global */
    int64_t block;      /* samples of it that stay together; 0: none need to */
    bool collects;      /* a batch that comes in parts is kept whole */
    double data;        /* rows in memory, */
    double under_way;   /* and those that are sent from rank to rank */
} dt_footprint_facts;

typedef struct {
    double weights;     /* and gradient, optimizer's state, copies for checkpoints */
    double activations; /* of the rows that are computed with at a time */
    double data;        /* rows in memory, under way, and of the batch */
} dt_footprint;

dt_footprint dt_footprint_of(const dt_footprint_facts *facts);

/* DT_ERR_MEMORY, with the sizes, if that leaves too little of this part of a node. */
dt_code dt_footprint_check(const dt_footprint *footprint, const dt_model *model, int64_t part,
                           dt_error *err);

#endif
