/* All that a checkpoint holds of a run, in memory. Not collective. */
#ifndef DT_CHECKPOINT_SAVED_H
#define DT_CHECKPOINT_SAVED_H

#include "checkpoint/checkpoint.h"

typedef struct {
    char name[32];
    float *values; /* [P] */
} dt_saved_vector;

typedef struct {
    char *path; /* NULL: there is none */
    dt_model model;
    float *parameters;         /* [P] */
    dt_normalizer *normalizer; /* NULL: none */
    dt_schema schema;
    int n_vectors; /* of the optimizer's state */
    dt_saved_vector vector[DT_OPTIMIZER_VECTORS];
    int64_t optimizer_steps;
    bool is_edited; /* it is whole, but has numbers that no run has: which is an error */
    bool can_go_on; /* it has /run, so that the rest is known: */
    dt_run_progress progress;
    dt_run_data data;
    double *rounding; /* [n_rounding] see engine/scales.h; NULL: none */
    int64_t n_rounding;
    double lr;
    int64_t seed;
    char *options; /* JSON */
} dt_saved;

/* Read a checkpoint from an open file; everything with a checksum is checked. saved is to be ended
 * with dt_saved_free, also after an error. */
dt_code dt_saved_read(dt_saved *saved, hid_t file, const char *path, dt_error *err);

/* Read the checkpoint of the most steps in a folder that is good; saved->path is NULL where there
 * is no checkpoint of a step at all. Of each newer one that is damaged, bad is told what is wrong
 * with it. An error is one that the system does not let read, one that is whole but cannot be gone
 * on with (of another version, of another program, edited), and a folder where all are damaged. */
dt_code dt_saved_find(dt_saved *saved, const char *folder, void (*bad)(const char *text),
                      dt_error *err);

/* The values under a name, or NULL. */
const float *dt_saved_values(const dt_saved *saved, const char *name);

/* Free weights and optimizer's state, which take the most memory. */
void dt_saved_drop_values(dt_saved *saved);

void dt_saved_free(dt_saved *saved);

#endif
